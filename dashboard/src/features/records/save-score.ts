/** Saves one score without overwriting what somebody else has entered meanwhile. */

import { ApiError, type Versioned } from '../../lib/api/request';
import type { Cadet, ScoreName } from './api/cadets';

/** Other fields of the cadet may change while this one is saved; then it is tried again. */
const MAX_TRIES = 5;

export interface ScoreServer {
  read: (id: number) => Promise<Versioned<Cadet>>;
  write: (id: number, change: Partial<Record<ScoreName, number | null>>, etag: string | null) => Promise<Cadet>;
}

export type Saved = { kind: 'saved'; cadet: Cadet } | { kind: 'conflict'; theirs: number | null };

/** `base` is the value that the user saw. If the server has another one by now, nothing is written and it is returned. */
export async function saveScore(
  server: ScoreServer,
  id: number,
  name: ScoreName,
  base: number | null,
  value: number | null,
): Promise<Saved> {
  for (let tries = 1; ; tries++) {
    const { value: cadet, etag } = await server.read(id);
    if (cadet[name] === value) return { kind: 'saved', cadet };
    if (cadet[name] !== base) return { kind: 'conflict', theirs: cadet[name] };
    try {
      return { kind: 'saved', cadet: await server.write(id, { [name]: value }, etag) };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412 || tries === MAX_TRIES) throw error;
    }
  }
}

/** A score as it was typed, 0 to 100; null for an empty cell, undefined if it is no score. A comma is a decimal sign too. */
export function scoreOf(text: string): number | null | undefined {
  const trimmed = text.trim().replace(',', '.');
  if (trimmed === '') return null;
  const value = Number(trimmed);
  return Number.isFinite(value) && value >= 0 && value <= 100 ? Math.round(value * 100) / 100 : undefined;
}
