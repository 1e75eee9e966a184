/** The walk of the README with a client that was generated from the OpenAPI document: it must compile, and work. */

import { strict as assert } from 'node:assert';
import createClient from 'openapi-fetch';
import type { components, paths } from './build/schema.js';

const baseUrl = process.env.MILEPOST_URL ?? '';
const asSuperadmin = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${process.env.SUPERADMIN}` } });

/** The answer's body, or a failure that shows the refusal. */
function body<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) {
    throw new Error(`${answer.response.url}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
  }
  return answer.data;
}

/** A track as JSON: the operation answers files too. */
function listed<T>(track: T): Extract<T, { items: unknown }> {
  assert(typeof track === 'object' && track !== null && 'items' in track);
  return track as Extract<T, { items: unknown }>;
}

const tenant = body(await asSuperadmin.POST('/api/v1/tenants', { body: { id: 'walk-ts', name: 'A walk' } }));
const password = 'open sesame';
const user = { username: 'ann-ts', role: 'admin', tenant: tenant.id, password } as const;
assert.equal(body(await asSuperadmin.POST('/api/v1/users', { body: user })).tenant, tenant.id);

const login = body(await asSuperadmin.POST('/api/token', { body: { username: user.username, password } }));
const asAdmin = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${login.access}` } });

const bus = { id: 'b1', kind: 'bus', label: 'Bus 1', license_plate: 'WB01AB1234', route: 'north' };
const vehicle = body(await asAdmin.POST('/api/v1/vehicles', { body: bus }));
assert.equal(vehicle.position, null);
const device = body(await asAdmin.POST('/api/v1/devices', { body: { vehicle_id: vehicle.id } }));

const asDevice = createClient<paths>({ baseUrl, headers: { 'X-Device-Key': device.key ?? '' } });
const positions: components['schemas']['NewPosition'][] = [
  { latitude: 22.5726, longitude: 88.3639, speed: 45.5, heading: 90, timestamp: '2025-01-15T10:30:45.123Z' },
  { latitude: 22.573, longitude: 88.365, timestamp: '2025-01-15T10:31:45.123Z' },
];
const header = { 'Idempotency-Key': 'a walk' };
const sent = body(await asDevice.POST('/api/v1/positions', { params: { header }, body: positions }));
assert.deepEqual(sent, { accepted: 2, duplicates: 0, rejected: [] });

const path = { id: vehicle.id };
const at = '/api/v1/vehicles/{id}/positions' as const;
const page = listed(body(await asAdmin.GET(at, { params: { path, query: { limit: 1 } } })));
assert.equal(page.items.length, 1);
assert.equal(page.items[0]?.speed, 45.5);
const cursor = page.next ?? '';
const rest = listed(body(await asAdmin.GET(at, { params: { path, query: { limit: 1, cursor } } })));
assert.equal(rest.items[0]?.latitude, 22.573);

const file = await asAdmin.GET(at, { params: { path, query: { format: 'gpx' } }, parseAs: 'text' });
assert.match(String(file.data), /<trkpt lat="22.5726" lon="88.3639">/);

const changed = body(await asAdmin.PATCH('/api/v1/vehicles/{id}', { params: { path }, body: { label: 'Bus One' } }));
assert.deepEqual([changed.label, changed.license_plate, changed.route], ['Bus One', bus.license_plate, bus.route]);

const refused = await asAdmin.GET('/api/v1/vehicles/{id}', { params: { path: { id: 'none' } } });
assert.equal(refused.error?.status, 404);
console.log('the walk in TypeScript is done');
