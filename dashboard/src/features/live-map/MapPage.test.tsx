// @vitest-environment happy-dom
import { act, fireEvent, screen, within } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../../../clients/testing/fake-socket';
import { LiveProvider } from '../../lib/live/LiveProvider';
import { changeSettings } from '../../lib/settings/settings';
import { type Answers, CONFIG, ME, refusal, renderWith } from '../../testing/render';
import { MapPage } from './MapPage';

vi.mock('./useFleetMap', () => ({ useFleetMap: () => ({ current: null }) })); // there is no WebGL here

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

function vehicle(id: string, label: string, plate: string, ageMinutes: number) {
  const position = { vehicle_id: id, latitude: 22.57, longitude: 88.36, speed: 45, heading: 90 };
  return {
    id,
    kind: 'bus',
    label,
    license_plate: plate,
    status: 'on_route',
    position: { ...position, timestamp: minutesAgo(ageMinutes) },
  };
}

changeSettings({ units: 'km' });
const PARENT = { ...ME, role: 'parent' };

const ANSWERS: Answers = {
  'GET /app/config.json': CONFIG,
  'GET /app/routes.geojson': { type: 'FeatureCollection', features: [] },
  'GET /api/v1/vehicles': { items: [vehicle('b1', 'Bus 7', 'WB01AB1234', 0), vehicle('b2', 'Bus 8', 'KA05', 11)] },
};

async function show(answers: Answers = ANSWERS) {
  const ended = vi.fn();
  renderWith(
    answers,
    <LiveProvider me={PARENT} onSessionEnd={ended}>
      <MapPage me={PARENT} />
    </LiveProvider>,
  );
  await screen.findByRole('searchbox');
  return { ended, socket: FakeSocket.last };
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

  it('shows locations from the socket and the number of viewers', async () => {
    const { socket } = await show();
    await row('Bus 8');
    act(() => {
      socket.onopen?.();
      const data = { bus_id: 'b2', license_plate: 'KA05', latitude: 22.6, longitude: 88.4, speed: 33, heading: 0 };
      socket.hear({ type: 'location_update', data: { ...data, status: 'on_route', timestamp: minutesAgo(0) } });
      socket.hear({ type: 'presence', data: { viewing: 3 } });
    });
    expect(await screen.findByText('33 km/h')).toBeTruthy();
    expect(screen.getByText('3 viewing now')).toBeTruthy();
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

  it.each([
    ['access is withdrawn', 1008, {}],
    ['the handshake is refused without a session', 1006, { 'GET /auth/me': refusal(401, 'no session') }],
  ])('ends the session when %s', async (_, code, answers: Answers) => {
    const { ended, socket } = await show({ ...ANSWERS, ...answers });
    await act(async () => socket.end(code));
    await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(1));
  });

  it('works without the list if the user may not read it', async () => {
    await show({ ...ANSWERS, 'GET /api/v1/vehicles': refusal(403, 'not allowed') });
    expect(await screen.findByText('No vehicles yet. They appear here as soon as one is added.')).toBeTruthy();
  });
});
