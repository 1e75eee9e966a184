// @vitest-environment happy-dom
import { act, screen } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../../../clients/testing/fake-socket';
import { CONFIG, goLive, renderWith } from '../../testing/render';
import { TrackPage } from './TrackPage';

vi.mock('../../lib/map/useTripMap', () => ({ useTripMap: () => null })); // there is no WebGL here

const delivery = (change: object) => ({
  op: 'delivery',
  id: 'TRK-1',
  order_id: 'ORD-7',
  status: 'IN_TRANSIT',
  place: { lat: 5.63, lng: -0.2, t: Date.now() },
  dropoff: { lat: 5.6, lng: -0.18 },
  eta_seconds: 600,
  eta: null,
  updated_at: Date.now(),
  expires_at: Date.now() + 3_600_000,
  ...change,
});

function show(change: object | null) {
  renderWith({ 'GET /app/config.json': CONFIG }, <TrackPage trackingId="TRK-1" />);
  return goLive(change ? { delivery: [delivery(change)] } : {});
}

describe('the page of a delivery', () => {
  it('shows the arrival, the step and the order', async () => {
    await show({});
    expect(screen.getByRole('heading').textContent).toBe('Your order is on its way');
    expect(screen.getByText('about 10 min')).toBeTruthy();
    expect(document.querySelector('[aria-current="step"]')?.textContent).toBe('On the way');
    expect(screen.getByText('Order ORD-7')).toBeTruthy();
  });

  it('shows when the rider was last seen instead of an unknown arrival', async () => {
    await show({ place: { lat: 5.63, lng: -0.2, t: Date.now() - 200_000 } });
    expect(screen.getByText('Last seen 3 min ago')).toBeTruthy();
    expect(screen.queryByText(/^about/)).toBeNull();
  });

  it.each([
    ['gone', 'This link has ended'],
    ['not_found', 'We can’t find this delivery'],
    ['refused', 'This delivery can’t be shown'],
  ])('says why there is nothing to see after %s', async (why, title) => {
    const hear = await show(null);
    await hear({ op: 'bye', why, message: '', retry_ms: null });
    expect((await screen.findByRole('heading')).textContent).toBe(title);
  });

  it('keeps a delivered order when its link ends', async () => {
    const hear = await show({ status: 'DELIVERED' });
    await hear({ op: 'error', s: 1, code: 'gone', message: 'the tracking session has expired', retry_ms: null });
    expect(screen.getByRole('heading').textContent).toBe('Your order has been delivered');
  });

  it('shows that it is offline, and keeps its data', async () => {
    await show({});
    act(() => FakeSocket.last.end(1006));
    await vi.waitFor(() => expect(screen.getByRole('status').textContent).toBe('Offline'));
    expect(screen.getByRole('heading').textContent).toBe('Your order is on its way');
  });
});
