/** The live data of one signed-in session: fills the fleet from REST and from the bus socket, and keeps it up to date. */

import { BusClient, type ConnectionState } from '@milepost/client';
import { listVehicles } from './api/list-vehicles';
import { Fleet } from './fleet';

/** The list is read at most this often, even if many unknown buses appear. */
const RELIST_AFTER_MS = 5_000;

export interface LiveStatus {
  connection: ConnectionState;
  /** The number of open pages, including this one; null until the server has sent it. */
  viewing: number | null;
  /** True once the first list was read or could not be read. */
  isListed: boolean;
}

export class LiveClient {
  readonly fleet = new Fleet();
  private status: LiveStatus = { connection: 'connecting', viewing: null, isListed: false };
  private readonly listeners = new Set<() => void>();
  private relistTimer: number | null = null;
  private readonly buses: BusClient;

  constructor(onSessionEnd: () => void) {
    this.buses = new BusClient({
      onLocationUpdate: (location) => {
        if (!this.fleet.applyLocation(location)) this.relistSoon();
      },
      onPresence: (viewing) => this.setStatus({ viewing }),
      onConnectionChange: (connection) => this.connectionChanged(connection),
      onError: (error) => {
        if (error.kind === 'refused') onSessionEnd();
        else console.warn('the live connection:', error.message);
      },
    });
  }

  start(): void {
    this.buses.connect();
    void this.list();
  }

  stop(): void {
    if (this.relistTimer !== null) window.clearTimeout(this.relistTimer);
    this.relistTimer = null;
    this.buses.disconnect();
  }

  retryNow = (): void => this.buses.connect();

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getStatus = (): LiveStatus => this.status;

  private connectionChanged(connection: ConnectionState): void {
    this.setStatus(connection === 'connected' ? { connection } : { connection, viewing: null });
    if (connection === 'connected') void this.list();
  }

  private async list(): Promise<void> {
    try {
      const vehicles = await listVehicles();
      if (vehicles) this.fleet.applyVehicles(vehicles);
      this.setStatus({ isListed: true });
    } catch (error) {
      console.warn('the list of vehicles could not be read; it is read again on the next connection', error);
    }
  }

  private relistSoon(): void {
    this.relistTimer ??= window.setTimeout(() => {
      this.relistTimer = null;
      void this.list();
    }, RELIST_AFTER_MS);
  }

  private setStatus(change: Partial<LiveStatus>): void {
    this.status = { ...this.status, ...change };
    for (const listener of this.listeners) listener();
  }
}
