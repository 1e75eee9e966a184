// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import type { ParcelStatus } from '../../lib/parcels';
import { type Answers, refusal, renderWith } from '../../testing/render';
import { ParcelCard } from './ParcelCard';

function show(status: ParcelStatus, answers: Answers = {}) {
  const seen = { changed: vi.fn(async () => undefined), problems: [] as string[] };
  const place = { lat: 28.6, lng: 77.2, address: 'Connaught Place' };
  const times = { created_at: '2026-11-29T10:00:00.000Z', updated_at: '2026-11-29T10:00:00.000Z' };
  const parcel = { id: 12, client_id: 9, driver_id: 5, pickup: place, destination: place, status, ...times };
  renderWith(
    answers,
    <ParcelCard parcel={parcel} onChanged={seen.changed} onProblem={(text) => seen.problems.push(text)} />,
  );
  return seen;
}

describe("a card of the driver's parcels", () => {
  it.each<[ParcelStatus, string]>([
    ['assigned', 'I have it'],
    ['picked_up', 'I am on the way'],
    ['in_transit', 'It is delivered'],
    ['out_for_delivery', 'It is delivered'],
  ])('in status %s offers «%s»', (status, step) => {
    show(status);
    expect(screen.getByRole('button').textContent).toBe(`${step}: parcel 12`);
  });

  it('offers nothing before a driver is assigned', () => {
    show('pending');
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('reads the list again after the change', async () => {
    const seen = show('assigned', { 'PATCH /api/v1/parcels/12': {} });
    fireEvent.click(screen.getByRole('button'));
    await vi.waitFor(() => expect(seen.changed).toHaveBeenCalledTimes(1));
    expect(seen.problems).toEqual([]);
  });

  it('reports a refusal and lets the driver try again', async () => {
    const seen = show('assigned', { 'PATCH /api/v1/parcels/12': refusal(409, 'it was cancelled') });
    fireEvent.click(screen.getByRole('button'));
    await vi.waitFor(() => expect(seen.problems).toEqual(['it was cancelled']));
    expect(seen.changed).not.toHaveBeenCalled();
    expect(screen.getByRole('button').hasAttribute('disabled')).toBe(false);
  });
});
