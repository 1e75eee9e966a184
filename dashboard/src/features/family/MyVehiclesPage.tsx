/** The vehicles that a parent, driver or rider may see: where each is, and how old that is. Words first, then the map. */

import { useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { Freshness } from '../../components/Freshness';
import { Empty, useTitle } from '../../components/Page';
import { StatusSign } from '../../components/StatusSign';
import { TrackMapView } from '../../components/TrackMapView';
import type { Me } from '../../lib/api/get-me';
import { commonKind } from '../../lib/kinds';
import { sortVehicles } from '../../lib/live/search';
import { useLive, useLiveStatus, useVehicles } from '../../lib/live/useLive';
import { useTrackMap } from '../../lib/map/useTrackMap';
import { useFormat } from '../../lib/settings/format';
import { statusText } from '../../lib/status';
import { useText } from '../../lib/strings/strings';
import { useNow } from '../../lib/time/useNow';

export function MyVehiclesPage({ me }: { me: Me }) {
  const t = useText();
  const format = useFormat();
  const nowMs = useNow();
  const { fleet } = useLive();
  const { isListed, connection } = useLiveStatus();
  const vehicles = useVehicles(fleet, sortVehicles);
  const [shownId, setShownId] = useState<string | null>(null);
  const kind = useMemo(() => commonKind(vehicles.map((each) => each.kind)), [vehicles]);
  const title = me.role === 'parent' && kind === 'bus' ? t.family.bus : t.family.title;
  useTitle(title);
  const { map, canvas } = useTrackMap();
  const hasFitted = useRef(false);
  useEffect(() => {
    if (!map) return;
    map.setMarkers(
      vehicles.flatMap((vehicle) => {
        const isHollow = fleet.freshness(vehicle, nowMs) !== 'live';
        const { id, label, fix } = vehicle;
        return fix ? [{ ...fix, id, label, colour: 'var(--service)', isHollow }] : [];
      }),
    );
    const places = vehicles.flatMap(({ fix }) => (fix ? [fix] : []));
    if (places.length > 0 && !hasFitted.current) {
      hasFitted.current = true;
      map.fit(places, false);
    }
    const shown = shownId === null ? null : fleet.get(shownId)?.fix;
    if (shown) map.keepInView(shown);
  }, [map, vehicles, fleet, nowMs, shownId]);

  const isKnown = isListed || vehicles.length > 0;
  if (isKnown && connection === 'connected' && vehicles.length === 0) {
    return (
      <div className="sheet-page">
        <h1 className="visually-hidden">{title}</h1>
        <Empty icon="bus" title={t.family.none}>
          {t.family.noneHint}
        </Empty>
      </div>
    );
  }
  return (
    <div className="track-page family">
      <section className="track-panel" aria-label={title}>
        <h1>{title}</h1>
        <ul className="family-list">
          {vehicles.map((vehicle) => {
            const freshness = fleet.freshness(vehicle, nowMs);
            const { fix } = vehicle;
            return (
              <li key={vehicle.id} className="card family-card" data-vehicle-id={vehicle.id} data-freshness={freshness}>
                <p className="family-head">
                  <StatusSign status={vehicle.status} kind={vehicle.kind} isStale={freshness !== 'live'} />
                  <strong>{vehicle.label}</strong>
                  <span className="muted">{statusText(vehicle.status)}</span>
                </p>
                <p className="details-fresh" data-freshness={freshness}>
                  <span className="fresh-dot" aria-hidden="true" />
                  {freshness === 'live' ? `${t.freshness.live} · ` : ''}
                  <Freshness state={freshness} atMs={fix?.atMs ?? null} nowMs={nowMs} offDutyMs={vehicle.offDutyMs} />
                </p>
                <p className="muted">
                  {[
                    vehicle.route && `${t.panel.route} ${vehicle.route}`,
                    vehicle.plate,
                    freshness === 'live' && fix && format.speed(fix.speedKmh),
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </p>
                <div className="details-actions">
                  {fix ? (
                    <button
                      type="button"
                      className="button button-small"
                      aria-pressed={shownId === vehicle.id}
                      onClick={() => {
                        const next = shownId === vehicle.id ? null : vehicle.id;
                        setShownId(next);
                        if (next) map?.fit([fix]);
                      }}
                    >
                      {t.family.where}
                    </button>
                  ) : null}
                  <Link href={`/history?vehicle=${encodeURIComponent(vehicle.id)}`} className="button button-small">
                    {t.panel.history}
                  </Link>
                </div>
              </li>
            );
          })}
        </ul>
        <p className="zone-note">{t.common.timesIn(format.zone())}</p>
      </section>
      <div className="track-main">
        <TrackMapView
          canvas={canvas}
          label={t.map.label(t.kinds[kind].many)}
          onFit={() => map?.fit(vehicles.flatMap(({ fix }) => (fix ? [fix] : [])))}
        />
      </div>
    </div>
  );
}
