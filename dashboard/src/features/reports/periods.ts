/** The times that are asked for most. */

import { addDays } from '../../lib/settings/days';

export const PERIODS = ['today', 'yesterday', 'week', 'month', 'lastMonth', 'days'] as const;
export type Period = (typeof PERIODS)[number];

/** The first and the last day. `days` is whatever the viewer enters. */
export function daysOf(period: Exclude<Period, 'days'>, today: string): { from: string; to: string } {
  const firstOfMonth = `${today.slice(0, 7)}-01`;
  switch (period) {
    case 'today':
      return { from: today, to: today };
    case 'yesterday':
      return { from: addDays(today, -1), to: addDays(today, -1) };
    case 'week':
      return { from: addDays(today, -6), to: today };
    case 'month':
      return { from: firstOfMonth, to: today };
    case 'lastMonth': {
      const last = addDays(firstOfMonth, -1);
      return { from: `${last.slice(0, 7)}-01`, to: last };
    }
  }
}
