// @vitest-environment happy-dom
import { act, StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../../testing/fake-socket.js';
import {
  LiveProvider,
  useAlerts,
  useConnection,
  useLive,
  useStore,
  useVehicle,
  useVehicles,
} from '../src/live/react/index.js';
import { type FakeLive, fakeLive, vehicle } from './fake-live.js';

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

let root: Root;
let container: HTMLElement;
let fake: FakeLive;
beforeEach(async () => {
  vi.useFakeTimers();
  container = document.createElement('div');
  root = createRoot(container);
  fake = fakeLive({}, { frame: (run) => setTimeout(run, 16) });
  await fake.welcome();
});
afterEach(() => {
  act(() => root.unmount());
  fake.live.close();
  vi.useRealTimers();
});

async function render(children: React.ReactNode): Promise<void> {
  act(() =>
    root.render(
      <StrictMode>
        <LiveProvider live={fake.live}>{children}</LiveProvider>
      </StrictMode>,
    ),
  );
  await act(() => vi.advanceTimersByTimeAsync(20));
}
const hear = (...messages: object[]) => act(() => fake.hear(...messages));

describe('the hooks of the live client', () => {
  it('draw vehicles, alerts and the connection, and follow nothing once nothing is drawn', async () => {
    const drawn = { one: 0 };
    function Routes() {
      const { vehicles, status } = useVehicles({ route: ['12'] });
      return `${status}: ${vehicles.map(({ label }) => label).join(' ')}; `;
    }
    function One({ id }: { id: string }) {
      drawn.one += 1;
      return `${id} at ${useVehicle(id)?.place?.lat}; `;
    }
    function Alerts() {
      const trips = useStore(useLive().trips());
      return `${useAlerts().items.length} alerts, ${trips.items.length} trips, ${useConnection().state}`;
    }
    const page = [<Routes key="r" />, <One key="o" id="b" />, <Alerts key="a" />];
    await render(page);
    expect(container.textContent).toBe('loading: ; b at undefined; 0 alerts, 0 trips, live');
    const vehicles = fake.sent().find(({ to }) => to === 'vehicles');
    expect(vehicles).toMatchObject({ ids: ['b'], routes: ['12'] });
    const b = vehicle('b', { route: null, place: { lat: 5, lon: 6, t: 7 } });
    await hear({ op: 'vehicles', v: [vehicle('a'), b] }, { op: 'ready', s: vehicles?.s, count: 2 });
    expect(container.textContent).toBe('live: a; b at 5; 0 alerts, 0 trips, live');
    const before = drawn.one;
    await hear({ op: 'at', p: [{ id: 'a', lat: 9, lon: 9, t: 9 }] });
    expect(drawn.one).toBe(before);
    await render(page);
    expect(fake.sent().filter(({ to }) => to === 'vehicles')).toHaveLength(1);
    FakeSocket.last.end(1006);
    await act(() => vi.advanceTimersByTimeAsync(20));
    expect(container.textContent).toBe('stale: a; b at 5; 0 alerts, 0 trips, waiting');
    await act(() => vi.advanceTimersByTimeAsync(1_000));
    await act(() => fake.welcome());
    await render(null);
    await act(() => vi.advanceTimersByTimeAsync(1_100));
    expect(fake.sent().filter(({ op }) => op === 'unsub')).toHaveLength(3);
  });

  it('change what they follow with their filter', async () => {
    function One({ id }: { id: string }) {
      return `${useVehicle(id)?.label}`;
    }
    await render(<One id="a" />);
    await hear({ op: 'vehicles', v: [vehicle('a')] }, { op: 'ready', s: 1, count: 1 });
    expect(container.textContent).toBe('a');
    await render(<One id="b" />);
    await hear({ op: 'vehicles', v: [vehicle('b')] }, { op: 'ready', s: 2, count: 2 });
    expect(container.textContent).toBe('b');
  });

  it('ask for a provider', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    function Lost() {
      return useConnection().state;
    }
    expect(() => act(() => root.render(<Lost />))).toThrow('LiveProvider');
    error.mockRestore();
  });
});
