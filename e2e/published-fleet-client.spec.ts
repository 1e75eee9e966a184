import { type Browser, expect, type LaunchOptions, type Page, test } from '@playwright/test';
import { Milepost } from '../clients/testing/milepost';

// The fleet dialect's published JavaScript class, unchanged. The page must define updateVehicleLocation, updateDashboard and showAlert.
const PUBLISHED_CLASS = `
class FleetTrackerWebSocket {
    constructor(companyId, userId) {
        this.companyId = companyId;
        this.userId = userId;
        this.ws = null;
        this.reconnectAttempts = 0;
        this.maxReconnectAttempts = 5;
    }
    
    connect() {
        const url = \`ws://localhost:8080/ws/tracking?company_id=\${this.companyId}&user_id=\${this.userId}\`;
        this.ws = new WebSocket(url);
        
        this.ws.onopen = () => {
            console.log('Connected to FleetTracker Pro');
            this.reconnectAttempts = 0;
        };
        
        this.ws.onmessage = (event) => {
            this.handleMessage(JSON.parse(event.data));
        };
        
        this.ws.onclose = () => {
            this.handleReconnect();
        };
        
        this.ws.onerror = (error) => {
            console.error('WebSocket error:', error);
        };
    }
    
    handleMessage(message) {
        switch(message.type) {
            case 'vehicle_location_update':
                this.updateVehicleLocation(message.data);
                break;
            case 'alert':
                this.showAlert(message.data);
                break;
            case 'fleet_dashboard_update':
                this.updateDashboard(message.data);
                break;
        }
    }
    
    handleReconnect() {
        if (this.reconnectAttempts < this.maxReconnectAttempts) {
            this.reconnectAttempts++;
            setTimeout(() => this.connect(), 1000 * this.reconnectAttempts);
        }
    }
}
`;

// The published functions that show statistics and alerts, unchanged.
const PUBLISHED_PAGE_FUNCTIONS = `
function updateDashboard(data) {
    document.getElementById('active-vehicles').textContent = data.active_vehicles;
    document.getElementById('total-trips').textContent = data.total_trips;
    document.getElementById('distance-traveled').textContent = data.distance_traveled.toFixed(2);
    document.getElementById('fuel-consumed').textContent = data.fuel_consumed.toFixed(2);
    document.getElementById('utilization-rate').textContent = data.utilization_rate.toFixed(1) + '%';
    document.getElementById('cost-per-km').textContent = 'IDR ' + data.cost_per_km.toFixed(0);
}

function showAlert(alert) {
    const notification = document.createElement('div');
    notification.className = \`alert alert-\${alert.severity}\`;
    notification.innerHTML = \`
        <h4>\${alert.title}</h4>
        <p>\${alert.message}</p>
        <button onclick="markAlertAsRead('\${alert.id}')">Mark as Read</button>
    \`;
    
    document.getElementById('alerts-container').appendChild(notification);
    
    // Auto-remove after 10 seconds
    setTimeout(() => {
        notification.remove();
    }, 10000);
}
`;

// The page's part: the methods that the class lacks, and a list of everything that its handler gets.
const PAGE = `
const observed = { received: [], places: [] };
FleetTrackerWebSocket.prototype.updateVehicleLocation = (data) => observed.places.push(data);
FleetTrackerWebSocket.prototype.updateDashboard = updateDashboard;
FleetTrackerWebSocket.prototype.showAlert = showAlert;
class WatchedWebSocket extends FleetTrackerWebSocket {
    handleMessage(message) {
        observed.received.push(message);
        super.handleMessage(message);
    }
}
for (const id of ['active-vehicles', 'total-trips', 'distance-traveled', 'fuel-consumed', 'utilization-rate', 'cost-per-km', 'alerts-container']) {
    document.body.append(Object.assign(document.createElement('div'), { id }));
}
`;

/** The address that is fixed in the class. */
const PUBLISHED_ORIGIN = 'http://localhost:8080';

interface Message {
  type: string;
  data: Record<string, unknown>;
  company_id: string;
  event_id?: number;
}

/** A browser that finds the server at the address that the class uses. */
async function openPublishedPage(
  launch: (options: LaunchOptions) => Promise<Browser>,
  options: LaunchOptions,
  milepost: Milepost,
): Promise<{ browser: Browser; page: Page; lines: string[] }> {
  const rule = `--host-resolver-rules=MAP localhost:8080 ${new URL(milepost.url).host}`;
  const browser = await launch({ ...options, args: [...(options.args ?? []), rule] });
  const page = await browser.newPage();
  const lines: string[] = [];
  page.on('console', (message) => lines.push(message.text()));
  await page.goto(`${PUBLISHED_ORIGIN}/health`);
  return { browser, page, lines };
}

async function connect(page: Page, company: string, user: string): Promise<void> {
  for (const content of [PUBLISHED_CLASS, PUBLISHED_PAGE_FUNCTIONS, PAGE]) await page.addScriptTag({ content });
  const made = `const client = new WatchedWebSocket(${JSON.stringify(company)}, ${JSON.stringify(user)}); client.connect();`;
  await page.addScriptTag({ content: made });
}

const received = (page: Page, type: string): Promise<Message[]> =>
  page.evaluate(`observed.received.filter((message) => message.type === ${JSON.stringify(type)})`);

/** The positions of a vehicle on the equator, one every ten seconds until now. */
function ride(vehicleId: string, parts: { seconds: number; kmh: number }[]): Record<string, unknown>[] {
  const stepMs = 10_000;
  const positions: Record<string, unknown>[] = [];
  let at = Date.now() - parts.reduce((sum, part) => sum + part.seconds, 0) * 1000;
  let metres = 0;
  for (const { seconds, kmh } of parts) {
    for (let left = seconds; left > 0; left -= stepMs / 1000) {
      metres += (kmh / 3.6) * (stepMs / 1000);
      at += stepMs;
      positions.push({
        vehicle_id: vehicleId,
        latitude: 0,
        longitude: 0.5 + metres / 111_194.9,
        speed: kmh,
        heading: 90,
        accuracy: 5,
        timestamp: at,
      });
    }
  }
  return positions;
}

test('the published class follows its company as it stands, and comes back when the server was killed', async ({
  playwright,
  launchOptions,
}) => {
  const milepost = await Milepost.start({ DASHBOARD_INTERVAL: '1s' });
  const { browser, page, lines } = await openPublishedPage(
    (options) => playwright.chromium.launch(options),
    launchOptions,
    milepost,
  );
  try {
    const driver = await milepost.addUser('dan', 'open sesame', 'driver');
    await milepost.call('POST', '/api/v1/vehicles', {
      id: 'truck',
      kind: 'truck',
      label: 'Truck',
      driver_id: driver,
      fuel_l_per_100km: 30,
      fuel_price_per_l: 2,
    });
    const centre = { type: 'Point', coordinates: [0.5 + 1500 / 111_194.9, 0] };
    const fence = await milepost.call('POST', '/api/v1/geofences', { name: 'Depot', geometry: centre, radius_m: 200 });
    const positions = ride('truck', [
      { seconds: 120, kmh: 0 },
      { seconds: 120, kmh: 60 },
      { seconds: 60, kmh: 95 },
      { seconds: 60, kmh: 60 },
      { seconds: 330, kmh: 0 },
    ]);
    const [before, after] = [positions.slice(0, 31), positions.slice(31)];

    // The class can authenticate only by the session cookie.
    const user = await page.evaluate(
      async (login) => {
        await fetch('/auth/login', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(login),
        });
        return String(((await (await fetch('/auth/me')).json()) as { id: number }).id);
      },
      { username: milepost.username, password: milepost.password },
    );
    await connect(page, 'default', user);
    await expect.poll(() => received(page, 'connection_established')).toHaveLength(1);
    expect((await received(page, 'connection_established'))[0]).toMatchObject({
      company_id: 'default',
      data: { user_id: user },
    });
    await expect(page.locator('#active-vehicles')).toHaveText('0');
    expect(lines).toContain('Connected to FleetTracker Pro');

    for (const position of before) await milepost.call('POST', '/api/v1/positions', position);
    const places = (): Promise<Record<string, unknown>[]> => page.evaluate('observed.places');
    await expect
      .poll(async () => (await places()).at(-1))
      .toMatchObject({
        vehicle_id: 'truck',
        driver_id: String(driver),
        speed: 60,
        heading: 90,
        longitude: before.at(-1)?.longitude,
      });
    const trip = async () => (await received(page, 'trip_update')).at(-1)?.data;
    await expect.poll(trip).toMatchObject({ vehicle_id: 'truck', driver_id: String(driver), status: 'started' });
    const crossings = async () =>
      (await received(page, 'geofence_violation_update')).map(({ data }) => [data.geofence_id, data.violation_type]);
    await expect.poll(crossings).toEqual([
      [String(fence.id), 'enter'],
      [String(fence.id), 'exit'],
    ]);
    await expect(page.locator('#alerts-container .alert-high h4')).toHaveText('Speed violation');
    await expect(page.locator('#total-trips')).toHaveText('1');
    await page.evaluate("client.ws.send(JSON.stringify({ type: 'ping' }))");
    await expect.poll(() => received(page, 'pong')).toHaveLength(1);

    await milepost.kill();
    await expect.poll(() => page.evaluate('client.reconnectAttempts')).toBeGreaterThan(0);
    await milepost.resume();
    await expect.poll(() => received(page, 'connection_established')).toHaveLength(2);
    const length = (await places()).length;
    await milepost.call('POST', '/api/v1/positions', after);
    await expect.poll(async () => (await places()).length).toBeGreaterThan(length);
    await expect.poll(trip).toMatchObject({ vehicle_id: 'truck', status: 'completed' });
    // No message came twice, and the statistics are the trip's.
    expect((await received(page, 'alert')).filter(({ data }) => data.type === 'speed_violation')).toHaveLength(1);
    const km = Number((await trip())?.distance);
    expect(Math.abs(km - (180 * 60 + 60 * 95) / 3600)).toBeLessThan(0.15);
    await expect(page.locator('#distance-traveled')).toHaveText(km.toFixed(2));
    await expect(page.locator('#fuel-consumed')).toHaveText((km * 0.3).toFixed(2));
    await expect(page.locator('#cost-per-km')).toHaveText('IDR 1');
    await expect(page.locator('#active-vehicles')).toHaveText('1');
  } finally {
    await browser.close();
    await milepost.remove();
  }
});

test('with anonymous access the published class needs no session', async ({ playwright, launchOptions }) => {
  const milepost = await Milepost.start({ FLEET_WS_AUTH: 'optional' });
  const { browser, page } = await openPublishedPage(
    (options) => playwright.chromium.launch(options),
    launchOptions,
    milepost,
  );
  try {
    await milepost.call('POST', '/api/v1/tenants', { id: '123', name: 'Company' });
    await connect(page, '123', '456');
    await expect
      .poll(() => received(page, 'connection_established'))
      .toMatchObject([{ company_id: '123', data: { user_id: '456' } }]);
    await expect(page.locator('#cost-per-km')).toHaveText('IDR 0');
  } finally {
    await browser.close();
    await milepost.remove();
  }
});
