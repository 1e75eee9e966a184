/** The whole fleet at a past moment: where each vehicle was, on the map and in a list. */

import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { Field } from '../../components/Field';
import { textOf } from '../../components/Form';
import { Empty, Problem, useTitle } from '../../components/Page';
import { TrackMapView } from '../../components/TrackMapView';
import { useLive, useRoster } from '../../lib/live/useLive';
import { PALETTES } from '../../lib/map/palette';
import { readTheme } from '../../lib/map/theme';
import { useTrackMap } from '../../lib/map/useTrackMap';
import { dayStartMs } from '../../lib/settings/days';
import { useFormat } from '../../lib/settings/format';
import { statusGroup } from '../../lib/status';
import { useText } from '../../lib/strings/strings';
import type { TrackPoint } from '../../lib/track';
import { fleetThenQuery } from './api/list-fleet-then';

const MINUTE_MS = 60_000;

export function FleetThen({ atMs, onMoment }: { atMs: number; onMoment: (atMs: number) => void }) {
  const t = useText();
  useTitle(t.history.fleet);
  const format = useFormat();
  const { fleet } = useLive();
  const roster = useRoster();
  const [read, setRead] = useState(0);
  const query = useQuery(fleetThenQuery(atMs, setRead));
  const { map, canvas } = useTrackMap({});
  const { stale, status } = PALETTES[readTheme()];

  const rows = useMemo(() => {
    const found = roster.map((vehicle) => ({ vehicle, place: query.data?.get(vehicle.id) }));
    return found.sort((a, b) => Number(b.place !== undefined) - Number(a.place !== undefined));
  }, [roster, query.data]);
  useEffect(() => {
    if (!map || !query.data) return;
    const markers = rows.flatMap(({ vehicle: { id, label, status: word }, place }) => {
      if (!place) return [];
      const isHollow = atMs - place.atMs > fleet.offlineAfterMs;
      return [{ ...place, id, label, colour: isHollow ? stale : status[statusGroup(word)], isHollow }];
    });
    map.setMarkers(markers);
    map.fit(markers, false);
  }, [map, query.data, rows, fleet, atMs, stale, status]);

  function show(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const [hour = 0, minute = 0] = (textOf(data, 'time') ?? '').split(':').map(Number);
    const day = textOf(data, 'day');
    // On a day with a change of clocks, the hour after it is meant as it is counted.
    if (day) onMoment(dayStartMs(day, format.timeZone) + (hour * 60 + minute) * MINUTE_MS);
  }
  return (
    <div className="track-page">
      <aside className="track-panel">
        <h1>{t.history.fleet}</h1>
        <form className="form" onSubmit={show}>
          <div className="form-row">
            <Field label={t.common.day} name="day" type="date" required defaultValue={format.dayKey(atMs)} />
            <Field label={t.history.time} name="time" type="time" required defaultValue={format.clock(atMs)} />
          </div>
          <div className="form-actions">
            <Link href="/history" className="button">
              {t.history.single}
            </Link>
            <button type="submit" className="button button-primary">
              {t.history.showThen}
            </button>
          </div>
        </form>
        <p className="muted" role="status">
          {query.isFetching ? t.history.readingFleet(read, roster.length) : t.common.timesIn(format.zone(atMs))}
        </p>
        <ul className="stop-list" aria-label={t.history.vehicles}>
          {rows.map(({ vehicle: { id, label }, place }) => (
            <li key={id} data-vehicle-id={id} data-latitude={place?.latitude} data-longitude={place?.longitude}>
              <Link href={`/history?vehicle=${encodeURIComponent(id)}&day=${format.dayKey(atMs)}&at=${atMs}`}>
                {label}: {place ? placeText(place) : t.history.noPlaceThen}
              </Link>
            </li>
          ))}
        </ul>
      </aside>
      <div className="track-main">
        <TrackMapView canvas={canvas} label={t.history.fleet} onFit={() => map?.fit([...(query.data?.values() ?? [])])}>
          {query.error ? (
            <div className="map-note">
              <Problem error={query.error} onRetry={() => void query.refetch()} />
            </div>
          ) : query.data?.size === 0 ? (
            <div className="map-note">
              <Empty icon="history" title={t.history.emptyThen}>
                {t.history.emptyThenHint}
              </Empty>
            </div>
          ) : null}
        </TrackMapView>
      </div>
    </div>
  );

  function placeText({ atMs: seenMs, speedKmh }: TrackPoint): string {
    const isOld = atMs - seenMs > fleet.offlineAfterMs;
    if (isOld) return t.freshness.since(format.clock(seenMs));
    return speedKmh === null ? format.clock(seenMs) : format.speed(speedKmh);
  }
}
