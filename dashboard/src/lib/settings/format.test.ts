import { describe, expect, it } from 'vitest';
import { dayBounds } from './days';
import { formatOf } from './format';

const AT = Date.parse('2026-11-30T00:42:05Z');
const settings = (change: object) => ({ language: null, timeZone: null, units: null, ...change }) as const;

describe('times', () => {
  it('are in the chosen zone, also one that is half an hour off, and name it', () => {
    const format = formatOf(settings({ language: 'en', timeZone: 'Asia/Kolkata' }), 'en-IN');
    expect([format.clock(AT), format.dayKey(AT), format.timeZone]).toEqual(['06:12', '2026-11-30', 'Asia/Kolkata']);
    expect(format.zone(AT)).toMatch(/IST|GMT\+5:30/);
  });

  it('name the day when it is another one', () => {
    const format = formatOf(settings({ language: 'en', timeZone: 'Asia/Jakarta' }), 'en-GB');
    expect(format.moment(AT, AT + 3_600_000)).toBe('07:42');
    expect(format.moment(AT, AT + 86_400_000)).toBe('30 Nov, 07:42');
  });
});

describe('a day', () => {
  it.each([
    ['2026-03-29', 'Europe/Berlin', 23],
    ['2026-10-25', 'Europe/Berlin', 25],
    ['2026-11-30', 'Asia/Kolkata', 24],
  ])('%s in %s has %i hours', (day, zone, hours) => {
    const { fromMs, toMs } = dayBounds(day, zone);
    expect((toMs - fromMs) / 3_600_000).toBe(hours);
  });

  it('begins when the clocks show midnight', () => {
    expect(new Date(dayBounds('2026-11-30', 'Asia/Kolkata').fromMs).toISOString()).toBe('2026-11-29T18:30:00.000Z');
  });
});

describe('units', () => {
  it('are miles where people use them, unless the viewer chose', () => {
    expect(formatOf(settings({ language: 'en' }), 'en-US').speed(100)).toBe('62 mph');
    expect(formatOf(settings({ language: 'en', units: 'km' }), 'en-US').distance(12.34)).toBe('12.3 km');
  });

  it('have the decimal sign of the language', () => {
    expect(formatOf(settings({ language: 'id' }), 'en-US').distance(12.34)).toBe('12,3 km');
    expect(formatOf(settings({ language: 'id' }), 'en-US').minutes(80)).toBe('1 j 20 mnt');
  });
});
