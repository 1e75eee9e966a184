/** The client's page of one parcel: pickup, destination, and the driver's truck as it moves. */

import type { ParcelEvent, TrackingError } from '@milepost/client';
import { type DriverLocation, useTrackingSocket } from '@milepost/client/react';
import { useCallback, useEffect } from 'react';
import { Brand } from '../../components/Brand';
import { ConnectionBadge } from '../../components/ConnectionBadge';
import { Notice } from '../../components/Notice';
import { Timeline } from '../../components/Timeline';
import { Toasts, useToasts } from '../../components/Toasts';
import type { Me } from '../../lib/api/get-me';
import { hasEnded, isKnownStatus, type Parcel, parcelText, placeText, stepOf } from '../../lib/parcels';
import { useText } from '../../lib/strings/strings';
import { arrivalText, lastSeenText } from '../../lib/time/arrival';
import { useNow } from '../../lib/time/useNow';
import { ParcelMap } from './ParcelMap';
import { toastOf } from './toasts';
import { useParcel } from './useParcel';

interface Props {
  parcelId: number;
  me: Me;
  onSignOut: () => void;
  onSessionEnd: () => void;
}

const TOKEN_REFUSED = 4001;

export function ParcelPage({ parcelId, me, onSignOut, onSessionEnd }: Props) {
  const { reading, refresh, setStatus } = useParcel(parcelId);
  const t = useText();
  const { toasts, show, dismiss } = useToasts();

  const onEvent = useCallback(
    (event: ParcelEvent) => {
      if (event.parcelId !== parcelId) return;
      const toast = toastOf(event, t);
      if (toast) show(toast.text, toast.tone);
      if (event.type === 'status_update' && isKnownStatus(event.status)) setStatus(event.status);
      if (event.type === 'tracking_ended') refresh();
    },
    [parcelId, show, setStatus, refresh, t],
  );
  const onError = useCallback(
    (error: TrackingError) => {
      if (error.closeCode === TOKEN_REFUSED) onSessionEnd();
      else if (error.kind === 'server') show(error.message, 'bad');
    },
    [onSessionEnd, show],
  );
  const { connectionState, driverLocation, connect } = useTrackingSocket({
    parcelId: reading.kind === 'read' ? parcelId : null,
    token: null, // the session cookie counts
    onEvent,
    onError,
    // Events during a lost connection are not sent again.
    onConnectionChange: (state) => {
      if (state === 'connected') refresh();
    },
  });
  useEffect(() => {
    if (reading.kind === 'refused' && reading.error.status === 401) onSessionEnd();
  }, [reading, onSessionEnd]);

  if (reading.kind === 'reading') return <div className="splash" aria-busy="true" />;
  if (reading.kind === 'refused') {
    return (
      <Notice title={reading.error.status === 0 ? t.parcel.noConnection : t.parcel.refused}>
        {reading.error.message}
      </Notice>
    );
  }
  const { parcel, path } = reading;
  return (
    <div className="trip" data-connection={connectionState}>
      <ParcelMap parcel={parcel} path={path} driver={driverLocation} />
      <main className="trip-panel">
        <header className="panel-head">
          <Brand />
          <ConnectionBadge state={connectionState} onRetry={connect} />
        </header>
        <ParcelState parcel={parcel} driver={driverLocation} />
        <footer className="panel-foot">
          <span className="who">{me.username}</span>
          <button type="button" className="text-button" onClick={onSignOut}>
            {t.nav.signOut}
          </button>
        </footer>
      </main>
      <Toasts toasts={toasts} onDismiss={dismiss} />
    </div>
  );
}

function ParcelState({ parcel, driver }: { parcel: Parcel; driver: DriverLocation | null }) {
  const t = useText();
  const nowMs = useNow();
  const isOver = hasEnded(parcel.status);
  const lastSeen = driver?.timestamp && !isOver ? lastSeenText(Date.parse(driver.timestamp), nowMs, t) : null;
  const etaSeconds = isOver || lastSeen ? null : (driver?.etaSeconds ?? null);
  const goal = stepOf(parcel.status) < 2 ? t.arrival.toPickup : t.arrival.toDestination;
  return (
    <div className="trip-news" data-status={parcel.status} data-latitude={driver?.lat} data-longitude={driver?.lng}>
      <p className="trip-order">{t.parcels.parcel(parcel.id)}</p>
      <h1>{parcelText(parcel.status, t)}</h1>
      <p className="trip-arrival" aria-live="polite">
        {etaSeconds === null ? null : (
          <>
            <strong>{arrivalText({ seconds: etaSeconds, low: null, high: null }, t)}</strong> {goal}
          </>
        )}
        {lastSeen ? <span className="trip-stale">{lastSeen}</span> : null}
      </p>
      <dl className="trip-places">
        <div>
          <dt data-mark="pickup">{t.driver.from}</dt>
          <dd>{placeText(parcel.pickup)}</dd>
        </div>
        <div>
          <dt data-mark="destination">{t.driver.to}</dt>
          <dd>{placeText(parcel.destination)}</dd>
        </div>
        {driver?.address && !isOver ? (
          <div>
            <dt data-mark="truck">{t.panel.driver}</dt>
            <dd>{driver.address}</dd>
          </div>
        ) : null}
      </dl>
      {parcel.status === 'cancelled' ? null : <Timeline steps={t.parcel.steps} current={stepOf(parcel.status)} />}
    </div>
  );
}
