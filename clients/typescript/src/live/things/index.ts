/** Follows one thing: a delivery, a parcel, the fleet's figures, how many look. */

import type { LiveError } from '../error.js';
import { Following, type FollowStatus } from '../following.js';
import type { Live } from '../live.js';
import type { Delivery, Figures, Parcel, ParcelAt, ParcelZone, ServerMessage } from '../wire.js';

export interface ThingSnapshot<Value> {
  /** Null until it came. */
  readonly value: Value | null;
  readonly status: FollowStatus;
  /** Why `status` is `failed`: `gone` or `not_found` for a delivery whose link has ended, `forbidden`, … */
  readonly error: LiveError | null;
}

export interface FollowedParcel {
  readonly parcel: Parcel;
  /** Where its driver is; null while it is not known. */
  readonly at: ParcelAt | null;
  /** The last time that its driver came to one of its places or left it, since it is followed. */
  readonly zone: ParcelZone | null;
}

/** A delivery, by its link too. */
export function followDelivery(live: Live, id: string): Thing<Delivery> {
  return thing<Delivery>(live, { to: 'delivery', id }, (value, message) =>
    message.op === 'delivery' && message.id === id ? message : value,
  );
}

export function followParcel(live: Live, id: number): Thing<FollowedParcel> {
  return thing<FollowedParcel>(live, { to: 'parcel', id }, (value, message) => {
    if (message.op === 'parcel' && message.id === id) {
      // Where another driver is says nothing about this one.
      const at = value?.at?.driver_id === message.driver_id ? (value?.at ?? null) : null;
      return { at, zone: value?.zone ?? null, parcel: message };
    }
    if (!value) return value;
    if (message.op === 'parcel_at' && message.id === id) return { ...value, at: message };
    return message.op === 'parcel_zone' && message.id === id ? { ...value, zone: message } : value;
  });
}

/** The figures of the last 24 hours. */
export function followFigures(live: Live): Thing<Figures> {
  return thing<Figures>(live, { to: 'dashboard' }, (value, message) => (message.op === 'dashboard' ? message : value));
}

/** How many connections the tenant has, this one included. */
export function followPresence(live: Live): Thing<number> {
  return thing<number>(live, { to: 'presence' }, (value, message) =>
    message.op === 'presence' ? message.connections : value,
  );
}

type Reduce<Value> = (value: Value | null, message: ServerMessage) => Value | null;

/** Those that are followed, so that two who follow the same share it. */
const followed = new WeakMap<Live, Map<string, unknown>>();

function thing<Value>(live: Live, request: object, reduce: Reduce<Value>): Thing<Value> {
  const known = followed.get(live) ?? new Map<string, unknown>();
  followed.set(live, known);
  const key = JSON.stringify(request);
  return (known.get(key) as Thing<Value> | undefined) ?? new Thing(live, known, key, request, reduce);
}

/** One thing. It is followed while somebody subscribes. */
export class Thing<Value> extends Following<ThingSnapshot<Value>> {
  private value: Value | null = null;

  constructor(
    private readonly live: Live,
    private readonly known: Map<string, unknown>,
    private readonly key: string,
    private readonly request: object,
    private readonly reduce: Reduce<Value>,
  ) {
    super(live.frames, live.platform);
  }

  ended(error: LiveError): void {
    this.setStatus(error.retryMs === null ? 'failed' : this.status, error);
  }

  protected build(): ThingSnapshot<Value> {
    const { value, status, error } = this;
    return { value, status, error };
  }

  protected start(): void {
    const { live, key, known, request } = this;
    known.set(key, this);
    live.followers.add(this);
    live.subscriptions.want(key, {
      request: () => request,
      onMessage: (message) => {
        const before = this.value;
        this.value = this.reduce(before, message);
        if (this.value !== before) this.changed();
      },
      onReady: () => this.setStatus('live'),
      onError: (error) => this.ended(error),
    });
    if (live.over) this.ended(live.over);
  }

  protected stop(): void {
    const { live, key, known } = this;
    if (known.get(key) === this) known.delete(key);
    live.followers.delete(this);
    live.subscriptions.unwant(key);
    this.value = null;
    this.changed();
  }
}
