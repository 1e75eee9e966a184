/** A real `milepost serve` on a free port with a data folder of its own, and the calls that a test makes to it. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import WebSocket from 'ws';
import type { Platform } from '../src/platform.js';

export const BINARY = resolve(process.env['MILEPOST_BIN'] ?? '../../target/debug/milepost');
/** With CI=true a missing binary is a failure, not a reason to leave the tests out. */
export const canRun = existsSync(BINARY) || process.env['CI'] === 'true';
if (!canRun) console.warn(`Left out: the tests against a real server, ${BINARY} is not built.`);
const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 15_000;

/** Node's own WebSocket came with version 22. */
export const platform: Partial<Platform> = { webSocket: WebSocket };

export class Milepost {
  url = '';
  private child: ChildProcess | null = null;

  private constructor(private readonly dataFolder: string) {}

  static async start(): Promise<Milepost> {
    const milepost = new Milepost(await mkdtemp(join(tmpdir(), 'milepost-client-')));
    await milepost.run('127.0.0.1:0');
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

  async resume(): Promise<void> {
    await this.run(new URL(this.url).host);
  }

  async remove(): Promise<void> {
    await this.halt();
    await rm(this.dataFolder, { recursive: true, force: true });
  }

  token(sub: string, role: string, ttl = '1h'): string {
    const env = { ...process.env, MILEPOST_DATA: this.dataFolder };
    return execFileSync(BINARY, ['token', '--sub', sub, '--role', role, '--ttl', ttl], {
      env,
      encoding: 'utf8',
    }).trim();
  }

  async addParcel(clientId: number, driverId: number): Promise<number> {
    const parcel = await this.call('POST', '/api/v1/parcels', this.token('1000', 'admin'), {
      client_id: clientId,
      driver_id: driverId,
      pickup: { lat: 28.6139, lng: 77.209, address: 'Connaught Place' },
      destination: { lat: 28.5355, lng: 77.391, address: 'Noida' },
    });
    return Number(parcel['id']);
  }

  async call(method: string, path: string, token: string | null, body?: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(this.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', ...(token === null ? {} : { Authorization: `Bearer ${token}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  private run(listen: string): Promise<void> {
    const child = spawn(BINARY, ['serve'], {
      env: { ...process.env, MILEPOST_LISTEN: listen, MILEPOST_DATA: this.dataFolder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    return new Promise((done, fail) => {
      let output = '';
      const timer = setTimeout(() => fail(new Error(`milepost did not start:\n${output}`)), START_LIMIT_MS);
      const read = (chunk: Buffer) => {
        output += chunk.toString();
        const address = /listening on (http:\/\/[\w.:[\]]+\d)/.exec(output)?.[1];
        if (!address) return;
        clearTimeout(timer);
        this.url = address;
        done();
      };
      child.stdout?.on('data', read);
      child.stderr?.on('data', read);
      child.once('error', fail);
      child.once('exit', (code) => fail(new Error(`milepost ended with ${code}:\n${output}`)));
    });
  }
}
