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
import { lastSeenText } from '../../lib/time/arrival';
import { useNow } from '../../lib/time/useNow';
import { arrivalOf, ENDS, HEADLINES, STEPS, stepOf } from './words';

export function TrackPage({ trackingId }: { trackingId: string }) {
  const { data: config } = useQuery(configQuery); // its answer also sets the clock
  const { connectionState, delivery, end, connect } = useDelivery(trackingId, { token: null });
  // A delivered order stays on the page after its link has expired.
  if (end && delivery?.status !== 'DELIVERED') return <Notice title={ENDS[end].title}>{ENDS[end].text}</Notice>;
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
            {connectionState === 'disconnected'
              ? 'No connection. It is tried again by itself.'
              : 'Looking for your delivery…'}
          </p>
        )}
      </main>
    </div>
  );
}

function DeliveryMap({ delivery, config }: { delivery: Delivery | null; config: AppConfig | undefined }) {
  const canvas = useRef<HTMLDivElement>(null);
  const map = useTripMap(canvas, config);
  const nowMs = useNow();
  const location = delivery?.currentLocation ?? null;
  const isStale = location !== null && lastSeenText(location.atSeconds * 1_000, nowMs) !== null;

  useEffect(() => {
    if (!map || !delivery) return;
    map.setPlace(
      'destination',
      { latitude: delivery.dropoff.lat, longitude: delivery.dropoff.lng },
      'Where it is brought',
    );
    if (!location) return;
    const fix = { latitude: location.lat, longitude: location.lng, atMs: location.atSeconds * 1_000 };
    map.moveVehicle('rider', fix, 'Your order', isStale);
  }, [map, delivery, location, isStale]);

  return <TripMapView canvas={canvas} map={map} config={config} label="Map of the delivery" />;
}

function DeliveryState({ delivery }: { delivery: Delivery }) {
  const nowMs = useNow();
  const { currentLocation: location, status } = delivery;
  const arrival = arrivalOf(delivery, nowMs);
  const lastSeen = location && status !== 'DELIVERED' ? lastSeenText(location.atSeconds * 1_000, nowMs) : null;
  return (
    <div className="trip-news" data-status={status} data-latitude={location?.lat} data-longitude={location?.lng}>
      <h1>{HEADLINES[status]}</h1>
      <p className="trip-arrival" aria-live="polite">
        {arrival ? <strong>{arrival}</strong> : lastSeen ? <span className="trip-stale">{lastSeen}</span> : null}
        {!arrival && !lastSeen && status !== 'DELIVERED' ? (
          <span className="trip-lead">The map shows it as soon as the rider sets out.</span>
        ) : null}
      </p>
      <Timeline steps={STEPS} current={stepOf(status)} />
      {delivery.orderId ? <p className="trip-order">Order {delivery.orderId}</p> : null}
    </div>
  );
}
