import { describe, expect, it } from 'vitest';
import { ApiError } from '../../lib/api/request';
import type { Cadet } from './api/cadets';
import { type ScoreServer, saveScore, scoreOf } from './save-score';

/** A server with one cadet, whose version counts up with each change. */
function server(scores: Partial<Cadet>) {
  const cadet = { id: 1, prelim_score: null, midterm_score: null, final_score: null, ...scores } as Cadet;
  const state = { cadet, version: 1, beforeWrite: (): void => undefined };
  const change = (values: Partial<Cadet>) => {
    state.cadet = { ...state.cadet, ...values };
    state.version += 1;
  };
  const api: ScoreServer = {
    read: async () => ({ value: state.cadet, etag: String(state.version) }),
    write: async (_, values, etag) => {
      state.beforeWrite();
      if (etag !== String(state.version)) throw new ApiError(412, 'another version');
      change(values);
      return state.cadet;
    },
  };
  return { state, change, api };
}

describe('saving a score', () => {
  it('writes what was seen and changed', async () => {
    const { api, state } = server({ prelim_score: 80 });
    expect((await saveScore(api, 1, 'prelim_score', 80, 85)).kind).toBe('saved');
    expect(state.cadet.prelim_score).toBe(85);
  });

  it('never overwrites what somebody else entered', async () => {
    const { api, state } = server({ prelim_score: 90 });
    expect(await saveScore(api, 1, 'prelim_score', 80, 85)).toEqual({ kind: 'conflict', theirs: 90 });
    expect(state.cadet.prelim_score).toBe(90);
  });

  it('tries again when only another field has changed in between', async () => {
    const { api, state, change } = server({ prelim_score: 80 });
    state.beforeWrite = () => {
      state.beforeWrite = () => undefined;
      change({ midterm_score: 70 });
    };
    expect((await saveScore(api, 1, 'prelim_score', 80, 85)).kind).toBe('saved');
    expect(state.cadet).toMatchObject({ prelim_score: 85, midterm_score: 70 });
  });

  it('notices a change of the same field in between', async () => {
    const { api, state, change } = server({ prelim_score: 80 });
    state.beforeWrite = () => change({ prelim_score: 91 });
    expect(await saveScore(api, 1, 'prelim_score', 80, 85)).toEqual({ kind: 'conflict', theirs: 91 });
  });
});

it.each([
  ['', null],
  [' 85,5 ', 85.5],
  ['100', 100],
  ['100.1', undefined],
  ['-1', undefined],
  ['abc', undefined],
])('%j is the score %s', (text, score) => expect(scoreOf(text)).toBe(score));
