/** The driver's page: shares where the phone is with those who wait for its parcels, and keeps fixes while offline. */

import type { ParcelEvent, TrackingError } from '@milepost/client';
import { useTrackingSocket } from '@milepost/client/react';
import { useCallback, useEffect, useState } from 'react';
import { Brand } from '../../components/Brand';
import { ConnectionBadge } from '../../components/ConnectionBadge';
import { Toasts, useToasts } from '../../components/Toasts';
import { type Me, serverNowMs } from '../../lib/api/client';
import { ageText } from '../../lib/time/age';
import { useNow } from '../../lib/time/useNow';
import { ParcelCard } from './ParcelCard';
import { type DeviceFix, useDevicePosition } from './useDevicePosition';
import { useMyParcels } from './useMyParcels';
import { useWakeLock } from './useWakeLock';

interface Props {
  me: Me;
  onSignOut: () => void;
  onSessionEnd: () => void;
}

const TOKEN_REFUSED = 4001;

export function DriverPage({ me, onSignOut, onSessionEnd }: Props) {
  const { parcels, problem: listProblem, readAgain } = useMyParcels(me.id, onSessionEnd);
  const { toasts, show, dismiss } = useToasts();
  const [isOn, setIsOn] = useState(false);
  const [lastFix, setLastFix] = useState<DeviceFix | null>(null);
  const nowMs = useNow();

  const onEvent = useCallback(
    (event: ParcelEvent) => {
      if (event.type !== 'geofence') void readAgain();
      if (event.type === 'tracking_ended') show(`Parcel ${event.parcelId} has ended`);
    },
    [readAgain, show],
  );
  const onError = useCallback(
    (error: TrackingError) => {
      if (error.closeCode === TOKEN_REFUSED) return onSessionEnd();
      if (error.kind === 'refused') void readAgain(); // not this driver's parcel any more
      if (error.kind === 'server' || error.kind === 'storage') show(error.message, 'bad');
    },
    [onSessionEnd, readAgain, show],
  );
  // One socket is enough: the server tells a driver's place to all of its active parcels.
  const { connectionState, sendLocationUpdate, connect, disconnect, queuedCount, droppedCount } = useTrackingSocket({
    parcelId: parcels?.[0]?.id ?? null,
    token: null, // the session cookie counts
    autoConnect: false,
    storage: window.localStorage,
    storageKey: `milepost.fixes.${me.tenant}.${me.id}`,
    onEvent,
    onError,
  });

  const parcelId = parcels?.[0]?.id;
  const wantsConnection = parcelId !== undefined && (isOn || queuedCount > 0);
  useEffect(() => {
    if (wantsConnection) connect();
    else disconnect();
  }, [wantsConnection, parcelId, connect, disconnect]);

  const onFix = useCallback(
    (fix: DeviceFix) => {
      setLastFix(fix);
      // By the server's clock: a phone that goes wrong would be refused, or draw its way at the wrong time.
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
            Share my position
            <span className="switch-state" aria-hidden="true">
              {isSharing ? 'On' : 'Off'}
            </span>
          </button>
          {positionProblem ? null : <p className="driver-now">{shareText(isSharing, canShare, lastFix, nowMs)}</p>}
          {queuedCount > 1 || (queuedCount > 0 && connectionState !== 'connected') ? (
            <p className="driver-queue">
              <b>{queuedCount}</b> {queuedCount === 1 ? 'position waits' : 'positions wait'} to be sent
            </p>
          ) : null}
          {droppedCount > 0 ? (
            <p className="driver-problem">{droppedCount} of the oldest were lost: too many had to wait.</p>
          ) : null}
          {positionProblem ? (
            <p className="driver-problem" role="alert">
              {positionProblem}
            </p>
          ) : null}
        </section>
        <section aria-labelledby="parcels-title">
          <h1 id="parcels-title">
            {parcels && parcels.length > 0 ? `Your parcels (${parcels.length})` : 'Your parcels'}
          </h1>
          {listProblem ? (
            <p className="driver-problem" role="alert">
              {listProblem}
            </p>
          ) : null}
          {parcels === null ? null : parcels.length === 0 ? (
            <p className="driver-none">None is assigned to you now. New ones appear here by themselves.</p>
          ) : (
            <ul className="driver-parcels">
              {parcels.map((parcel) => (
                <ParcelCard
                  key={parcel.id}
                  parcel={parcel}
                  onChanged={readAgain}
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
          Sign out
        </button>
      </footer>
      <Toasts toasts={toasts} onDismiss={dismiss} />
    </div>
  );
}

function shareText(isSharing: boolean, canShare: boolean, fix: DeviceFix | null, nowMs: number): string {
  if (!canShare) return 'Nothing to share: you have no parcel now.';
  if (!isSharing) return 'Nobody sees where you are.';
  if (!fix) return 'Looking for your position…';
  const offsetMs = serverNowMs() - Date.now();
  return `Last position: ${ageText(fix.atMs + offsetMs, nowMs)}, within ${Math.max(1, Math.round(fix.accuracyM))} m. Keep this page open.`;
}
