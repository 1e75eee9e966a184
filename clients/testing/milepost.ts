/** A real `milepost serve` on a free port with a data folder of its own, and the calls that a test makes to it. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const BUILT = fileURLToPath(new URL('../../target/debug/milepost', import.meta.url));
const BINARY = resolve(process.env.MILEPOST_BIN ?? BUILT);
/** Whether tests against a real server can run. With CI=true a missing binary makes them fail instead of being skipped. */
export const canRun = existsSync(BINARY) || process.env.CI === 'true';
if (!canRun) console.warn(`Left out: the tests against a real server, ${BINARY} is not built.`);

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 15_000;

/** Pickup and destination of `addParcel`'s parcels, about 20 km apart. */
export const PICKUP = { lat: 28.6315, lng: 77.2167, address: 'Connaught Place, New Delhi' };
export const DESTINATION = { lat: 28.5708, lng: 77.3261, address: 'Sector 18, Noida' };

export interface Kiosk {
  vehicleId: string;
  deviceId: string;
  key: string;
}

export class Milepost {
  url = '';
  /** The first admin, whose one-time password the server prints at its first start. */
  username = '';
  password = '';
  private child: ChildProcess | null = null;
  private adminToken = '';

  private constructor(
    private readonly dataFolder: string,
    private readonly settings: Record<string, string>,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<Milepost> {
    const milepost = new Milepost(await mkdtemp(join(tmpdir(), 'milepost-test-')), settings);
    const output = await milepost.run('127.0.0.1:0', /password:\s*(\S+)/);
    milepost.username = /username:\s*(\S+)/.exec(output)?.[1] ?? '';
    milepost.password = /password:\s*(\S+)/.exec(output)?.[1] ?? '';
    return milepost;
  }

  /** Stops the server as a service manager does. The port and the data are kept. */
  halt(): Promise<void> {
    return this.end('SIGTERM');
  }

  /** kill -9. The port and the data are kept. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  async resume(): Promise<void> {
    await this.run(new URL(this.url).host, /listening on http/);
  }

  async remove(): Promise<void> {
    await this.halt();
    await rm(this.dataFolder, { recursive: true, force: true });
  }

  /** A token for a user, stored or not. */
  token(sub: string, role: string, ttl = '1h'): string {
    const env = { ...process.env, ...this.settings, MILEPOST_DATA: this.dataFolder };
    const args = ['token', '--sub', sub, '--role', role, '--ttl', ttl];
    return execFileSync(BINARY, args, { env, encoding: 'utf8' }).trim();
  }

  async addKiosk(label: string, licensePlate: string): Promise<Kiosk> {
    const bus = { kind: 'bus', label, license_plate: licensePlate, route: '12', status: 'on_route' };
    const vehicle = await this.call('POST', '/api/v1/vehicles', bus);
    const device = await this.call('POST', '/api/v1/devices', { vehicle_id: vehicle.id, name: `${label} kiosk` });
    return { vehicleId: String(vehicle.id), deviceId: String(device.id), key: String(device.key) };
  }

  /** Reports a position as a kiosk on the bus does, with its key alone. */
  async ping(kiosk: Kiosk, latitude: number, longitude: number, speed = 30, heading = 90): Promise<void> {
    const position = { latitude, longitude, speed, heading, timestamp: new Date().toISOString() };
    await this.send('POST', `/api/v1/kiosks/${kiosk.deviceId}/location/`, { 'X-Device-Key': kiosk.key }, position);
  }

  async addUser(username: string, password: string, role: string): Promise<number> {
    const user = await this.call('POST', '/api/v1/users', { username, password, role });
    return Number(user.id);
  }

  async deactivateUser(id: number): Promise<void> {
    await this.call('PATCH', `/api/v1/users/${id}`, { active: false });
  }

  async addParcel(clientId: number, driverId: number): Promise<number> {
    const parcel = { client_id: clientId, driver_id: driverId, pickup: PICKUP, destination: DESTINATION };
    return Number((await this.call('POST', '/api/v1/parcels', parcel)).id);
  }

  /** A call by the first admin. */
  async call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    if (!this.adminToken) {
      const credentials = { username: this.username, password: this.password };
      this.adminToken = String((await this.send('POST', '/api/token', {}, credentials)).access);
    }
    return this.callAs(this.adminToken, method, path, body);
  }

  callAs(token: string, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    return this.send(method, path, { Authorization: `Bearer ${token}` }, body);
  }

  private async send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: unknown,
  ): Promise<Record<string, unknown>> {
    const response = await fetch(this.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.child;
    this.child = null;
    if (!child || child.exitCode !== null) return;
    const exited = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await exited;
    clearTimeout(timer);
  }

  /** Starts the binary and waits for its address and for `until` in its output. */
  private run(listen: string, until: RegExp): Promise<string> {
    const child = spawn(BINARY, ['serve'], {
      env: { ...process.env, ...this.settings, MILEPOST_LISTEN: listen, MILEPOST_DATA: this.dataFolder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    return new Promise((done, fail) => {
      let output = '';
      const timer = setTimeout(() => fail(new Error(`milepost did not start:\n${output}`)), START_LIMIT_MS);
      const read = (chunk: Buffer) => {
        output += chunk.toString();
        const address = /listening on (http:\/\/[\w.:[\]]+\d)/.exec(output)?.[1];
        if (!address || !until.test(output)) return;
        clearTimeout(timer);
        this.url = address;
        done(output);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('error', fail);
      child.once('exit', (code) => fail(new Error(`milepost ended with ${code}:\n${output}`)));
    });
  }
}
