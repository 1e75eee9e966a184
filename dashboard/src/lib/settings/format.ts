/** Numbers, times and units in the viewer's language, zone and units. */

import { useMemo } from 'react';
import { languageOf } from '../strings/strings';
import { type Settings, useSettings } from './settings';

const KM_PER_MILE = 1.609344;
/** Places whose people measure roads in miles. */
const MILE_REGIONS = new Set(['US', 'GB', 'LR', 'MM']);

export interface Format {
  /** The IANA name of the zone that all times are in. */
  timeZone: string;
  /** The zone as people write it, at this moment: `GMT+7`, `WIB`. */
  zone: (atMs?: number) => string;
  /** `07:42`. */
  clock: (atMs: number) => string;
  /** `07:42:05`. */
  clockSeconds: (atMs: number) => string;
  /** `30 Nov`. */
  day: (atMs: number) => string;
  /** `30 Nov, 07:42`; the clock alone if it is today. */
  moment: (atMs: number, nowMs?: number) => string;
  number: (value: number, digits?: number) => string;
  distance: (km: number) => string;
  speed: (kmh: number) => string;
  speedUnit: string;
  /** A duration in minutes: `1 h 20 min`. */
  minutes: (minutes: number) => string;
  /** The day of a moment in this zone, as `2026-11-30`. */
  dayKey: (atMs: number) => string;
}

export function useFormat(): Format {
  const settings = useSettings();
  return useMemo(() => formatOf(settings, navigator.language), [settings]);
}

export function formatOf(settings: Settings, browserLocale: string): Format {
  const language = languageOf(settings);
  // `en-IN` keeps its region's habits; another language than the browser's has none.
  const locale = browserLocale.startsWith(language) ? browserLocale : language;
  const timeZone = settings.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC';
  const usesMiles = (settings.units ?? (MILE_REGIONS.has(regionOf(locale)) ? 'mi' : 'km')) === 'mi';
  const dates = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { timeZone, ...options });
  const clock = dates({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const clockSeconds = dates({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const day = dates({ day: 'numeric', month: 'short' });
  const zoneName = dates({ timeZoneName: 'short' });
  const key = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const decimal = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const hour = language === 'id' ? 'j' : 'h';
  const minute = language === 'id' ? 'mnt' : 'min';

  const format: Format = {
    timeZone,
    zone: (atMs = Date.now()) =>
      zoneName.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? timeZone,
    clock: (atMs) => clock.format(atMs),
    clockSeconds: (atMs) => clockSeconds.format(atMs),
    day: (atMs) => day.format(atMs),
    moment: (atMs, nowMs = Date.now()) =>
      key.format(atMs) === key.format(nowMs) ? clock.format(atMs) : `${day.format(atMs)}, ${clock.format(atMs)}`,
    number: (value, digits = 0) => (digits === 0 ? whole : decimal).format(value),
    distance: (km) => {
      const value = usesMiles ? km / KM_PER_MILE : km;
      return `${(value < 100 ? decimal : whole).format(value)} ${usesMiles ? 'mi' : 'km'}`;
    },
    speed: (kmh) => `${whole.format(usesMiles ? kmh / KM_PER_MILE : kmh)} ${usesMiles ? 'mph' : 'km/h'}`,
    speedUnit: usesMiles ? 'mph' : 'km/h',
    minutes: (minutes) => {
      const total = Math.round(minutes);
      if (total < 60) return `${whole.format(total)} ${minute}`;
      const rest = total % 60;
      return rest === 0
        ? `${whole.format(total / 60)} ${hour}`
        : `${whole.format(Math.floor(total / 60))} ${hour} ${rest} ${minute}`;
    },
    dayKey: (atMs) => key.format(atMs),
  };
  return format;
}

function regionOf(locale: string): string {
  try {
    return new Intl.Locale(locale).region ?? '';
  } catch {
    return '';
  }
}
