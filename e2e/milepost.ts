/** A real `milepost serve` on a free port with a data folder of its own, and the calls that a test makes to it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, type Page } from '@playwright/test';

const BINARY = resolve(process.env['MILEPOST_BIN'] ?? '../target/debug/milepost');
const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 15_000;

export interface Kiosk {
  vehicleId: string;
  deviceId: string;
  key: string;
}

export class Milepost {
  url = '';
  username = '';
  password = '';
  private child: ChildProcess | null = null;
  private access = '';

  private constructor(
    private readonly dataFolder: string,
    private readonly settings: Record<string, string>,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<Milepost> {
    const milepost = new Milepost(await mkdtemp(join(tmpdir(), 'milepost-e2e-')), settings);
    const output = await milepost.run('127.0.0.1:0', /password:\s*(\S+)/);
    milepost.username = /username:\s*(\S+)/.exec(output)?.[1] ?? '';
    milepost.password = /password:\s*(\S+)/.exec(output)?.[1] ?? '';
    return milepost;
  }

  /** Stops it as a service manager does; the port and the data stay. */
  async halt(): Promise<void> {
    const child = this.child;
    this.child = null;
    if (!child || child.exitCode !== null) return;
    const exited = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await exited;
    clearTimeout(timer);
  }

  /** kill -9; the port and the data stay. */
  async kill(): Promise<void> {
    const child = this.child;
    this.child = null;
    if (!child || child.exitCode !== null) return;
    const exited = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await exited;
  }

  async resume(): Promise<void> {
    await this.run(new URL(this.url).host, /listening on http/);
  }

  async remove(): Promise<void> {
    await this.halt();
    await rm(this.dataFolder, { recursive: true, force: true });
  }

  async addKiosk(label: string, licensePlate: string): Promise<Kiosk> {
    const vehicle = await this.call('POST', '/api/v1/vehicles', {
      kind: 'bus',
      label,
      license_plate: licensePlate,
      route: '12',
      status: 'on_route',
    });
    const device = await this.call('POST', '/api/v1/devices', { vehicle_id: vehicle['id'], name: `${label} kiosk` });
    return { vehicleId: String(vehicle['id']), deviceId: String(device['id']), key: String(device['key']) };
  }

  /** What a kiosk on the bus does, with nothing but its key. */
  async ping(kiosk: Kiosk, latitude: number, longitude: number, speed = 30, heading = 90): Promise<void> {
    const response = await fetch(`${this.url}/api/v1/kiosks/${kiosk.deviceId}/location/`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Device-Key': kiosk.key },
      body: JSON.stringify({ latitude, longitude, speed, heading, timestamp: new Date().toISOString() }),
    });
    expect(response.status, await response.text()).toBe(201);
  }

  async addUser(username: string, password: string, role: string): Promise<number> {
    const user = await this.call('POST', '/api/v1/users', { username, password, role });
    return Number(user['id']);
  }

  async deactivateUser(id: number): Promise<void> {
    await this.call('PATCH', `/api/v1/users/${id}`, { active: false });
  }

  /** A client's parcel from Connaught Place to Noida, some 20 km. */
  async addParcel(clientId: number, driverId: number): Promise<number> {
    const parcel = await this.call('POST', '/api/v1/parcels', {
      client_id: clientId,
      driver_id: driverId,
      pickup: { lat: 28.6315, lng: 77.2167, address: 'Connaught Place, New Delhi' },
      destination: { lat: 28.5708, lng: 77.3261, address: 'Sector 18, Noida' },
    });
    return Number(parcel['id']);
  }

  /** A page that asks for a session first. */
  async openAs(page: Page, path: string, username: string, password: string): Promise<void> {
    await page.goto(this.url + path);
    await page.getByLabel('Username').fill(username);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  async signIn(page: Page, username = this.username, password = this.password): Promise<void> {
    await page.goto(this.url);
    await page.getByLabel('Username').fill(username);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('status')).toHaveText('Live');
  }

  /** A call by the first admin. */
  async call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    if (!this.access) {
      const answer = await this.send('POST', '/api/token', { username: this.username, password: this.password });
      this.access = String(answer['access']);
    }
    return this.send(method, path, body);
  }

  private async send(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(this.access ? { Authorization: `Bearer ${this.access}` } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  /** Starts the binary and waits for its address and for `until` in what it prints. */
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

/** A list of every address of another origin that the page asks for; it must stay empty. */
export function foreignRequests(page: Page, origin: string): string[] {
  const found: string[] = [];
  const check = (address: string) => {
    const url = new URL(address);
    if (['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol) && url.host !== new URL(origin).host)
      found.push(address);
  };
  page.on('request', (request) => check(request.url()));
  page.on('websocket', (socket) => check(socket.url()));
  return found;
}
