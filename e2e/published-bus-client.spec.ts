import { expect, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';
import { signIn } from './browser';

// The bus dialect's published JavaScript client, unchanged. The page must define its updateBusMarker and connectWebSocket.
const PUBLISHED_CLIENT = `
// Connect to WebSocket
const protocol = window.location.protocol === 'https:' ? 'wss:' : 'ws:';
const wsUrl = \`\${protocol}//\${window.location.host}/ws/bus-tracking/\`;
const socket = new WebSocket(wsUrl);

// Handle connection
socket.onopen = function(e) {
    console.log('[WebSocket] Connected');
};

// Receive location updates
socket.onmessage = function(event) {
    const message = JSON.parse(event.data);

    if (message.type === 'location_update') {
        updateBusMarker(message.data);
    }
};

// Handle disconnection
socket.onclose = function(event) {
    console.log('[WebSocket] Disconnected, reconnecting...');
    setTimeout(connectWebSocket, 5000);  // Reconnect after 5s
};

// Handle errors
socket.onerror = function(error) {
    console.error('[WebSocket] Error:', error);
};
`;

interface ObservedPage {
  received: Record<string, unknown>[];
}

test('the published client connects as it stands and receives the last and the live positions', async ({ page }) => {
  const milepost = await Milepost.start();
  try {
    const kiosk = await milepost.addKiosk('Bus 1', 'WB01AB1234');
    await milepost.ping(kiosk, 22.5726, 88.3639, 45.5, 90);
    await signIn(page, milepost);

    const lines: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    await page.evaluate(() => {
      const observed: ObservedPage & Record<string, unknown> = { received: [] };
      Object.assign(window, {
        observed,
        updateBusMarker: (data: Record<string, unknown>) => observed.received.push(data),
        connectWebSocket: () => undefined,
      });
    });
    await page.evaluate(PUBLISHED_CLIENT);

    const received = () => page.evaluate(() => (window as unknown as { observed: ObservedPage }).observed.received);
    await expect.poll(async () => (await received()).length).toBe(1);
    expect((await received())[0]).toMatchObject({
      bus_id: kiosk.vehicleId,
      license_plate: 'WB01AB1234',
      latitude: 22.5726,
      longitude: 88.3639,
      speed: 45.5,
      heading: 90,
      status: 'on_route',
    });
    expect(lines).toContain('[WebSocket] Connected');

    await milepost.ping(kiosk, 22.573, 88.365, 40, 91);
    await expect.poll(async () => (await received()).at(-1)?.latitude).toBe(22.573);
    expect(String((await received()).at(-1)?.timestamp)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  } finally {
    await milepost.remove();
  }
});
