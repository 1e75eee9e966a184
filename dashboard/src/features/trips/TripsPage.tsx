/** The trips of a day. */

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link, useSearchParams } from 'wouter';
import { type Column, DataTable } from '../../components/DataTable';
import { DayPicker } from '../../components/DayPicker';
import { Empty, notReadYet, Page } from '../../components/Page';
import { type Trip, tripsQuery } from '../../lib/api/list-trips';
import { useRoster, useTripNews, useVehicleName } from '../../lib/live/useLive';
import { dayBounds } from '../../lib/settings/days';
import { type Format, useFormat } from '../../lib/settings/format';
import { type Text, useText } from '../../lib/strings/strings';

export function TripsPage() {
  const t = useText();
  useTripNews();
  const format = useFormat();
  const [parameters, setParameters] = useSearchParams();
  const day = parameters.get('day') ?? format.dayKey(Date.now());
  const vehicleId = parameters.get('vehicle') ?? '';
  const status = statusOf(parameters.get('status'));
  const bounds = useMemo(() => dayBounds(day, format.timeZone), [day, format.timeZone]);
  const query = useQuery(tripsQuery({ ...bounds, vehicleId: vehicleId || undefined, status }));
  const roster = useRoster();
  const nameOf = useVehicleName();
  const set = (name: string, value: string) =>
    setParameters(
      (now) => {
        if (value) now.set(name, value);
        else now.delete(name);
        return now;
      },
      { replace: true },
    );

  const columns = useMemo(() => columnsOf(t, format, nameOf), [t, format, nameOf]);
  const trips = query.data ?? [];
  const totals = trips.filter((trip) => trip.status !== 'cancelled');
  return (
    <Page title={t.trips.title} isWide>
      <div className="toolbar">
        <DayPicker day={day} onDay={(value) => set('day', value)} />
        <select
          className="select"
          aria-label={t.trips.vehicle}
          value={vehicleId}
          onChange={({ target }) => set('vehicle', target.value)}
        >
          <option value="">{t.trips.anyVehicle}</option>
          {roster.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
        <select
          className="select"
          aria-label={t.trips.status}
          value={status ?? ''}
          onChange={({ target }) => set('status', target.value)}
        >
          <option value="">{t.trips.anyStatus}</option>
          <option value="started">{t.trips.underWay}</option>
          <option value="completed">{t.trips.completed}</option>
          <option value="cancelled">{t.trips.cancelled}</option>
        </select>
      </div>
      {notReadYet(query) ??
        (trips.length === 0 ? (
          <Empty icon="trips" title={t.trips.empty}>
            {t.trips.emptyHint}
          </Empty>
        ) : (
          <>
            <p className="zone-note">
              {t.trips.totals(totals.length)} · {format.distance(totals.reduce((sum, trip) => sum + trip.distance, 0))}{' '}
              · {format.minutes(totals.reduce((sum, trip) => sum + trip.moving_minutes, 0))}{' '}
              {t.trips.moving.toLowerCase()}
            </p>
            <DataTable label={t.trips.title} columns={columns} rows={trips} rowKey={({ id }) => id} sortedBy="-start" />
          </>
        ))}
    </Page>
  );
}

function columnsOf(t: Text, format: Format, nameOf: (id: string) => string): Column<Trip>[] {
  const at = (time: string | null) => (time ? format.moment(Date.parse(time)) : '');
  return [
    {
      key: 'vehicle',
      title: t.trips.vehicle,
      value: ({ vehicle_id }) => nameOf(vehicle_id),
      render: (trip) => <Link href={`/trips/${trip.id}`}>{nameOf(trip.vehicle_id)}</Link>,
    },
    {
      key: 'start',
      title: t.trips.start,
      value: ({ start_time }) => Date.parse(start_time),
      render: ({ start_time }) => at(start_time),
    },
    {
      key: 'end',
      title: t.trips.end,
      value: ({ end_time }) => (end_time ? Date.parse(end_time) : null),
      render: ({ end_time, status }) => (status === 'started' ? <TripStatus status={status} /> : at(end_time)),
    },
    {
      key: 'distance',
      title: t.trips.distance,
      isNumber: true,
      value: ({ distance }) => distance,
      render: ({ distance }) => format.distance(distance),
    },
    {
      key: 'duration',
      title: t.trips.duration,
      isNumber: true,
      value: ({ duration }) => duration,
      render: ({ duration }) => format.minutes(duration),
    },
    {
      key: 'idle',
      title: t.trips.idle,
      isNumber: true,
      value: ({ idle_minutes }) => idle_minutes,
      render: ({ idle_minutes }) => format.minutes(idle_minutes),
    },
    {
      key: 'top',
      title: t.trips.topSpeed,
      isNumber: true,
      value: ({ max_speed }) => max_speed,
      render: ({ max_speed }) => (max_speed === null ? '–' : format.speed(max_speed)),
    },
    {
      key: 'driver',
      title: t.trips.driver,
      isNumber: true,
      value: ({ driver_id }) => driver_id,
      render: ({ driver_id }) => (driver_id === null ? '–' : t.panel.driverNo(driver_id)),
    },
  ];
}

export function TripStatus({ status }: { status: Trip['status'] }) {
  const t = useText();
  const words = { started: t.trips.underWay, completed: t.trips.completed, cancelled: t.trips.cancelled };
  return (
    <span className="tag" data-tone={status === 'started' ? 'good' : status === 'cancelled' ? 'bad' : 'plain'}>
      {words[status]}
    </span>
  );
}

function statusOf(value: string | null): Trip['status'] | undefined {
  return value === 'started' || value === 'completed' || value === 'cancelled' ? value : undefined;
}
