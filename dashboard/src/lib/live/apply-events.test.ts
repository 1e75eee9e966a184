import type { EventFrame } from '@milepost/client';
import { QueryClient } from '@tanstack/react-query';
import { afterEach, expect, it, vi } from 'vitest';
import { applyEvents } from './apply-events';

afterEach(() => {
  vi.useRealTimers();
});

it('reads_again_at_once_what_events_have_changed_once_for_many_of_them_and_all_after_a_gap', () => {
  vi.useFakeTimers();
  const queries = new QueryClient();
  const read: unknown[] = [];
  vi.spyOn(queries, 'invalidateQueries').mockImplementation(async (filters) => {
    read.push(filters?.queryKey?.[0]);
  });
  let tell: (event: EventFrame | null) => void = () => undefined;
  const onEvent = (listener: typeof tell) => {
    tell = listener;
    return () => undefined;
  };
  const stop = applyEvents({ onEvent }, queries);
  const event = (type: string): EventFrame => ({ type, data: {}, cadetId: null, eventId: 1, isReplayed: false });
  for (let count = 0; count < 500; count++) tell(event('alert'));
  tell(event('of_another_application'));
  vi.advanceTimersByTime(0);
  expect(read).toEqual(['alerts']);
  tell(event('alert'));
  vi.advanceTimersByTime(1_000);
  expect(read).toEqual(['alerts']);
  vi.advanceTimersByTime(1_000);
  expect(read).toEqual(['alerts', 'alerts']);
  vi.runAllTimers();
  tell(null);
  vi.runAllTimers();
  expect(read).toEqual(expect.arrayContaining(['trips', 'cadets', 'notifications']));
  stop();
});
