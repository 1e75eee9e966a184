/** Everything known of the selected vehicle: now, its trips today, its alerts. */

import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import { Link } from 'wouter';
import { Freshness } from '../../components/Freshness';
import { Icon } from '../../components/Icon';
import { StatusSign } from '../../components/StatusSign';
import { alertsQuery } from '../../lib/api/list-alerts';
import { tripsQuery } from '../../lib/api/list-trips';
import { kindOf } from '../../lib/kinds';
import type { LiveVehicle } from '../../lib/live/fleet';
import { useTripNews } from '../../lib/live/useLive';
import { dayBounds } from '../../lib/settings/days';
import { useFormat } from '../../lib/settings/format';
import { statusGroup, statusText } from '../../lib/status';
import { useText } from '../../lib/strings/strings';
import type { Freshness as State } from '../../lib/time/freshness';

interface Props {
  vehicle: LiveVehicle;
  freshness: State;
  nowMs: number;
  isFollowed: boolean;
  onCentre: () => void;
  onFollow: (isFollowed: boolean) => void;
  /** Absent for viewers that may not share it. */
  onShare?: (() => void) | undefined;
  onClose: () => void;
}

export function VehiclePanel({ vehicle, freshness, nowMs, isFollowed, onCentre, onFollow, onShare, onClose }: Props) {
  const t = useText();
  useTripNews();
  const format = useFormat();
  const { fix } = vehicle;
  const day = format.dayKey(nowMs);
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus moves when another vehicle is selected
  useEffect(() => heading.current?.focus({ preventScroll: true }), [vehicle.id]);

  return (
    <section className="details" aria-label={t.panel.details(vehicle.label)} data-freshness={freshness}>
      <header>
        <StatusSign status={vehicle.status} kind={vehicle.kind} isStale={freshness !== 'live'} />
        <div className="details-title">
          <h2 ref={heading} tabIndex={-1}>
            {vehicle.label}
          </h2>
          <p className="details-status" data-group={statusGroup(vehicle.status)}>
            {statusText(vehicle.status)}
          </p>
        </div>
        <button type="button" className="icon-button" aria-label={t.panel.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <p className="details-fresh" data-freshness={freshness}>
        <span className="fresh-dot" aria-hidden="true" />
        {freshness === 'live' ? `${t.freshness.live} · ` : ''}
        <Freshness state={freshness} atMs={fix?.atMs ?? null} nowMs={nowMs} offDutyMs={vehicle.offDutyMs} />
      </p>
      {fix && freshness === 'live' ? (
        <div className="details-now">
          <p className="details-speed">
            <strong>{format.speed(fix.speedKmh).split(' ')[0]}</strong> {format.speedUnit}
          </p>
          {fix.headingDeg === null ? null : (
            <p className="details-heading">
              <svg
                viewBox="0 0 24 24"
                width="22"
                height="22"
                aria-hidden="true"
                style={{ transform: `rotate(${fix.headingDeg}deg)` }}
              >
                <path d="M12 3l6 17-6-4-6 4z" />
              </svg>
              {t.panel.compass[Math.round(fix.headingDeg / 45) % 8]}
            </p>
          )}
        </div>
      ) : null}
      {fix ? (
        <div className="details-actions">
          <button type="button" className="button" onClick={onCentre}>
            <Icon name="target" size={18} /> {t.map.centre}
          </button>
          <button type="button" className="button" aria-pressed={isFollowed} onClick={() => onFollow(!isFollowed)}>
            {isFollowed ? t.map.following : t.map.follow}
          </button>
          <Link href={`/history?vehicle=${encodeURIComponent(vehicle.id)}&day=${day}`} className="button">
            <Icon name="history" size={18} /> {t.panel.history}
          </Link>
          {onShare ? (
            <button type="button" className="button" onClick={onShare}>
              <Icon name="link" size={18} /> {t.sharing.share}
            </button>
          ) : null}
        </div>
      ) : null}
      <dl>
        <Item name={t.panel.route} value={vehicle.route} />
        <Item name={t.panel.plate} value={vehicle.plate} />
        <Item name={t.panel.kind} value={vehicle.kind ? t.kinds[kindOf(vehicle.kind)].one : ''} />
        <Item name={t.panel.driver} value={vehicle.driverId === null ? '' : t.panel.driverNo(vehicle.driverId)} />
        <Item name={t.panel.limit} value={vehicle.speedLimitKmh === null ? '' : format.speed(vehicle.speedLimitKmh)} />
        <Item name={t.panel.updated} value={fix ? `${format.clockSeconds(fix.atMs)} ${format.zone(fix.atMs)}` : ''} />
        <Item name={t.panel.position} value={fix ? `${fix.latitude.toFixed(5)}, ${fix.longitude.toFixed(5)}` : ''} />
        <Item name={t.panel.id} value={vehicle.id} />
      </dl>
      <TripsToday vehicleId={vehicle.id} day={day} />
      <Alerts vehicleId={vehicle.id} nowMs={nowMs} />
    </section>
  );
}

function TripsToday({ vehicleId, day }: { vehicleId: string; day: string }) {
  const t = useText();
  const format = useFormat();
  const { data: trips, error } = useQuery(tripsQuery({ ...dayBounds(day, format.timeZone), vehicleId }));
  return (
    <Section title={t.panel.trips} count={trips?.length}>
      {error ? <p className="details-none">{error.message}</p> : null}
      {trips?.length === 0 ? <p className="details-none">{t.panel.noTrips}</p> : null}
      <ul className="details-list">
        {(trips ?? []).map((trip) => (
          <li key={trip.id}>
            <Link href={`/trips/${trip.id}`}>
              <span>
                {format.clock(Date.parse(trip.start_time))}–
                {trip.end_time ? format.clock(Date.parse(trip.end_time)) : t.trips.underWay}
              </span>
              <span>
                {format.distance(trip.distance)} · {format.minutes(trip.duration)}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Alerts({ vehicleId, nowMs }: { vehicleId: string; nowMs: number }) {
  const t = useText();
  const format = useFormat();
  const { data } = useInfiniteQuery(alertsQuery);
  const alerts = useMemo(
    () => data?.pages.flatMap(({ items }) => items).filter(({ vehicle_id }) => vehicle_id === vehicleId),
    [data, vehicleId],
  );
  return (
    <Section title={t.panel.alerts} count={alerts?.length}>
      {alerts?.length === 0 ? <p className="details-none">{t.panel.noAlerts}</p> : null}
      <ul className="details-list">
        {(alerts ?? []).slice(0, 20).map((alert) => (
          <li key={alert.id}>
            <Link href={`/alerts?vehicle=${encodeURIComponent(vehicleId)}`}>
              <span>
                <span className="severity" data-severity={alert.severity}>
                  {t.alerts.severity[alert.severity]}
                </span>
                {alert.title}
              </span>
              <span>{format.moment(Date.parse(alert.timestamp), nowMs)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Section({ title, count, children }: { title: string; count: number | undefined; children: ReactNode }) {
  return (
    <section className="details-section">
      <h3>
        {title}
        {count ? <span className="details-count">{count}</span> : null}
      </h3>
      {children}
    </section>
  );
}

function Item({ name, value }: { name: string; value: string }) {
  if (!value) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd title={value}>{value}</dd>
    </div>
  );
}
