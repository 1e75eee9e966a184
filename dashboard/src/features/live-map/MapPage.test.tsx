// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../../../clients/testing/fake-socket';
import { LiveProvider } from '../../lib/live/LiveProvider';
import { changeSettings } from '../../lib/settings/settings';
import { type Answers, CONFIG, goLive, type LiveAnswers, ME, renderWith } from '../../testing/render';
import { MapPage } from './MapPage';

vi.mock('./useFleetMap', () => ({ useFleetMap: () => ({ current: null }) })); // there is no WebGL here

const minutesAgoMs = (minutes: number) => Date.now() - minutes * 60_000;

function vehicle(id: string, label: string, license_plate: string, ageMinutes: number) {
  const place = { lat: 22.57, lon: 88.36, speed: 45, heading: 90, t: minutesAgoMs(ageMinutes) };
  return { id, kind: 'bus', label, license_plate, route: null, status: 'on_route', driver_id: null, place };
}
const VEHICLES: LiveAnswers = {
  vehicles: [{ op: 'vehicles', v: [vehicle('b1', 'Bus 7', 'WB01AB1234', 0), vehicle('b2', 'Bus 8', 'KA05', 11)] }],
};

changeSettings({ units: 'km' });
const PARENT = { ...ME, role: 'parent' };

const ANSWERS: Answers = {
  'GET /app/config.json': CONFIG,
  'GET /app/routes.geojson': { type: 'FeatureCollection', features: [] },
  'GET /api/v1/vehicles': { items: [], next: null },
};

async function show(answers: Answers = ANSWERS, live: LiveAnswers | null = VEHICLES) {
  const ended = vi.fn();
  renderWith(
    answers,
    <LiveProvider me={PARENT} onSessionEnd={ended}>
      <MapPage me={PARENT} />
    </LiveProvider>,
  );
  await screen.findByRole('searchbox');
  const hear = live ? await goLive(live) : async () => undefined;
  return { ended, socket: FakeSocket.last, hear };
}

const row = (name: string) => screen.findByRole('option', { name: new RegExp(name) });

describe('the live map', () => {
  it('narrows the list to the search, and says when nothing matches', async () => {
    await show();
    await row('Bus 7');
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'wb01ab' } });
    await vi.waitFor(() => expect(screen.queryByRole('option', { name: /Bus 8/ })).toBeNull());
    expect(
      within(screen.getByRole('listbox', { name: 'Buses' }))
        .getAllByRole('option')
        .map(({ dataset }) => dataset.vehicleId),
    ).toEqual(['b1']);
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'no such bus' } });
    expect(await screen.findByText('No bus matches.')).toBeTruthy();
  });

  it('shows a bus that has been silent for long as stale, and since when', async () => {
    await show();
    const silent = await row('Bus 8');
    expect(silent.dataset.stale).toBe('true');
    expect(within(silent).getByText(/^No signal since /)).toBeTruthy();
    expect((await row('Bus 7')).dataset.stale).toBe('false');
    expect(screen.getByText(/of 2 buses reporting/).textContent).toBe('1 of 2 buses reporting');
  });

  it('shows a vehicle as it moves', async () => {
    const { hear } = await show();
    await row('Bus 8');
    await hear({ op: 'at', p: [{ id: 'b2', lat: 22.6, lon: 88.4, speed: 33, t: minutesAgoMs(0) }] });
    expect(await screen.findByText('33 km/h')).toBeTruthy();
    expect((await row('Bus 8')).dataset.stale).toBe('false');
  });

  it('opens and closes the details by the keyboard', async () => {
    await show();
    await row('Bus 7');
    const list = screen.getByRole('listbox', { name: 'Buses' });
    fireEvent.keyDown(list, { key: 'ArrowDown' });
    fireEvent.keyDown(list, { key: 'ArrowDown' });
    fireEvent.keyDown(list, { key: 'Enter' });
    expect(screen.getByRole('region', { name: 'Details of Bus 8' }).textContent).toContain('KA05');
    fireEvent.keyDown(window, { key: 'Escape' });
    expect(screen.queryByRole('region', { name: 'Details of Bus 8' })).toBeNull();
  });

  it('ends the session when access is withdrawn', async () => {
    const { ended, hear } = await show();
    await hear({ op: 'bye', why: 'token', message: 'access was withdrawn', retry_ms: null });
    await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(1));
  });

  it('says that there is no vehicle if the user may not see any', async () => {
    const refused = { op: 'error', code: 'forbidden', message: 'you may see no vehicle', retry_ms: null };
    await show(ANSWERS, { vehicles: [refused] });
    expect(await screen.findByText('No vehicles yet. They appear here as soon as one is added.')).toBeTruthy();
  });
});
