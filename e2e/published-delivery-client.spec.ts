import { createHmac } from 'node:crypto';
import { expect, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';

// The delivery dialect's published JavaScript client, unchanged except for the fixed address and id
// (ws://localhost:8500 and TRK-001). The page must define jwt_token and the update… functions.
const PUBLISHED_CLIENT = `
// Establish connection
const ws = new WebSocket(
  \`ws://localhost:8500/ws/tracking/TRK-001?token=\${jwt_token}\`
);

// Receive initial state
ws.onopen = () => {
  console.log("Connected to tracking");
};

// Handle messages
ws.onmessage = (event) => {
  const msg = JSON.parse(event.data);
  
  if (msg.type === "initial_state") {
    console.log("Initial:", msg.data);
    updateUI(msg.data);
  } else if (msg.type === "location_update") {
    console.log("Update:", msg.data);
    updateMapMarker(msg.data.current_location);
    updateETA(msg.data.eta_seconds);
    updateStatus(msg.data.status);
  } else if (msg.type === "error") {
    console.error("Error:", msg.message);
  }
};

// Send location update
function updateLocation(lat, lng, status) {
  ws.send(JSON.stringify({
    type: "location_update",
    location: {lat, lng, status}
  }));
}

// Keep alive
setInterval(() => {
  ws.send(JSON.stringify({type: "ping"}));
}, 30000);

// Handle disconnect
ws.onclose = () => {
  console.log("Disconnected");
  // Implement reconnection logic
};

ws.onerror = (error) => {
  console.error("WebSocket error:", error);
};
`;

const SECRET = 'a secret of the browser tests, 32 bytes and more';

interface ObservedPage {
  initial: Record<string, unknown>[];
  markers: Record<string, unknown>[];
  etas: number[];
  statuses: string[];
}

/** A token as the platform's own login issues it. */
function token(sub: string, role: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub, role, exp: Math.floor(Date.now() / 1000) + 600 })}`;
  return `${head}.${createHmac('sha256', SECRET).update(head).digest('base64url')}`;
}

async function post(url: string, rider: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${rider}` },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

test('the published client connects as it stands, follows the delivery and reports for its rider', async ({ page }) => {
  const milepost = await Milepost.start({ JWT_SECRET: SECRET });
  try {
    const rider = token('RIDER-789', 'rider');
    const session = await post(`${milepost.url}/tracking/start`, rider, {
      order_id: 'ORD-12345',
      rider_id: 'RIDER-789',
      dropoff_lat: 5.6037,
      dropoff_lng: -0.1869,
      phone: '+233501234567',
    });
    const id = String(session.tracking_id);

    const lines: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    await page.goto(`${milepost.url}/health`);
    await page.evaluate((jwt) => {
      const observed: ObservedPage = { initial: [], markers: [], etas: [], statuses: [] };
      Object.assign(window, {
        observed,
        jwt_token: jwt,
        updateUI: (data: Record<string, unknown>) => observed.initial.push(data),
        updateMapMarker: (place: Record<string, unknown>) => observed.markers.push(place),
        updateETA: (seconds: number) => observed.etas.push(seconds),
        updateStatus: (status: string) => observed.statuses.push(status),
      });
    }, rider);
    const client = PUBLISHED_CLIENT.replace('localhost:8500', new URL(milepost.url).host).replace('TRK-001', id);
    await page.addScriptTag({ content: client });

    const seen = () => page.evaluate(() => (window as unknown as { observed: ObservedPage }).observed);
    await expect.poll(async () => (await seen()).initial.length).toBe(1);
    expect((await seen()).initial[0]).toMatchObject({
      tracking_id: id,
      order_id: 'ORD-12345',
      rider_id: 'RIDER-789',
      status: 'ASSIGNED',
      current_location: null,
      dropoff: { lat: 5.6037, lng: -0.1869 },
      eta_seconds: null,
    });
    expect(lines).toContain('Connected to tracking');

    await post(`${milepost.url}/tracking/update/${id}`, rider, { lat: 5.6045, lng: -0.1875, status: 'IN_TRANSIT' });
    await expect.poll(async () => (await seen()).statuses).toEqual(['IN_TRANSIT']);
    expect((await seen()).markers[0]).toMatchObject({ lat: 5.6045, lng: -0.1875 });
    expect((await seen()).etas).toEqual([60]);

    await page.evaluate(() =>
      (window as unknown as { updateLocation: (a: number, b: number, s?: string) => void }).updateLocation(
        5.625,
        -0.1869,
      ),
    );
    await expect.poll(async () => (await seen()).etas).toEqual([60, 284]);
    await page.evaluate(() =>
      (window as unknown as { updateLocation: (a: number, b: number, s?: string) => void }).updateLocation(
        5.6037,
        -0.1869,
        'DELIVERED',
      ),
    );
    await expect.poll(async () => (await seen()).statuses.at(-1)).toBe('DELIVERED');
    await page.evaluate(() =>
      (window as unknown as { updateLocation: (a: number, b: number, s?: string) => void }).updateLocation(5.6, -0.18),
    );
    await expect.poll(() => lines.some((line) => line.startsWith('Error:'))).toBe(true);
  } finally {
    await milepost.remove();
  }
});
