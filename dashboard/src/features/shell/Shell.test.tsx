// @vitest-environment happy-dom
import { act, fireEvent, screen } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../../../clients/testing/fake-socket';
import { LiveProvider } from '../../lib/live/LiveProvider';
import { type Answers, goLive, ME, renderWith } from '../../testing/render';
import { Shell } from './Shell';

const PARENT = { ...ME, role: 'parent' };
const ANSWERS: Answers = { 'GET /api/v1/vehicles': { items: [], next: null } };

async function show() {
  renderWith(
    ANSWERS,
    <LiveProvider me={PARENT} onSessionEnd={() => undefined}>
      <Shell me={PARENT} onSignOut={() => undefined}>
        <h1>Page</h1>
      </Shell>
    </LiveProvider>,
  );
  await screen.findByText('Page');
  return FakeSocket.last;
}

describe('the frame', () => {
  it('says nothing of the connection while it is there', async () => {
    await show();
    await goLive();
    expect(screen.queryByRole('status')).toBeNull();
  });

  it('is offline with a button when the connection drops, and connects when it is pressed', async () => {
    const socket = await show();
    await goLive();
    act(() => socket.end(1006));
    expect((await screen.findByRole('status')).textContent).toBe('Offline');
    fireEvent.click(screen.getByRole('button', { name: 'Try now' }));
    expect(FakeSocket.last).not.toBe(socket);
    await vi.waitFor(() => expect(screen.getByRole('status').textContent).toBe('Connecting'));
  });

  it('offers a parent the pages of a parent', async () => {
    await show();
    const names = screen.getAllByRole('link').map(({ textContent }) => textContent);
    expect(names).toContain('My vehicles');
    expect(names).not.toContain('Trips');
  });
});
