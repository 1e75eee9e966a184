/** The client's page of one parcel: pickup, destination, and the driver's truck as it moves. */

import type { ParcelAt } from '@milepost/client/live';
import { useConnection, useLive, useStore } from '@milepost/client/live/react';
import { followParcel } from '@milepost/client/live/things';
import { useEffect, useMemo, useRef } from 'react';
import { Brand } from '../../components/Brand';
import { ConnectionBadge } from '../../components/ConnectionBadge';
import { Notice } from '../../components/Notice';
import { Timeline } from '../../components/Timeline';
import { Toasts, useToasts } from '../../components/Toasts';
import type { Me } from '../../lib/api/get-me';
import { thingConnection } from '../../lib/live/connection-state';
import { PageLive } from '../../lib/live/PageLive';
import { hasEnded, isKnownStatus, type Parcel, parcelText, placeText, stepOf } from '../../lib/parcels';
import { useText } from '../../lib/strings/strings';
import { arrivalText, lastSeenText } from '../../lib/time/arrival';
import { useNow } from '../../lib/time/useNow';
import { ParcelMap } from './ParcelMap';
import { statusToast, zoneToast } from './toasts';
import { type ParcelReading, useParcel } from './useParcel';

interface Props {
  parcelId: number;
  me: Me;
  onSignOut: () => void;
  onSessionEnd: () => void;
}

export function ParcelPage({ parcelId, me, onSignOut, onSessionEnd }: Props) {
  const { reading, refresh, setStatus } = useParcel(parcelId);
  const t = useText();
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
  return (
    <PageLive onSessionEnd={onSessionEnd}>
      <FollowedParcel me={me} reading={reading} onSignOut={onSignOut} onStatus={setStatus} onOld={refresh} />
    </PageLive>
  );
}

interface FollowedProps {
  me: Me;
  reading: Extract<ParcelReading, { kind: 'read' }>;
  onSignOut: () => void;
  onStatus: (status: Parcel['status']) => void;
  /** What was read may be old. */
  onOld: () => void;
}

function FollowedParcel({ me, reading: { parcel, path }, onSignOut, onStatus, onOld }: FollowedProps) {
  const t = useText();
  const live = useLive();
  const { value, status, error } = useStore(useMemo(() => followParcel(live, parcel.id), [live, parcel.id]));
  const connection = thingConnection(useConnection(), status);
  const { toasts, show, dismiss } = useToasts();
  const [told, zone] = [value?.parcel.status, value?.zone];

  // What is told first is no news: the page says it already.
  const lastTold = useRef<string>(undefined);
  useEffect(() => {
    if (told === undefined) return;
    const toast = lastTold.current !== undefined && lastTold.current !== told ? statusToast(told, t) : null;
    lastTold.current = told;
    if (toast) show(toast.text, toast.tone);
    if (isKnownStatus(told) && told !== parcel.status) onStatus(told);
  }, [told, parcel.status, show, onStatus, t]);
  useEffect(() => {
    if (!zone) return;
    const toast = zoneToast(zone, t);
    show(toast.text, toast.tone);
  }, [zone, show, t]);
  const isLost = status === 'failed' && error?.code === 'forbidden';
  useEffect(() => {
    if (!isLost) return;
    show(t.parcel.notYours, 'bad');
    onOld();
  }, [isLost, show, onOld, t]);
  // The path, which is not followed, is read again after a lost connection.
  useEffect(() => {
    if (connection === 'connected') onOld();
  }, [connection, onOld]);

  const driver = value?.at ?? null;
  return (
    <div className="trip" data-connection={connection}>
      <ParcelMap parcel={parcel} path={path} driver={driver} />
      <main className="trip-panel">
        <header className="panel-head">
          <Brand />
          <ConnectionBadge state={connection} onRetry={() => live.reconnect()} />
        </header>
        <ParcelState parcel={parcel} driver={driver} />
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

function ParcelState({ parcel, driver }: { parcel: Parcel; driver: ParcelAt | null }) {
  const t = useText();
  const nowMs = useNow();
  const isOver = hasEnded(parcel.status);
  const lastSeen = driver && !isOver ? lastSeenText(driver.t, nowMs, t) : null;
  const etaSeconds = isOver || lastSeen ? null : (driver?.eta_seconds ?? null);
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
