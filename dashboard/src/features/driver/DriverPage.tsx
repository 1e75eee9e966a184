/** The driver's page: shares the phone's position with the clients of its parcels, and keeps fixes while offline. */

import type { ParcelEvent, TrackingError } from '@milepost/client';
import { useTrackingSocket } from '@milepost/client/react';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { Brand } from '../../components/Brand';
import { ConnectionBadge } from '../../components/ConnectionBadge';
import { Toasts, useToasts } from '../../components/Toasts';
import type { Me } from '../../lib/api/get-me';
import { ApiError } from '../../lib/api/request';
import { type Text, useText } from '../../lib/strings/strings';
import { ageText } from '../../lib/time/age';
import { serverNowMs } from '../../lib/time/server-clock';
import { useNow } from '../../lib/time/useNow';
import { myParcelsQuery } from './api/list-my-parcels';
import { ParcelCard } from './ParcelCard';
import { type DeviceFix, useDevicePosition } from './useDevicePosition';
import { useWakeLock } from './useWakeLock';

interface Props {
  me: Me;
  onSignOut: () => void;
  onSessionEnd: () => void;
}

const TOKEN_REFUSED = 4001;

export function DriverPage({ me, onSignOut, onSessionEnd }: Props) {
  const t = useText();
  const { data: parcels, error: listError, refetch } = useQuery(myParcelsQuery(me.id));
  const refresh = useCallback(() => void refetch(), [refetch]);
  const { toasts, show, dismiss } = useToasts();
  const [isOn, setIsOn] = useState(false);
  const [lastFix, setLastFix] = useState<DeviceFix | null>(null);
  const nowMs = useNow();

  const onEvent = useCallback(
    (event: ParcelEvent) => {
      if (event.type !== 'geofence') refresh();
      if (event.type === 'tracking_ended') show(t.driver.ended(event.parcelId));
    },
    [refresh, show, t],
  );
  const onError = useCallback(
    (error: TrackingError) => {
      if (error.closeCode === TOKEN_REFUSED) return onSessionEnd();
      if (error.kind === 'refused') refresh(); // not this driver's parcel any more
      if (error.kind === 'server' || error.kind === 'storage') show(error.message, 'bad');
    },
    [onSessionEnd, refresh, show],
  );
  useEffect(() => {
    if (listError instanceof ApiError && listError.status === 401) onSessionEnd();
  }, [listError, onSessionEnd]);
  // One socket is enough: the server sends a driver's position to all of its active parcels.
  const parcelId = parcels?.[0]?.id;
  const { connectionState, sendLocationUpdate, connect, disconnect, queuedCount, droppedCount } = useTrackingSocket({
    parcelId,
    token: null, // the session cookie counts
    autoConnect: false,
    storage: window.localStorage,
    storageKey: `milepost.fixes.${me.tenant}.${me.id}`,
    onEvent,
    onError,
  });

  const needsConnection = parcelId !== undefined && (isOn || queuedCount > 0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another parcel has another client, which is not connected yet
  useEffect(() => {
    if (needsConnection) connect();
    else disconnect();
  }, [needsConnection, parcelId, connect, disconnect]);

  const onFix = useCallback(
    (fix: DeviceFix) => {
      setLastFix(fix);
      // In the server's time: with a wrong clock on the phone the fix would be refused or get a wrong place in the path.
      sendLocationUpdate({ lat: fix.lat, lng: fix.lng, timestamp: fix.atMs + serverNowMs() - Date.now() });
    },
    [sendLocationUpdate],
  );
  const canShare = parcelId !== undefined;
  const isSharing = isOn && canShare;
  const positionProblem = useDevicePosition(isSharing, onFix);
  useWakeLock(isSharing);

  return (
    <div className="driver" data-queued={queuedCount}>
      <header className="driver-head">
        <Brand />
        {isSharing || queuedCount > 0 ? <ConnectionBadge state={connectionState} onRetry={connect} /> : null}
      </header>
      <main className="driver-main">
        <section className="driver-share" data-on={isSharing}>
          <button
            type="button"
            role="switch"
            aria-checked={isSharing}
            className="switch"
            disabled={!canShare}
            onClick={() => setIsOn((now) => !now)}
          >
            <span className="switch-track" aria-hidden="true">
              <span className="switch-knob" />
            </span>
            {t.driver.share}
            <span className="switch-state" aria-hidden="true">
              {isSharing ? t.driver.on : t.driver.off}
            </span>
          </button>
          {positionProblem ? null : <p className="driver-now">{shareText(isSharing, canShare, lastFix, nowMs, t)}</p>}
          {queuedCount > 1 || (queuedCount > 0 && connectionState !== 'connected') ? (
            <p className="driver-queue">
              <b>{queuedCount}</b> {t.driver.waiting(queuedCount)}
            </p>
          ) : null}
          {droppedCount > 0 ? <p className="driver-problem">{t.driver.lost(droppedCount)}</p> : null}
          {positionProblem ? (
            <p className="driver-problem" role="alert">
              {t.driver[positionProblem]}
            </p>
          ) : null}
        </section>
        <section aria-labelledby="parcels-title">
          <h1 id="parcels-title">
            {parcels && parcels.length > 0 ? t.driver.parcelsCount(parcels.length) : t.driver.parcels}
          </h1>
          {listError ? (
            <p className="driver-problem" role="alert">
              {listError.message}
            </p>
          ) : null}
          {parcels === undefined ? null : parcels.length === 0 ? (
            <p className="driver-none">{t.driver.none}</p>
          ) : (
            <ul className="driver-parcels">
              {parcels.map((parcel) => (
                <ParcelCard
                  key={parcel.id}
                  parcel={parcel}
                  onChanged={refetch}
                  onProblem={(text) => show(text, 'bad')}
                />
              ))}
            </ul>
          )}
        </section>
      </main>
      <footer className="panel-foot">
        <span className="who">{me.username}</span>
        <button type="button" className="text-button" onClick={onSignOut}>
          {t.nav.signOut}
        </button>
      </footer>
      <Toasts toasts={toasts} onDismiss={dismiss} />
    </div>
  );
}

function shareText(isSharing: boolean, canShare: boolean, fix: DeviceFix | null, nowMs: number, t: Text): string {
  if (!canShare) return t.driver.nothing;
  if (!isSharing) return t.driver.hidden;
  if (!fix) return t.driver.looking;
  const offsetMs = serverNowMs() - Date.now();
  return t.driver.last(ageText(fix.atMs + offsetMs, nowMs, t), Math.max(1, Math.round(fix.accuracyM)));
}
