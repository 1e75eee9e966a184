/** A day of up to five vehicles, replayed at 1 to 1,000 times real time. */

import { useQueries, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef } from 'react';
import { Link, useSearchParams } from 'wouter';
import { DayPicker } from '../../components/DayPicker';
import { Icon } from '../../components/Icon';
import { Empty, Problem, useTitle } from '../../components/Page';
import { SpeedLegend, TrackMapView } from '../../components/TrackMapView';
import { rulesQuery } from '../../lib/api/get-rules';
import { MAX_POINTS } from '../../lib/api/list-positions';
import { useRoster, useVehicleName } from '../../lib/live/useLive';
import { readTheme } from '../../lib/map/theme';
import { SPEED_COLOURS, SPEED_STEPS, TRACK_COLOURS } from '../../lib/map/track-style';
import { useTrackMap } from '../../lib/map/useTrackMap';
import { dayBounds } from '../../lib/settings/days';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { piecesBySpeed, poseAt, stopsOf, type TrackPoint } from '../../lib/track';
import { positionsQuery, progressQuery } from './api/list-day';
import { FleetThen } from './FleetThen';
import { SPEEDS, useReplay } from './replay';
import { Timeline } from './Timeline';

const SpeedChart = lazy(() => import('../../components/SpeedChart'));
const MAX_VEHICLES = 5;
const DEFAULT_LIMIT_KMH = 80;
const HOUR_MS = 3_600_000;

export function HistoryPage() {
  const t = useText();
  const format = useFormat();
  const [parameters, setParameters] = useSearchParams();
  const today = format.dayKey(Date.now());
  const day = parameters.get('day') ?? today;
  const picked = useMemo(() => (parameters.get('vehicle') ?? '').split(',').filter(Boolean), [parameters]);
  const bounds = useMemo(() => {
    const { fromMs, toMs } = dayBounds(day, format.timeZone);
    return { fromMs, toMs: Math.min(toMs, Date.now()) };
  }, [day, format.timeZone]);
  const change = (values: Record<string, string>) =>
    setParameters(
      (now) => {
        now.delete('at');
        for (const [name, value] of Object.entries(values)) now.set(name, value);
        return now;
      },
      { replace: true },
    );
  const beginMs = Number(parameters.get('at')) || null;
  if (parameters.has('fleet')) {
    const atMs = beginMs ?? startOfMinute(Date.now() - HOUR_MS);
    const onMoment = (moment: number) => setParameters({ fleet: '', at: String(moment) }, { replace: true });
    return <FleetThen key={atMs} atMs={atMs} onMoment={onMoment} />;
  }
  return (
    <History
      key={`${day} ${picked.join(',')}`}
      t={t}
      day={day}
      picked={picked}
      bounds={bounds}
      beginMs={beginMs}
      onDay={(value) => change({ day: value })}
      onPick={(ids) => change({ vehicle: ids.join(','), day })}
    />
  );
}

const startOfMinute = (atMs: number) => atMs - (atMs % 60_000);

interface Props {
  t: ReturnType<typeof useText>;
  day: string;
  picked: string[];
  bounds: { fromMs: number; toMs: number };
  beginMs: number | null;
  onDay: (day: string) => void;
  onPick: (ids: string[]) => void;
}

function History({ t, day, picked, bounds, beginMs, onDay, onPick }: Props) {
  useTitle(t.history.title);
  const format = useFormat();
  const roster = useRoster();
  const nameOf = useVehicleName();
  const theme = readTheme();
  const colours = TRACK_COLOURS[theme];
  const { data: rules } = useQuery({ ...rulesQuery, retry: false });
  const limitKmh = rules?.thresholds?.speed_limit_kmh ?? DEFAULT_LIMIT_KMH;

  const readings = useQueries({ queries: picked.map((id) => positionsQuery(id, day, bounds.fromMs, bounds.toMs)) });
  const version = readings.map(({ dataUpdatedAt }) => dataUpdatedAt).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version changes with what was read
  const tracks = useMemo(
    () => picked.map((id, index) => ({ id, points: readings[index]?.data?.points ?? ([] as TrackPoint[]) })),
    [picked, version],
  );
  const all = tracks.filter(({ points }) => points.length > 0);
  const firstMs = Math.min(...all.map(({ points }) => (points[0] as TrackPoint).atMs));
  const isReading = readings.some(({ isPending }) => isPending);
  const failure = readings.find(({ error }) => error);
  const { data: count } = useQuery(progressQuery);

  const { map, canvas } = useTrackMap({
    onPath: (path, piece) => {
      const track = tracks[path];
      const found = track && piecesOf(track.points)[piece];
      if (track && found) replay.seek((track.points[found.from] as TrackPoint).atMs);
    },
  });
  const piecesOf = useCallback((points: TrackPoint[]) => piecesBySpeed(points, limitKmh, SPEED_STEPS), [limitKmh]);
  const isRunning = useRef(false);
  const drawMarkers = useCallback(
    (atMs: number) => {
      if (!map) return;
      const poses = tracks.flatMap(({ id, points }, index) => {
        const pose = poseAt(points, atMs);
        return pose
          ? [{ ...pose, id, label: nameOf(id), colour: colours[index] ?? '#000000', isHollow: pose.isSilent }]
          : [];
      });
      map.setMarkers(poses);
      // A whole day is in sight at first; the map follows while time runs.
      if (isRunning.current && poses.length === 1 && poses[0]) map.keepInView(poses[0]);
    },
    [map, tracks, nameOf, colours],
  );
  const replay = useReplay(bounds.fromMs, bounds.toMs, beginMs ?? bounds.fromMs, drawMarkers);

  useEffect(() => {
    isRunning.current = replay.isPlaying;
  }, [replay.isPlaying]);

  // Without a moment in the address the replay begins with the first position of the day.
  const hasBegun = useRef(beginMs !== null);
  useEffect(() => {
    if (hasBegun.current || !Number.isFinite(firstMs) || isReading) return;
    hasBegun.current = true;
    replay.seek(firstMs);
  }, [firstMs, isReading, replay]);

  useEffect(() => {
    if (!map) return;
    const isAlone = tracks.length === 1;
    map.setPaths(
      tracks.flatMap(({ points }, path) =>
        piecesOf(points).map(({ step, from, to }, piece) => ({
          path,
          piece,
          colour: (isAlone ? SPEED_COLOURS[theme][step] : colours[path]) ?? '#000000',
          places: points.slice(from, to + 1),
        })),
      ),
    );
    map.setStops(tracks.flatMap(({ points }) => stopsOf(points)));
    const places = tracks.flatMap(({ points }) => points);
    if (places.length > 0) map.fit(places, false);
  }, [map, tracks, piecesOf, colours, theme]);
  useEffect(() => drawMarkers(replay.atMs), [drawMarkers, replay.atMs]);

  const series = useMemo(
    () => tracks.map(({ id, points }, index) => ({ label: nameOf(id), colour: colours[index] ?? '', points })),
    [tracks, nameOf, colours],
  );
  const stops = useMemo(
    () => tracks.flatMap(({ id, points }) => stopsOf(points).map((stop) => ({ ...stop, id }))),
    [tracks],
  );
  const free = roster.filter(({ id }) => !picked.includes(id));
  return (
    <div className="track-page">
      <aside className="track-panel">
        <h1>{t.history.title}</h1>
        <DayPicker day={day} onDay={onDay} />
        <Link href={`/history?fleet=&at=${Math.round(replay.atMs)}`} className="button button-small">
          {t.history.fleet}
        </Link>
        <ul className="vehicle-picks" aria-label={t.history.vehicles}>
          {tracks.map(({ id, points }, index) => {
            const pose = poseAt(points, replay.atMs);
            return (
              <li key={id}>
                <span className="swatch" style={{ background: colours[index] }} />
                <span className="name">{nameOf(id)}</span>
                <small>
                  {!pose || pose.isSilent
                    ? t.history.noPlace
                    : pose.speedKmh === null
                      ? '–'
                      : format.speed(pose.speedKmh)}
                </small>
                <button
                  type="button"
                  className="icon-button"
                  aria-label={`${t.common.remove}: ${nameOf(id)}`}
                  onClick={() => onPick(picked.filter((each) => each !== id))}
                >
                  <Icon name="close" size={16} />
                </button>
              </li>
            );
          })}
        </ul>
        {picked.length < MAX_VEHICLES ? (
          <select
            className="select"
            aria-label={t.history.choose}
            value=""
            onChange={({ target }) => target.value && onPick([...picked, target.value])}
          >
            <option value="">{t.history.add}</option>
            {free.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
        ) : (
          <p className="muted">{t.history.tooMany}</p>
        )}
        {isReading ? (
          <p className="muted" role="status">
            {t.history.reading(count ?? 0)}
          </p>
        ) : null}
        {readings.some(({ data }) => data?.isCapped) ? <p className="muted">{t.history.capped(MAX_POINTS)}</p> : null}
        {stops.length > 0 ? (
          <section>
            <h2>{t.history.stops}</h2>
            <ul className="stop-list">
              {stops.map((stop) => (
                <li key={`${stop.id} ${stop.fromMs}`}>
                  <button type="button" onClick={() => replay.seek(stop.fromMs)}>
                    {tracks.length > 1 ? `${nameOf(stop.id)}: ` : ''}
                    {t.history.stopFor(format.minutes((stop.toMs - stop.fromMs) / 60_000), format.clock(stop.fromMs))}
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ) : all.length > 0 ? (
          <p className="muted">{t.history.noStops}</p>
        ) : null}
      </aside>
      <div className="track-main">
        <TrackMapView canvas={canvas} label={t.trips.path} onFit={() => map?.fit()}>
          {tracks.length === 1 && all.length > 0 ? (
            <SpeedLegend colours={SPEED_COLOURS[theme]} limitText={format.speed(limitKmh)} />
          ) : null}
          {failure?.error ? (
            <div className="map-note">
              <Problem error={failure.error} onRetry={() => void failure.refetch()} />
            </div>
          ) : picked.length === 0 ? (
            <div className="map-note">
              <Empty icon="history" title={t.history.choose} />
            </div>
          ) : !isReading && all.length === 0 ? (
            <div className="map-note">
              <Empty icon="history" title={t.history.empty}>
                {t.history.emptyHint}
              </Empty>
            </div>
          ) : null}
        </TrackMapView>
        {all.length > 0 ? (
          <section className="track-foot" aria-label={t.history.timeline}>
            <div className="replay">
              <button type="button" className="button button-primary" onClick={() => replay.play(!replay.isPlaying)}>
                <Icon name={replay.isPlaying ? 'pause' : 'play'} size={18} />
                {replay.isPlaying ? t.history.pause : t.history.play}
              </button>
              <span className="clock">{format.clockSeconds(replay.atMs)}</span>
              <span className="spacer" />
              <fieldset className="speeds">
                <legend className="visually-hidden">{t.history.speed}</legend>
                {SPEEDS.map((speed) => (
                  <button
                    key={speed}
                    type="button"
                    className="button button-small"
                    aria-pressed={replay.speed === speed}
                    onClick={() => replay.setSpeed(speed)}
                  >
                    {format.number(speed)}×
                  </button>
                ))}
              </fieldset>
            </div>
            <input
              type="range"
              className="seek"
              aria-label={t.history.seek}
              aria-valuetext={format.clockSeconds(replay.atMs)}
              min={bounds.fromMs}
              max={bounds.toMs}
              step={1_000}
              value={Math.round(replay.atMs)}
              onChange={({ target }) => replay.seek(Number(target.value))}
            />
            <Timeline tracks={tracks} colours={colours} fromMs={bounds.fromMs} toMs={bounds.toMs} atMs={replay.atMs} />
            <Suspense fallback={<div className="chart" aria-busy="true" />}>
              <SpeedChart
                label={t.history.speedChart}
                series={series}
                limitKmh={limitKmh}
                atMs={replay.atMs}
                onSeek={replay.seek}
              />
            </Suspense>
          </section>
        ) : null}
      </div>
    </div>
  );
}
