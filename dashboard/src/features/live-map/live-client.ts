/** The live client of one signed-in session: fills the fleet from REST and from the socket, and keeps both fresh. */

import { getMe, listVehicles } from '../../lib/api/client';
import { Connection, type ConnectionState, type Socket } from '../../live/connection';
import { Fleet } from './fleet';

/** A burst of unknown buses asks for the list once, and not more often than this. */
const RELIST_AFTER_MS = 5_000;

export interface LiveStatus {
  connection: ConnectionState;
  /** How many pages watch now, this one included; null until the server tells. */
  viewing: number | null;
  /** Whether the first list has been read, or can't be. */
  isListed: boolean;
}

export class LiveClient {
  readonly fleet = new Fleet();
  private status: LiveStatus = { connection: { kind: 'connecting' }, viewing: null, isListed: false };
  private listeners = new Set<() => void>();
  private relistTimer: number | null = null;
  private connection: Connection;

  constructor(private readonly onSessionEnd: () => void) {
    this.connection = new Connection({
      open: () => new WebSocket(socketUrl()) as unknown as Socket,
      isSessionAlive: () =>
        getMe().then(
          (me) => me !== null,
          () => true,
        ),
      onMessage: (message) => {
        if (message.type === 'presence') this.setStatus({ viewing: message.data.viewing });
        else if (!this.fleet.applyUpdate(message.data)) this.relistSoon();
      },
      onState: (state) => {
        this.setStatus({ connection: state, ...(state.kind === 'live' ? {} : { viewing: null }) });
        if (state.kind === 'live') void this.list();
        if (state.kind === 'ended') this.onSessionEnd();
      },
      now: () => Date.now(),
      random: Math.random,
      setTimer: (run, delayMs) => window.setTimeout(run, delayMs),
      clearTimer: (timer) => window.clearTimeout(timer),
    });
  }

  start(): void {
    window.addEventListener('online', this.retryNow);
    window.addEventListener('offline', this.networkLost);
    document.addEventListener('visibilitychange', this.retryWhenVisible);
    this.connection.start();
    void this.list();
  }

  stop(): void {
    window.removeEventListener('online', this.retryNow);
    window.removeEventListener('offline', this.networkLost);
    document.removeEventListener('visibilitychange', this.retryWhenVisible);
    if (this.relistTimer !== null) window.clearTimeout(this.relistTimer);
    this.relistTimer = null;
    this.connection.stop();
  }

  retryNow = (): void => this.connection.retryNow();

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getStatus = (): LiveStatus => this.status;

  private networkLost = (): void => this.connection.networkLost();

  private retryWhenVisible = (): void => {
    if (document.visibilityState === 'visible') this.connection.retryNow();
  };

  private async list(): Promise<void> {
    try {
      const rows = await listVehicles();
      if (rows) this.fleet.applyVehicles(rows);
      this.setStatus({ isListed: true });
    } catch (error) {
      console.warn('the list of vehicles could not be read; it is read again on the next connection', error);
    }
  }

  private relistSoon(): void {
    if (this.relistTimer !== null) return;
    this.relistTimer = window.setTimeout(() => {
      this.relistTimer = null;
      void this.list();
    }, RELIST_AFTER_MS);
  }

  private setStatus(change: Partial<LiveStatus>): void {
    this.status = { ...this.status, ...change };
    for (const listener of this.listeners) listener();
  }
}

function socketUrl(): string {
  const url = new URL('/ws/bus-tracking/?presence=1', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
