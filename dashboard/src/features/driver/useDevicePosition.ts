/** The device's position, every 5 s while it is switched on. */

import { useEffect, useRef, useState } from 'react';

export const SEND_EVERY_MS = 5_000;
/** If the device has no fix after this time, it is asked again. */
const FIX_LIMIT_MS = 20_000;
/** A fix whose time is further off than this has a faulty clock: the present time is used. */
const MAX_CLOCK_FAULT_MS = 24 * 60 * 60_000;

/** The name of its text. */
export type PositionProblem = 'insecure' | 'denied' | 'slow' | 'unknown';

export interface DeviceFix {
  lat: number;
  lng: number;
  accuracyM: number;
  /** The time by the device's clock, Unix milliseconds. */
  atMs: number;
}

/**
 * Calls `onFix` with the newest fix at once and then every 5 s. A device that stands still reports nothing by itself, so it is
 * asked for a new fix. Returns what is wrong, or null.
 */
export function useDevicePosition(isOn: boolean, onFix: (fix: DeviceFix) => void): PositionProblem | null {
  const [problem, setProblem] = useState<PositionProblem | null>(null);
  const latest = useRef(onFix);
  useEffect(() => {
    latest.current = onFix;
  });

  useEffect(() => {
    setProblem(null);
    if (!isOn) return;
    if (!('geolocation' in navigator) || !window.isSecureContext) {
      return setProblem('insecure');
    }
    let newest: DeviceFix | null = null;
    let reportedAtMs: number | null = null;
    const report = (): boolean => {
      if (!newest || newest.atMs === reportedAtMs) return false;
      reportedAtMs = newest.atMs;
      latest.current(newest);
      return true;
    };
    const receive = (position: GeolocationPosition) => {
      newest = fixOf(position);
      setProblem(null);
      if (reportedAtMs === null) report();
    };
    const receiveAndReport = (position: GeolocationPosition) => {
      receive(position);
      report();
    };
    const options: PositionOptions = { enableHighAccuracy: true, maximumAge: 0, timeout: FIX_LIMIT_MS };
    const fail = (error: GeolocationPositionError) => setProblem(problemOf(error));
    const watch = navigator.geolocation.watchPosition(receive, fail, options);
    const timer = window.setInterval(() => {
      if (report()) return;
      navigator.geolocation.getCurrentPosition(receiveAndReport, fail, options);
    }, SEND_EVERY_MS);
    return () => {
      navigator.geolocation.clearWatch(watch);
      window.clearInterval(timer);
    };
  }, [isOn]);
  return problem;
}

function fixOf({ coords, timestamp }: GeolocationPosition): DeviceFix {
  const nowMs = Date.now();
  const atMs = Math.abs(timestamp - nowMs) > MAX_CLOCK_FAULT_MS ? nowMs : Math.round(timestamp);
  return { lat: coords.latitude, lng: coords.longitude, accuracyM: coords.accuracy, atMs };
}

function problemOf(error: GeolocationPositionError): PositionProblem {
  if (error.code === error.PERMISSION_DENIED) return 'denied';
  return error.code === error.TIMEOUT ? 'slow' : 'unknown';
}
