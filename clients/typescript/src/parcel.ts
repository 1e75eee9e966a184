/** Follows one parcel over `/ws/tracking/?parcel_id=…`; as its driver, also sends where the parcel is. */

import { TrackingError } from './errors.js';
import { type Fix, FixQueue, type FixStorage } from './fix-queue.js';
import { LiveClient, type LiveClientOptions } from './live-client.js';
import { type ParcelEvent, type ParcelLocationUpdate, type ParcelMessage, parseParcelMessage } from './parcel-wire.js';
import type { ConnectionState } from './socket.js';

export interface ParcelClientOptions extends LiveClientOptions {
  parcelId: number;
  onLocationUpdate?: (update: ParcelLocationUpdate) => void;
  /** Zones, status changes, the end. */
  onEvent?: (event: ParcelEvent) => void;
  /** How many fixes wait for the server's acknowledgement, after each change. */
  onQueueChange?: (queuedCount: number, droppedCount: number) => void;
  /** Where waiting fixes are kept over a reload, such as `localStorage`. */
  storage?: FixStorage | undefined;
  /** One for each driver, so that nobody sends another's fixes. */
  storageKey?: string | undefined;
  maxQueuedFixes?: number | undefined;
}

/** A fix as a driver's app has it. */
export interface NewLocation {
  lat: number;
  lng: number;
  address?: string;
  /** When it was measured; now by default. */
  timestamp?: Date | number | string;
}

/** Longest address that the server takes, characters. */
const MAX_ADDRESS_CHARS = 500;

export class ParcelClient extends LiveClient<ParcelMessage, ParcelClientOptions> {
  private readonly queue: FixQueue;

  constructor(options: ParcelClientOptions) {
    const query = { parcel_id: String(options.parcelId) };
    super(options, { path: '/ws/tracking/', query, needsUser: false, parse: parseParcelMessage });
    this.queue = new FixQueue({
      storage: options.storage,
      storageKey: options.storageKey,
      maxFixes: options.maxQueuedFixes,
      onStorageError: (message) => options.onError?.(new TrackingError('storage', message)),
    });
  }

  get queuedCount(): number {
    return this.queue.size;
  }

  get droppedCount(): number {
    return this.queue.droppedCount;
  }

  /**
   * Sends where the driver is; without a connection it waits in the queue and is sent in order later, with its own time.
   * False, and an `invalid` error, for what is no place or time.
   */
  sendLocationUpdate(location: NewLocation): boolean {
    const fix = fixOf(location, this.options.platform?.nowMs?.() ?? Date.now());
    if (typeof fix === 'string') {
      this.options.onError?.(new TrackingError('invalid', fix));
      return false;
    }
    this.queue.push(fix);
    this.sendQueued();
    this.queueChanged();
    return true;
  }

  protected override stateChanged(state: ConnectionState): void {
    this.queue.forgetSent();
    super.stateChanged(state);
    if (state === 'connected') this.sendQueued();
  }

  private sendQueued(): void {
    this.queue.sendUnsent((fix) =>
      this.socket.send(JSON.stringify({ type: 'location_update', ...fix, parcel_id: this.options.parcelId })),
    );
  }

  protected received(message: ParcelMessage): void {
    if (message.type === 'error') this.options.onError?.(new TrackingError('server', message.message));
    else if (message.type === 'location_update') this.locationUpdated(message);
    else this.options.onEvent?.(message);
  }

  /** The server repeats a driver's own fix, with its time, once it is stored. */
  private locationUpdated(update: ParcelLocationUpdate): void {
    if (update.timestamp !== null && this.queue.acknowledge(update.timestamp)) this.queueChanged();
    this.options.onLocationUpdate?.(update);
  }

  private queueChanged(): void {
    this.options.onQueueChange?.(this.queue.size, this.queue.droppedCount);
  }
}

/** The fix, or what is wrong with it. */
function fixOf({ lat, lng, address = '', timestamp }: NewLocation, nowMs: number): Fix | string {
  if (!Number.isFinite(lat) || Math.abs(lat) > 90) return 'lat must be from -90 to 90';
  if (!Number.isFinite(lng) || Math.abs(lng) > 180) return 'lng must be from -180 to 180';
  const at = new Date(timestamp ?? nowMs);
  if (Number.isNaN(at.getTime())) return 'timestamp must be a Date, Unix milliseconds or RFC 3339';
  const line = address.replace(/\p{Cc}+/gu, ' '); // the server takes no control characters
  return { lat, lng, address: [...line].slice(0, MAX_ADDRESS_CHARS).join(''), timestamp: at.toISOString() };
}
