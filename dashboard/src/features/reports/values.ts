/** How a report's values are written, in the report's own zone. */

import { useMemo } from 'react';
import { type Format, formatOf } from '../../lib/settings/format';
import { useSettings } from '../../lib/settings/settings';
import { type Text, useText } from '../../lib/strings/strings';
import type { Form, Value } from './api/reports';

const KM_PER_MILE = 1.609344;

export interface Writer {
  format: Format;
  column: (key: string) => string;
  value: (key: string, form: Form, value: Value) => string;
  day: (day: string) => string;
  /** A number of the chart in the viewer's units, and what follows it. */
  scaled: (key: string, form: Form, value: number) => number;
  unit: (key: string, form: Form) => string;
}

export function useWriter(timeZone: string): Writer {
  const t = useText();
  const settings = useSettings();
  return useMemo(() => {
    const format = formatOf({ ...settings, timeZone }, navigator.language);
    const days = formatOf({ ...settings, timeZone: 'UTC' }, navigator.language);
    return writerOf(t, format, days);
  }, [t, settings, timeZone]);
}

function writerOf(t: Text, format: Format, days: Format): Writer {
  const usesMiles = format.speedUnit === 'mph';
  const day = (text: string) => days.day(Date.parse(`${text}T00:00:00Z`));
  const words = t.reports.columns as Record<string, string>;
  const number = (key: string, value: number) => {
    if (key === 'distance_km') return format.distance(value);
    if (key.endsWith('_kmh')) return format.speed(value);
    if (key.endsWith('_percent')) return `${format.number(value, 1)} %`;
    if (key.endsWith('_l')) return `${format.number(value, 1)} l`;
    return format.number(value, Number.isInteger(value) ? 0 : 1);
  };
  return {
    format,
    day,
    column: (key) => words[key] ?? key,
    value: (key, form, value) => {
      if (value === null) return '–';
      if (form === 'day') return day(String(value));
      if (form === 'time')
        return `${format.day(Date.parse(String(value)))}, ${format.clock(Date.parse(String(value)))}`;
      if (form === 'seconds') {
        const seconds = Number(value);
        return seconds < 60 ? t.reports.seconds(seconds) : format.minutes(seconds / 60);
      }
      if (form === 'number') return number(key, Number(value));
      return (t.reports.words as Record<string, string>)[String(value)] ?? String(value);
    },
    scaled: (key, form, value) => {
      if (form === 'seconds') return value / 3_600;
      return usesMiles && /_km$|_kmh$/.test(key) ? value / KM_PER_MILE : value;
    },
    unit: (key, form) => {
      if (form === 'seconds') return t.reports.hours;
      if (key === 'distance_km') return usesMiles ? 'mi' : 'km';
      if (key.endsWith('_percent')) return '%';
      return key.endsWith('_l') ? 'l' : '';
    },
  };
}
