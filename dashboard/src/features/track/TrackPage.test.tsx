// @vitest-environment happy-dom
import { act, screen } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../../../clients/testing/fake-socket';
import { CONFIG, renderWith } from '../../testing/render';
import { TrackPage } from './TrackPage';

vi.mock('../../lib/map/useTripMap', () => ({ useTripMap: () => null })); // there is no WebGL here

const nowSeconds = () => Math.floor(Date.now() / 1_000);
const delivery = (change: object) => ({
  type: 'initial_state',
  data: {
    tracking_id: 'TRK-1',
    order_id: 'ORD-7',
    status: 'IN_TRANSIT',
    current_location: { lat: 5.63, lng: -0.2, timestamp: nowSeconds() },
    dropoff: { lat: 5.6, lng: -0.18 },
    eta_seconds: 600,
    updated_at: nowSeconds(),
    ...change,
  },
});

function show(change: object | null): void {
  renderWith({ 'GET /app/config.json': CONFIG }, <TrackPage trackingId="TRK-1" />);
  act(() => {
    FakeSocket.last.onopen?.();
    if (change) FakeSocket.last.hear(delivery(change));
  });
}

describe('the page of a delivery', () => {
  it('shows the arrival, the step and the order', () => {
    show({});
    expect(screen.getByRole('heading').textContent).toBe('Your order is on its way');
    expect(screen.getByText('about 10 min')).toBeTruthy();
    expect(document.querySelector('[aria-current="step"]')?.textContent).toBe('On the way');
    expect(screen.getByText('Order ORD-7')).toBeTruthy();
  });

  it('shows when the rider was last seen instead of an unknown arrival', () => {
    show({ current_location: { lat: 5.63, lng: -0.2, timestamp: nowSeconds() - 200 } });
    expect(screen.getByText('Last seen 3 min ago')).toBeTruthy();
    expect(screen.queryByText(/^about/)).toBeNull();
  });

  it.each([
    ['Session expired', 'This link has ended'],
    ['Tracking not found', 'We can’t find this delivery'],
    ['Invalid token', 'This delivery can’t be shown'],
  ])('says why there is nothing to see after %s', (reason, title) => {
    show(null);
    act(() => FakeSocket.last.end(1008, reason));
    expect(screen.getByRole('heading').textContent).toBe(title);
  });

  it('keeps a delivered order when its link ends', () => {
    show({ status: 'DELIVERED' });
    act(() => FakeSocket.last.end(1008, 'Session expired'));
    expect(screen.getByRole('heading').textContent).toBe('Your order has been delivered');
  });

  it('shows that it is offline, and keeps its data', () => {
    show({});
    act(() => FakeSocket.last.end(1006));
    expect(screen.getByRole('status').textContent).toBe('Offline');
    expect(screen.getByRole('heading').textContent).toBe('Your order is on its way');
  });
});
