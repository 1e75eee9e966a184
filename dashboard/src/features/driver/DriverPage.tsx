/** The driver's page: today's parcels and trips, and the phone's position for those who wait, kept while there is no network. */

import { useConnection, useLive } from '@milepost/client/live/react';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { Brand } from '../../components/Brand';
import { ConnectionBadge } from '../../components/ConnectionBadge';
import { Toasts, useToasts } from '../../components/Toasts';
import type { Me } from '../../lib/api/get-me';
import { ApiError } from '../../lib/api/request';
import { pageConnection } from '../../lib/live/connection-state';
import type { Parcel } from '../../lib/parcels';
import { type Text, useText } from '../../lib/strings/strings';
import { ageText } from '../../lib/time/age';
import { serverNowMs } from '../../lib/time/server-clock';
import { useNow } from '../../lib/time/useNow';
import { dutyQuery } from './api/duty';
import { myParcelsQuery } from './api/list-my-parcels';
import { DutySwitch } from './DutySwitch';
import { OwnTrips } from './OwnTrips';
import { ParcelCard } from './ParcelCard';
import { type DeviceFix, useDevicePosition } from './useDevicePosition';
import { useFixQueues } from './useFixQueues';
import { noteReported, useOwnVehicle } from './useOwnVehicle';
import { useParcelNews } from './useParcelNews';
import { useWakeLock } from './useWakeLock';

interface Props {
  me: Me;
  onSignOut: () => void;
  onSessionEnd: () => void;
}

const NO_PARCELS: Parcel[] = [];

export function DriverPage({ me, onSignOut, onSessionEnd }: Props) {
  const t = useText();
  const { data: parcels, error: listError, refetch } = useQuery(myParcelsQuery(me.id));
  const refresh = useCallback(() => void refetch(), [refetch]);
  const { toasts, show, dismiss } = useToasts();
  const [isOn, setIsOn] = useState(false);
  const { data: duty } = useQuery(dutyQuery(me.id));
  const isOffDuty = duty?.off_duty ?? false;
  const [lastFix, setLastFix] = useState<DeviceFix | null>(null);
  const nowMs = useNow();

  const connection = useConnection();
  const live = useLive();
  const state = pageConnection(connection);

  useEffect(() => {
    if (listError instanceof ApiError && listError.status === 401) onSessionEnd();
  }, [listError, onSessionEnd]);
  // What REST alone has is read again after each lost connection.
  useEffect(() => {
    if (state === 'connected') refresh();
  }, [state, refresh]);
  const ended = useCallback((id: number) => show(t.driver.ended(id)), [show, t]);
  useParcelNews(parcels ?? NO_PARCELS, refresh, ended);

  const parcelId = useLastParcel(me, parcels);
  const own = useOwnVehicle(me, isOn);
  const vehicleId = own && !own.reportsItself ? own.vehicle.id : null;
  const canShare = !isOffDuty && ((parcels?.length ?? 0) > 0 || vehicleId !== null);
  const isSharing = isOn && canShare;
  const { report, waiting, droppedCount } = useFixQueues({ me, parcelId, vehicleId });

  const onFix = useCallback(
    (fix: DeviceFix) => {
      setLastFix(fix);
      report(fix);
      if (vehicleId !== null) noteReported(vehicleId, fix.atMs + serverNowMs() - Date.now());
    },
    [report, vehicleId],
  );
  const positionProblem = useDevicePosition(isSharing, onFix);
  useWakeLock(isSharing);

  return (
    <div className="driver" data-queued={waiting}>
      <header className="driver-head">
        <Brand />
        <ConnectionBadge state={state} onRetry={() => live.reconnect()} />
      </header>
      <main className="driver-main">
        <section className="driver-share" data-on={isSharing}>
          {duty && duty.leaves_out !== 'nothing' ? (
            <DutySwitch
              me={me}
              since={duty.since}
              leavesOut={duty.leaves_out}
              onProblem={(text) => show(text, 'bad')}
            />
          ) : null}
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
          {positionProblem || isOffDuty ? null : (
            <p className="driver-now">{shareText(isSharing, canShare, lastFix, nowMs, t)}</p>
          )}
          {own && !isOffDuty ? (
            <p className="driver-now">
              {own.reportsItself
                ? t.driver.reportsItself(own.vehicle.label)
                : isSharing
                  ? t.driver.reportsFor(own.vehicle.label)
                  : null}
            </p>
          ) : null}
          {waiting > 1 || (waiting > 0 && state !== 'connected') ? (
            <p className="driver-queue">
              <b>{waiting}</b> {t.driver.waiting(waiting)}
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
        <OwnTrips me={me} />
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

/** Remembered over reloads: fixes of a parcel that has ended are offered to the server, which knows what belongs to it. */
function useLastParcel(me: Me, parcels: Parcel[] | undefined): number | null {
  const key = `milepost.parcel.${me.tenant}.${me.id}`;
  const present = parcels?.[0]?.id ?? null;
  useEffect(() => {
    try {
      if (present !== null) localStorage.setItem(key, String(present));
    } catch {
      // Storage is forbidden: what waits is sent once there is another parcel.
    }
  }, [key, present]);
  if (present !== null || parcels === undefined) return present;
  return Number(localStorage.getItem(key)) || null;
}

function shareText(isSharing: boolean, canShare: boolean, fix: DeviceFix | null, nowMs: number, t: Text): string {
  if (!canShare) return t.driver.nothing;
  if (!isSharing) return t.driver.hidden;
  if (!fix) return t.driver.looking;
  const offsetMs = serverNowMs() - Date.now();
  return t.driver.last(ageText(fix.atMs + offsetMs, nowMs, t), Math.max(1, Math.round(fix.accuracyM)));
}
