// @vitest-environment happy-dom
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeSocket, fakePlatform } from '../../testing/fake-socket.js';
import {
  type DeliveryHook,
  type TrackingSocketHook,
  type UseTrackingSocketOptions,
  useDelivery,
  useTrackingSocket,
} from '../src/react/index.js';

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

let root: Root;
beforeEach(() => {
  root = createRoot(document.createElement('div'));
  localStorage.clear();
});
afterEach(() => act(() => root.unmount()));

const tracking = {} as { hook: TrackingSocketHook };
function Tracking(options: UseTrackingSocketOptions) {
  tracking.hook = useTrackingSocket(options);
  return null;
}

function renderTracking(options: UseTrackingSocketOptions): { hook: TrackingSocketHook } {
  act(() => root.render(<Tracking {...options} />));
  return tracking;
}

const location = {
  type: 'location_update',
  driver_id: '5',
  location: { lat: 28.6, lng: 77.2, address: 'Delhi' },
  parcel_id: 12,
};

describe('useTrackingSocket', () => {
  it('connects with the token of localStorage and returns the same values as the published hook', () => {
    localStorage.setItem('access_token', 'kept');
    const seen: unknown[] = [];
    const held = renderTracking({
      parcelId: 12,
      serverUrl: 'http://host',
      onLocationUpdate: (place, driverId) => seen.push([place.address, driverId]),
      onConnectionChange: (state) => seen.push(state),
      onError: (error) => seen.push(error.message),
      platform: fakePlatform(),
    });
    expect(FakeSocket.last.url).toBe('ws://host/ws/tracking/?parcel_id=12&token=kept');
    expect(held.hook.connectionState).toBe('connecting');
    act(() => FakeSocket.last.onopen?.());
    act(() => FakeSocket.last.hear(location));
    act(() => FakeSocket.last.hear({ ...location, parcel_id: 13 }));
    act(() => FakeSocket.last.hear({ type: 'error', message: 'no' }));
    expect(held.hook.connectionState).toBe('connected');
    expect(held.hook.driverLocation).toMatchObject({ lat: 28.6, lng: 77.2, address: 'Delhi', driverId: '5' });
    expect(seen).toEqual(['connecting', 'connected', ['Delhi', '5'], 'no']);
  });

  it('waits for connect when autoConnect is off, and stays away after disconnect', () => {
    const held = renderTracking({
      parcelId: 12,
      serverUrl: 'http://host',
      token: 'T',
      autoConnect: false,
      platform: fakePlatform(),
    });
    expect(FakeSocket.made).toHaveLength(0);
    act(() => held.hook.connect());
    expect(FakeSocket.last.url).toContain('token=T');
    act(() => held.hook.disconnect());
    expect(held.hook.connectionState).toBe('disconnected');
  });

  it('queues locations while disconnected, also over a change of the parcel', () => {
    const platform = fakePlatform();
    const held = renderTracking({ parcelId: 12, serverUrl: 'http://host', platform });
    act(() => void held.hook.sendLocationUpdate({ lat: 1, lng: 2 }));
    expect(held.hook.queuedCount).toBe(1);
    renderTracking({ parcelId: 13, serverUrl: 'http://host', platform });
    expect(held.hook.queuedCount).toBe(1);
    act(() => FakeSocket.last.onopen?.());
    expect(JSON.parse(FakeSocket.last.sent[0] ?? '')).toMatchObject({ lat: 1, lng: 2, parcel_id: 13 });
  });

  it('disconnects when the component unmounts', () => {
    renderTracking({ parcelId: 12, serverUrl: 'http://host', platform: fakePlatform() });
    act(() => root.render(null));
    expect(FakeSocket.last.closedWith).toBe(1000);
  });
});

describe('useDelivery', () => {
  it('gives the delivery, and finally the reason why the link stopped working', () => {
    const platform = fakePlatform();
    const held = {} as { hook: DeliveryHook };
    function Probe() {
      held.hook = useDelivery('TRK-001', { serverUrl: 'http://host', platform });
      return null;
    }
    act(() => root.render(<Probe />));
    act(() => FakeSocket.last.onopen?.());
    act(() =>
      FakeSocket.last.hear({
        type: 'initial_state',
        data: {
          tracking_id: 'TRK-001',
          status: 'ASSIGNED',
          current_location: null,
          dropoff: { lat: 5.6, lng: -0.1 },
          eta_seconds: null,
          updated_at: 1,
        },
      }),
    );
    expect(held.hook.delivery?.status).toBe('ASSIGNED');
    act(() => FakeSocket.last.end(1008, 'Session expired'));
    expect(held.hook).toMatchObject({ end: 'expired', connectionState: 'error' });
    expect(held.hook.delivery?.status).toBe('ASSIGNED');
  });
});
