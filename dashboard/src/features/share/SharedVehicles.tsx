/** The vehicles of a share: in words, and on the map, whose code comes after the words. */

import { useConnection, useLive } from '@milepost/client/live/react';
import { lazy, Suspense, useMemo, useState } from 'react';
import { Brand } from '../../components/Brand';
import { ConnectionBadge } from '../../components/ConnectionBadge';
import { Freshness } from '../../components/Freshness';
import { StatusSign } from '../../components/StatusSign';
import { commonKind } from '../../lib/kinds';
import { pageConnection } from '../../lib/live/connection-state';
import type { Fleet, LiveVehicle } from '../../lib/live/fleet';
import { sortVehicles } from '../../lib/live/search';
import { useFollowedFleet } from '../../lib/live/useFollowedFleet';
import { useVehicles } from '../../lib/live/useLive';
import { useFormat } from '../../lib/settings/format';
import { statusText } from '../../lib/status';
import { useText } from '../../lib/strings/strings';
import { useNow } from '../../lib/time/useNow';
import type { OpenedShare } from './api/open-share';

const SharedMap = lazy(() => import('./SharedMap'));

export function SharedVehicles({ share }: { share: OpenedShare }) {
  const t = useText();
  const format = useFormat();
  const nowMs = useNow();
  const live = useLive();
  const connection = pageConnection(useConnection());
  const { fleet, isListed } = useFollowedFleet(live);
  const vehicles = useVehicles(fleet, sortVehicles);
  const [shownId, setShownId] = useState<string | null>(null);
  const kind = useMemo(() => commonKind(vehicles.map((each) => each.kind)), [vehicles]);
  const endMs = Date.parse(share.expires_at);

  return (
    <div className="track-page family share-page" data-connection={connection}>
      <main className="track-panel">
        <header className="panel-head">
          <Brand />
          <ConnectionBadge state={connection} onRetry={() => live.reconnect()} />
        </header>
        <h1>{share.name}</h1>
        <p className="muted">{t.share.until(`${format.moment(endMs, nowMs)} ${format.zone(endMs)}`)}</p>
        {vehicles.length === 0 ? (
          <p className="muted" role="status" aria-busy={!isListed}>
            {isListed ? t.share.none : t.share.looking}
          </p>
        ) : null}
        <ul className="family-list">
          {vehicles.map((vehicle) => (
            <SharedVehicle
              key={vehicle.id}
              vehicle={vehicle}
              fleet={fleet}
              nowMs={nowMs}
              isShown={shownId === vehicle.id}
              onShow={(isShown) => setShownId(isShown ? vehicle.id : null)}
            />
          ))}
        </ul>
        <p className="zone-note">{t.common.timesIn(format.zone())}</p>
      </main>
      <div className="track-main">
        <Suspense fallback={<section className="track-map" aria-busy="true" />}>
          <SharedMap
            vehicles={vehicles}
            fleet={fleet}
            nowMs={nowMs}
            shownId={shownId}
            label={t.map.label(t.kinds[kind].many)}
          />
        </Suspense>
      </div>
    </div>
  );
}

interface VehicleProps {
  vehicle: LiveVehicle;
  fleet: Fleet;
  nowMs: number;
  /** The map keeps it in view. */
  isShown: boolean;
  onShow: (isShown: boolean) => void;
}

function SharedVehicle({ vehicle, fleet, nowMs, isShown, onShow }: VehicleProps) {
  const t = useText();
  const format = useFormat();
  const freshness = fleet.freshness(vehicle, nowMs);
  const { id, fix, label, plate, route, status, kind } = vehicle;
  const speed = freshness === 'live' && fix ? format.speed(fix.speedKmh) : '';
  const more = [route && `${t.panel.route} ${route}`, plate !== label && plate, speed].filter(Boolean).join(' · ');
  return (
    <li className="card family-card" data-vehicle-id={id} data-freshness={freshness}>
      <p className="family-head">
        <StatusSign status={status} kind={kind} isStale={freshness !== 'live'} />
        <strong>{label}</strong>
        <span className="muted">{statusText(status)}</span>
      </p>
      <p className="details-fresh" data-freshness={freshness}>
        <span className="fresh-dot" aria-hidden="true" />
        {freshness === 'live' ? `${t.freshness.live} · ` : ''}
        <Freshness state={freshness} atMs={fix?.atMs ?? null} nowMs={nowMs} />
      </p>
      {more ? <p className="muted">{more}</p> : null}
      {fix ? (
        <div className="details-actions">
          <button type="button" className="button button-small" aria-pressed={isShown} onClick={() => onShow(!isShown)}>
            {t.family.where}
          </button>
        </div>
      ) : null}
    </li>
  );
}
