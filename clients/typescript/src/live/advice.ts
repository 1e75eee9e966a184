/** Whether and when to come back after the server has ended a connection. */

import type { Bye } from './wire.js';

/**
 * - `refused`: not with the same credential and request.
 * - `token`: with another credential.
 * - A window: after a random time between these milliseconds.
 * - Null: there is no advice, so that the client's own backoff counts.
 */
export type Advice = 'refused' | 'token' | readonly [number, number] | null;

/** The longest time that is waited on advice. */
const MAX_WAIT_MS = 3_600_000;

export function adviceOfBye({ why, retry_ms }: Bye): Advice {
  if (why === 'token') return 'token';
  if (!Array.isArray(retry_ms)) return 'refused';
  const [from, to] = retry_ms.map((ms) => (ms >= 0 ? Math.min(ms, MAX_WAIT_MS) : 0));
  return [from ?? 0, Math.max(from ?? 0, to ?? 0)];
}

/** For a close without `bye`, by the ranges of close codes. */
export function adviceOfCode(code: number): Advice {
  if (code === 4001) return 'token';
  if ((code >= 4000 && code < 4100) || code === 1009) return 'refused';
  if (code >= 4100 && code < 4200) return [30_000, 60_000];
  if (code === 1008) return [10_000, 30_000];
  return code === 1012 || code === 1013 ? [1_000, 5_000] : null;
}
