/** One trip: its path coloured by speed, its figures, its speeds. */

import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { notReadYet, useTitle } from '../../components/Page';
import { SpeedLegend, TrackMapView } from '../../components/TrackMapView';
import { rulesQuery } from '../../lib/api/get-rules';
import { useLive, useTripNews, useVehicleName } from '../../lib/live/useLive';
import { readTheme } from '../../lib/map/theme';
import { SPEED_COLOURS, SPEED_STEPS } from '../../lib/map/track-style';
import { useTrackMap } from '../../lib/map/useTrackMap';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { indexAt, piecesBySpeed, poseAt, stopsOf, type TrackPoint } from '../../lib/track';
import { tripQuery } from './api/get-trip';
import { TripStatus } from './TripsPage';

const SpeedChart = lazy(() => import('../../components/SpeedChart'));
const DEFAULT_LIMIT_KMH = 80;
const NO_POINTS: TrackPoint[] = [];
const FORMATS = ['gpx', 'csv', 'kml', 'geojson'];

export function TripPage({ id }: { id: string }) {
  const t = useText();
  useTripNews();
  const format = useFormat();
  const query = useQuery(tripQuery(id));
  const { fleet } = useLive();
  const nameOf = useVehicleName();
  const { data: rules } = useQuery({ ...rulesQuery, retry: false });
  const [atMs, setAtMs] = useState<number | null>(null);
  const trip = query.data?.trip;
  const points = query.data?.points ?? NO_POINTS;
  const limitKmh =
    fleet.get(trip?.vehicle_id ?? '')?.speedLimitKmh ?? rules?.thresholds?.speed_limit_kmh ?? DEFAULT_LIMIT_KMH;
  const colours = SPEED_COLOURS[readTheme()];
  const label = trip ? nameOf(trip.vehicle_id) : '';
  useTitle(trip ? t.trips.trip(label) : t.trips.title);

  const pieces = useMemo(() => piecesBySpeed(points, limitKmh, SPEED_STEPS), [points, limitKmh]);
  const { map, canvas } = useTrackMap({
    onPath: (_, piece) => {
      const found = pieces[piece];
      if (found) setAtMs((points[Math.round((found.from + found.to) / 2)] as TrackPoint).atMs);
    },
  });
  const hasFitted = useRef(false);
  useEffect(() => {
    if (!map) return;
    map.setPaths(
      pieces.map(({ step, from, to }, piece) => ({
        path: 0,
        piece,
        colour: colours[step] ?? '#000000',
        places: points.slice(from, to + 1),
      })),
    );
    map.setStops(stopsOf(points));
    if (points.length > 0 && !hasFitted.current) map.fit(points, false);
    hasFitted.current = points.length > 0;
  }, [map, pieces, points, colours]);

  const momentMs = atMs ?? points.at(-1)?.atMs ?? null;
  useEffect(() => {
    const pose = momentMs === null ? null : poseAt(points, momentMs);
    if (map && pose) map.setMarkers([{ ...pose, id, label, colour: colours[2] ?? '', isHollow: pose.isSilent }]);
  }, [map, points, momentMs, id, label, colours]);

  const waiting = notReadYet(query);
  const series = useMemo(() => [{ label, colour: colours[2] ?? '', points }], [label, colours, points]);
  if (waiting || !trip) return <div className="sheet-page">{waiting}</div>;
  const first = points[0];
  const last = points.at(-1);
  const current = momentMs === null ? undefined : points[indexAt(points, momentMs)];
  return (
    <div className="track-page">
      <aside className="track-panel">
        <Link href="/trips" className="back-link">
          ← {t.trips.back}
        </Link>
        <h1>{t.trips.trip(label)}</h1>
        <p>
          <TripStatus status={trip.status} />
        </p>
        <dl className="facts">
          <Fact name={t.trips.start}>{format.moment(Date.parse(trip.start_time))}</Fact>
          <Fact name={t.trips.end}>{trip.end_time ? format.moment(Date.parse(trip.end_time)) : t.trips.underWay}</Fact>
          <Fact name={t.trips.distance}>{format.distance(trip.distance)}</Fact>
          <Fact name={t.trips.duration}>{format.minutes(trip.duration)}</Fact>
          <Fact name={t.trips.moving}>{format.minutes(trip.moving_minutes)}</Fact>
          <Fact name={t.trips.idle}>{format.minutes(trip.idle_minutes)}</Fact>
          <Fact name={t.trips.topSpeed}>{trip.max_speed === null ? null : format.speed(trip.max_speed)}</Fact>
          <Fact name={t.trips.fuel}>
            {trip.fuel_l === null
              ? null
              : `${format.number(trip.fuel_l, 1)} l, ${trip.fuel_source === 'measured' ? t.trips.measured : t.trips.estimated}`}
          </Fact>
          <Fact name={t.trips.driver}>{trip.driver_id === null ? null : t.panel.driverNo(trip.driver_id)}</Fact>
        </dl>
        <p className="zone-note">{t.common.timesIn(format.zone(Date.parse(trip.start_time)))}</p>
        <Link
          className="button"
          href={`/history?vehicle=${encodeURIComponent(trip.vehicle_id)}&day=${format.dayKey(Date.parse(trip.start_time))}&at=${Date.parse(trip.start_time)}`}
        >
          {t.trips.replay}
        </Link>
        <p className="downloads">
          <span className="muted">{t.trips.download}</span>
          {FORMATS.map((name) => (
            <a key={name} href={`/api/v1/trips/${encodeURIComponent(id)}/path?format=${name}`} download>
              {name.toUpperCase()}
            </a>
          ))}
        </p>
      </aside>
      <div className="track-main">
        <TrackMapView canvas={canvas} label={t.trips.path} onFit={() => map?.fit()}>
          <SpeedLegend colours={colours} limitText={format.speed(limitKmh)} />
        </TrackMapView>
        {first && last ? (
          <section className="track-foot" aria-label={t.trips.speed}>
            <Suspense fallback={<div className="chart" aria-busy="true" />}>
              <SpeedChart label={t.trips.speed} series={series} limitKmh={limitKmh} atMs={momentMs} onSeek={setAtMs} />
            </Suspense>
            <input
              type="range"
              className="seek"
              aria-label={t.history.seek}
              aria-valuetext={momentMs === null ? '' : format.clockSeconds(momentMs)}
              min={first.atMs}
              max={last.atMs}
              step={1_000}
              value={momentMs ?? last.atMs}
              onChange={({ target }) => setAtMs(Number(target.value))}
            />
            <p className="seek-text">
              {momentMs === null ? '' : format.clockSeconds(momentMs)}
              {current?.speedKmh == null ? '' : ` · ${format.speed(current.speedKmh)}`}
            </p>
          </section>
        ) : null}
      </div>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (children === null) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
