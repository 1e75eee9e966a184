/** Follows one parcel over `/ws/tracking/?parcel_id=…`. Its driver also sends its location. */

import { TrackingError } from './errors.js';
import { type Fix, FixQueue, type FixStorage } from './fix-queue.js';
import { LiveClient, type LiveClientOptions } from './live-client.js';
import { type ParcelEvent, type ParcelLocationUpdate, type ParcelMessage, parseParcelMessage } from './parcel-wire.js';
import type { ConnectionState } from './socket.js';

export interface ParcelClientOptions extends LiveClientOptions {
  parcelId: number;
  onLocationUpdate?: (update: ParcelLocationUpdate) => void;
  /** Called for zones, status changes, and the end. */
  onEvent?: (event: ParcelEvent) => void;
  /** Called after each change with the number of fixes that wait for an acknowledgement, and of dropped ones. */
  onQueueChange?: (queuedCount: number, droppedCount: number) => void;
  /** Where queued fixes are kept over a reload, such as `localStorage`. */
  storage?: FixStorage | undefined;
  /** One key for each driver, so that no driver sends another's fixes. */
  storageKey?: string | undefined;
  maxQueuedFixes?: number | undefined;
}

/** A fix as a driver's app measures it. */
export interface NewLocation {
  lat: number;
  lng: number;
  address?: string;
  /** When it was measured; now by default. */
  timestamp?: Date | number | string;
}

/** The longest address that the server accepts, characters. */
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
   * Sends the driver's location. Without a connection it is queued, and sent later in order and with its own time.
   * Returns false and reports an `invalid` error for an invalid location or time.
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

  /** The server sends a driver's fix back, with its time, once it is stored. */
  private locationUpdated(update: ParcelLocationUpdate): void {
    if (update.timestamp !== null && this.queue.acknowledge(update.timestamp)) this.queueChanged();
    this.options.onLocationUpdate?.(update);
  }

  private queueChanged(): void {
    this.options.onQueueChange?.(this.queue.size, this.queue.droppedCount);
  }
}

/** The fix, or a text that says what is wrong with it. */
function fixOf({ lat, lng, address = '', timestamp }: NewLocation, nowMs: number): Fix | string {
  if (!Number.isFinite(lat) || Math.abs(lat) > 90) return 'lat must be from -90 to 90';
  if (!Number.isFinite(lng) || Math.abs(lng) > 180) return 'lng must be from -180 to 180';
  const at = new Date(timestamp ?? nowMs);
  if (Number.isNaN(at.getTime())) return 'timestamp must be a Date, Unix milliseconds or RFC 3339';
  const line = address.replace(/\p{Cc}+/gu, ' '); // the server takes no control characters
  return { lat, lng, address: [...line].slice(0, MAX_ADDRESS_CHARS).join(''), timestamp: at.toISOString() };
}
