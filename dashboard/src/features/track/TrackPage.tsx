/** The public page of one delivery: where it is, how far away, and when it arrives. */

import type { Delivery } from '@milepost/client/live';
import { useConnection, useDelivery, useLive } from '@milepost/client/live/react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Brand } from '../../components/Brand';
import { ConnectionBadge } from '../../components/ConnectionBadge';
import { Notice } from '../../components/Notice';
import { Timeline } from '../../components/Timeline';
import { TripMapView } from '../../components/TripMapView';
import { type AppConfig, configQuery } from '../../lib/api/get-config';
import { thingConnection } from '../../lib/live/connection-state';
import { PageLive } from '../../lib/live/PageLive';
import { useTripMap } from '../../lib/map/useTripMap';
import { useText } from '../../lib/strings/strings';
import { isOld, lastSeenText } from '../../lib/time/arrival';
import { useNow } from '../../lib/time/useNow';
import { arrivalOf, stepOf } from './words';

export function TrackPage({ trackingId }: { trackingId: string }) {
  return (
    <PageLive link={trackingId}>
      <FollowedDelivery trackingId={trackingId} />
    </PageLive>
  );
}

function FollowedDelivery({ trackingId }: { trackingId: string }) {
  const t = useText();
  const { data: config } = useQuery(configQuery); // its answer also sets the clock
  const live = useLive();
  const { value: delivery, status, error } = useDelivery(trackingId);
  const connection = thingConnection(useConnection(), status);
  const end = status === 'failed' && error ? endOf(error.code) : null;
  // A delivered order stays on the page after its link has expired.
  if (end && delivery?.status !== 'DELIVERED')
    return <Notice title={t.track.ends[end].title}>{t.track.ends[end].text}</Notice>;
  return (
    <div className="trip" data-connection={connection}>
      <DeliveryMap delivery={delivery} config={config} />
      <main className="trip-panel">
        <header className="panel-head">
          <Brand />
          {end ? null : <ConnectionBadge state={connection} onRetry={() => live.reconnect()} />}
        </header>
        {delivery ? (
          <DeliveryState delivery={delivery} />
        ) : (
          <p className="trip-lead" aria-busy="true">
            {connection === 'disconnected' ? t.track.offline : t.track.looking}
          </p>
        )}
      </main>
    </div>
  );
}

/** Why a link does not work: another code of an error means that it is of no delivery. */
function endOf(code: string): 'expired' | 'not_found' | 'refused' {
  if (code === 'gone') return 'expired';
  return code === 'not_found' ? 'not_found' : 'refused';
}

function DeliveryMap({ delivery, config }: { delivery: Delivery | null; config: AppConfig | undefined }) {
  const t = useText();
  const canvas = useRef<HTMLDivElement>(null);
  const map = useTripMap(canvas, config);
  const nowMs = useNow();
  const location = delivery?.place ?? null;
  const isStale = location !== null && isOld(location.t, nowMs);

  useEffect(() => {
    if (!map || !delivery) return;
    map.setPlace('destination', { latitude: delivery.dropoff.lat, longitude: delivery.dropoff.lng }, t.track.goal);
    if (!location) return;
    const fix = { latitude: location.lat, longitude: location.lng, atMs: location.t };
    map.moveVehicle('rider', fix, t.track.rider, isStale);
  }, [map, delivery, location, isStale, t]);

  return <TripMapView canvas={canvas} map={map} config={config} label={t.track.map} />;
}

function DeliveryState({ delivery }: { delivery: Delivery }) {
  const t = useText();
  const nowMs = useNow();
  const { place: location, status } = delivery;
  const arrival = arrivalOf(delivery, nowMs, t);
  const lastSeen = location && status !== 'DELIVERED' ? lastSeenText(location.t, nowMs, t) : null;
  return (
    <div className="trip-news" data-status={status} data-latitude={location?.lat} data-longitude={location?.lng}>
      <h1>{t.track.headlines[status]}</h1>
      <p className="trip-arrival" aria-live="polite">
        {arrival ? <strong>{arrival}</strong> : lastSeen ? <span className="trip-stale">{lastSeen}</span> : null}
        {!arrival && !lastSeen && status !== 'DELIVERED' ? <span className="trip-lead">{t.track.notYet}</span> : null}
      </p>
      <Timeline steps={t.track.steps} current={stepOf(status)} />
      {delivery.order_id ? <p className="trip-order">{t.track.order(delivery.order_id)}</p> : null}
    </div>
  );
}
