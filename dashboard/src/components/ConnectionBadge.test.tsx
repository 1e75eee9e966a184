// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { PageConnection } from '../lib/live/connection-state';
import { renderWith } from '../testing/render';
import { ConnectionBadge } from './ConnectionBadge';

describe('the badge of a connection', () => {
  it.each<[PageConnection, string, boolean]>([
    ['connected', 'Live', false],
    ['connecting', 'Connecting', false],
    ['disconnected', 'Offline', true],
    ['error', 'Error', true],
  ])('in state %s says %s, and offers to try again: %s', (state, word, canRetry) => {
    renderWith({}, <ConnectionBadge state={state} onRetry={() => undefined} />);
    expect(screen.getByRole('status').textContent).toBe(word);
    expect(screen.queryAllByRole('button', { name: 'Try now' })).toHaveLength(canRetry ? 1 : 0);
  });

  it('tries again when asked', () => {
    let retries = 0;
    renderWith({}, <ConnectionBadge state="disconnected" onRetry={() => (retries += 1)} />);
    fireEvent.click(screen.getByRole('button', { name: 'Try now' }));
    expect(retries).toBe(1);
  });
});
