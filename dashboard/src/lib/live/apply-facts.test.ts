import { QueryClient } from '@tanstack/react-query';
import { afterEach, expect, it, vi } from 'vitest';
import { applyFacts } from './apply-facts';
import type { LiveFact } from './live-client';

afterEach(() => {
  vi.useRealTimers();
});

it('reads_again_at_once_what_facts_have_changed_once_for_many_of_them_and_all_after_a_gap', () => {
  vi.useFakeTimers();
  const queries = new QueryClient();
  const read: unknown[] = [];
  vi.spyOn(queries, 'invalidateQueries').mockImplementation(async (filters) => {
    read.push(filters?.queryKey?.[0]);
  });
  let tell: (fact: LiveFact | null) => void = () => undefined;
  const onFact = (listener: typeof tell) => {
    tell = listener;
    return () => undefined;
  };
  const stop = applyFacts({ onFact }, queries);
  const fact = (type: string): LiveFact => ({ type, data: {} });
  for (let count = 0; count < 500; count++) tell(fact('alert.raised'));
  tell(fact('of_another_application'));
  vi.advanceTimersByTime(0);
  expect(read).toEqual(['alerts']);
  tell(fact('alert.raised'));
  vi.advanceTimersByTime(1_000);
  expect(read).toEqual(['alerts']);
  vi.advanceTimersByTime(1_000);
  expect(read).toEqual(['alerts', 'alerts']);
  vi.runAllTimers();
  tell(null);
  vi.runAllTimers();
  expect(read).toEqual(expect.arrayContaining(['trips', 'cadets', 'notifications', 'fences']));
  stop();
});
