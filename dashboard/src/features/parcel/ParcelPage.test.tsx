// @vitest-environment happy-dom
import { act, fireEvent, screen } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../../../clients/testing/fake-socket';
import { type Answers, CONFIG, goLive, ME, refusal, renderWith } from '../../testing/render';
import { ParcelPage } from './ParcelPage';

vi.mock('../../lib/map/useTripMap', () => ({ useTripMap: () => null })); // there is no WebGL here

const parcel = (status: string) => ({
  id: 12,
  client_id: 9,
  driver_id: 5,
  pickup: { lat: 28.6, lng: 77.2, address: 'Connaught Place' },
  destination: { lat: 28.5, lng: 77.3, address: null },
  status,
  created_at: '2026-11-29T10:00:00.000Z',
  updated_at: '2026-11-29T10:00:00.000Z',
});
const told = (status: string) => ({ op: 'parcel', ...parcel(status) });

function answersWith(status: string): Answers {
  return {
    'GET /app/config.json': CONFIG,
    'GET /api/v1/parcels/12': parcel(status),
    'GET /api/v1/parcels/12/path': { type: 'FeatureCollection', features: [] },
  };
}

function show(answers: Answers) {
  const ended = vi.fn();
  renderWith(answers, <ParcelPage parcelId={12} me={ME} onSignOut={() => undefined} onSessionEnd={ended} />);
  return { ended };
}

const heading = async () => (await screen.findByRole('heading', { level: 1 })).textContent;
const currentStep = () => document.querySelector('[aria-current="step"]')?.textContent ?? null;

describe('the page of a parcel', () => {
  it.each([
    ['pending', 'Waiting for a driver', 'Entered'],
    ['assigned', 'A driver will fetch it', 'Driver assigned'],
    ['picked_up', 'Picked up', 'Picked up'],
    ['in_transit', 'On the way', 'On the way'],
    ['out_for_delivery', 'Out for delivery', 'Out for delivery'],
    ['delivered', 'Delivered', 'Delivered'],
    ['cancelled', 'Cancelled', null],
    ['held_at_customs', 'held at customs', null],
  ])('in status %s says «%s» at the step %s', async (status, words, step) => {
    show(answersWith(status));
    expect(await heading()).toBe(words);
    expect(currentStep()).toBe(step);
    expect(screen.getByText('Connaught Place')).toBeTruthy();
    expect(screen.getByText('28.50000, 77.30000')).toBeTruthy(); // a place without an address
  });

  it('follows a status as it changes, and says it in a message', async () => {
    const answers = answersWith('assigned');
    show(answers);
    await heading();
    const hear = await goLive({ parcel: [told('assigned')] });
    expect(screen.getByRole('log').textContent).toBe('');
    Object.assign(answers, answersWith('picked_up'));
    await hear(told('picked_up'));
    await vi.waitFor(async () => expect(await heading()).toBe('Picked up'));
    expect(screen.getByRole('log').textContent).toBe('Picked up');
  });

  it('has after a lost connection what it missed', async () => {
    const answers = answersWith('assigned');
    show(answers);
    await heading();
    await goLive({ parcel: [told('assigned')] });
    Object.assign(answers, answersWith('out_for_delivery'));
    act(() => FakeSocket.last.end(1006));
    fireEvent.click(await screen.findByRole('button', { name: 'Try now' }));
    await goLive({ parcel: [told('out_for_delivery')] });
    await vi.waitFor(async () => expect(await heading()).toBe('Out for delivery'));
  });

  it('stays while the server is away, but not when the parcel is no longer this user’s', async () => {
    const answers = answersWith('in_transit');
    show(answers);
    await heading();
    answers['GET /api/v1/parcels/12'] = refusal(503, 'the database is away');
    const hear = await goLive({ parcel: [told('in_transit')] });
    expect(await heading()).toBe('On the way');
    answers['GET /api/v1/parcels/12'] = refusal(404, 'no such parcel');
    await hear({ op: 'error', s: 1, code: 'forbidden', message: 'not yours', retry_ms: null });
    expect(await screen.findByText('This parcel can’t be shown')).toBeTruthy();
  });

  it.each([
    [404, 'This parcel can’t be shown'],
    [403, 'This parcel can’t be shown'],
  ])('is not shown after %i, and opens no socket', async (status, title) => {
    show({ ...answersWith('assigned'), 'GET /api/v1/parcels/12': refusal(status, 'no') });
    expect(await screen.findByText(title)).toBeTruthy();
    expect(FakeSocket.made).toHaveLength(0);
  });

  it('leads to the login when the session has ended', async () => {
    const { ended } = show({ ...answersWith('assigned'), 'GET /api/v1/parcels/12': refusal(401, 'no session') });
    await vi.waitFor(() => expect(ended).toHaveBeenCalled());
  });
});
