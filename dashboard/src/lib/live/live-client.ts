/**
 * The live data of one signed-in session: vehicles, and the tenant's events. The only module that knows which sockets carry
 * them.
 */

import { BusClient, type ConnectionState, EventClient, type EventFrame } from '@milepost/client';
import type { Me } from '../api/get-me';
import { listVehicles } from '../api/list-vehicles';
import { may } from '../roles';
import { Fleet } from './fleet';

/** The list is read at most this often, even if many unknown vehicles appear. */
const RELIST_AFTER_MS = 5_000;
/** Positions come over their own socket. */
const FLEET_EVENTS = ['alert', 'alert_read', 'alert_deleted', 'trip_update', 'fleet_dashboard_update'];

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
  private readonly eventListeners = new Set<(event: EventFrame | null) => void>();
  private relistTimer: number | null = null;
  private readonly vehicles: BusClient | null;
  private readonly events: EventClient | null;

  constructor(me: Me, onSessionEnd: () => void) {
    const seesVehicles = may(me, 'fleet') || may(me, 'ownVehicles');
    const seesRecords = may(me, 'records') || may(me, 'ownRecords');
    const onError = (error: { kind: string; message: string }) => {
      if (error.kind === 'refused') onSessionEnd();
      else console.warn('the live connection:', error.message);
    };
    this.vehicles = seesVehicles
      ? new BusClient({
          onLocationUpdate: (location) => {
            if (!this.fleet.applyLocation(location)) this.relistSoon();
          },
          onPresence: (viewing) => this.setStatus({ viewing }),
          onConnectionChange: (connection) => this.connectionChanged(connection),
          onError,
        })
      : null;
    const isFleet = may(me, 'fleet');
    this.events =
      isFleet || seesRecords || !seesVehicles
        ? new EventClient({
            ...(isFleet ? { fleetOf: me.tenant, types: FLEET_EVENTS } : {}),
            onEvent: (event) => this.tell(event),
            onGap: () => this.tell(null),
            onConnectionChange: (connection) => {
              if (!this.vehicles) this.setStatus({ connection });
            },
            onError,
          })
        : null;
  }

  start(): void {
    this.vehicles?.connect();
    this.events?.connect();
    if (this.vehicles) void this.list();
  }

  stop(): void {
    if (this.relistTimer !== null) window.clearTimeout(this.relistTimer);
    this.relistTimer = null;
    this.vehicles?.disconnect();
    this.events?.disconnect();
  }

  retryNow = (): void => {
    this.vehicles?.connect();
    this.events?.connect();
  };

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getStatus = (): LiveStatus => this.status;

  /** Calls with each event of the tenant that this user may see; with null when some may have been missed. */
  onEvent(listener: (event: EventFrame | null) => void): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  /** Reads the vehicles again, after a change that was made on this page. */
  relist = (): void => void this.list();

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

  private tell(event: EventFrame | null): void {
    for (const listener of this.eventListeners) listener(event);
  }

  private setStatus(change: Partial<LiveStatus>): void {
    this.status = { ...this.status, ...change };
    for (const listener of this.listeners) listener();
  }
}
