/** The public page of one delivery: where it is, how far away, and when it arrives. */

import type { Delivery } from '@milepost/client';
import { useDelivery } from '@milepost/client/react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Brand } from '../../components/Brand';
import { ConnectionBadge } from '../../components/ConnectionBadge';
import { Notice } from '../../components/Notice';
import { Timeline } from '../../components/Timeline';
import { TripMapView } from '../../components/TripMapView';
import { type AppConfig, configQuery } from '../../lib/api/get-config';
import { useTripMap } from '../../lib/map/useTripMap';
import { useText } from '../../lib/strings/strings';
import { isOld, lastSeenText } from '../../lib/time/arrival';
import { useNow } from '../../lib/time/useNow';
import { arrivalOf, stepOf } from './words';

export function TrackPage({ trackingId }: { trackingId: string }) {
  const t = useText();
  const { data: config } = useQuery(configQuery); // its answer also sets the clock
  const { connectionState, delivery, end, connect } = useDelivery(trackingId, { token: null });
  // A delivered order stays on the page after its link has expired.
  if (end && delivery?.status !== 'DELIVERED')
    return <Notice title={t.track.ends[end].title}>{t.track.ends[end].text}</Notice>;
  return (
    <div className="trip" data-connection={connectionState}>
      <DeliveryMap delivery={delivery} config={config} />
      <main className="trip-panel">
        <header className="panel-head">
          <Brand />
          {end ? null : <ConnectionBadge state={connectionState} onRetry={connect} />}
        </header>
        {delivery ? (
          <DeliveryState delivery={delivery} />
        ) : (
          <p className="trip-lead" aria-busy="true">
            {connectionState === 'disconnected' ? t.track.offline : t.track.looking}
          </p>
        )}
      </main>
    </div>
  );
}

function DeliveryMap({ delivery, config }: { delivery: Delivery | null; config: AppConfig | undefined }) {
  const t = useText();
  const canvas = useRef<HTMLDivElement>(null);
  const map = useTripMap(canvas, config);
  const nowMs = useNow();
  const location = delivery?.currentLocation ?? null;
  const isStale = location !== null && isOld(location.atSeconds * 1_000, nowMs);

  useEffect(() => {
    if (!map || !delivery) return;
    map.setPlace('destination', { latitude: delivery.dropoff.lat, longitude: delivery.dropoff.lng }, t.track.goal);
    if (!location) return;
    const fix = { latitude: location.lat, longitude: location.lng, atMs: location.atSeconds * 1_000 };
    map.moveVehicle('rider', fix, t.track.rider, isStale);
  }, [map, delivery, location, isStale, t]);

  return <TripMapView canvas={canvas} map={map} config={config} label={t.track.map} />;
}

function DeliveryState({ delivery }: { delivery: Delivery }) {
  const t = useText();
  const nowMs = useNow();
  const { currentLocation: location, status } = delivery;
  const arrival = arrivalOf(delivery, nowMs, t);
  const lastSeen = location && status !== 'DELIVERED' ? lastSeenText(location.atSeconds * 1_000, nowMs, t) : null;
  return (
    <div className="trip-news" data-status={status} data-latitude={location?.lat} data-longitude={location?.lng}>
      <h1>{t.track.headlines[status]}</h1>
      <p className="trip-arrival" aria-live="polite">
        {arrival ? <strong>{arrival}</strong> : lastSeen ? <span className="trip-stale">{lastSeen}</span> : null}
        {!arrival && !lastSeen && status !== 'DELIVERED' ? <span className="trip-lead">{t.track.notYet}</span> : null}
      </p>
      <Timeline steps={t.track.steps} current={stepOf(status)} />
      {delivery.orderId ? <p className="trip-order">{t.track.order(delivery.orderId)}</p> : null}
    </div>
  );
}
