/** One connection to Milepost, and what is followed over it. */

import { socketAddress } from '../address.js';
import { Connection, type ConnectionState } from './connection.js';
import { Credential, type CredentialOptions } from './credential.js';
import { LiveError } from './error.js';
import { Facts } from './facts.js';
import type { VehicleFilter } from './filter.js';
import type { Follower } from './following.js';
import { type LivePlatform, livePlatformOf } from './platform.js';
import { Renewal } from './renewal.js';
import { Derived, Frames, type Store } from './store.js';
import { Subscriptions } from './subscriptions.js';
import {
  ALERTS,
  type AnyFact,
  cadetTopic,
  EVENTS,
  NOTICES,
  RECORDS,
  type Topic,
  TRIP_PROGRESSED,
  TRIPS,
} from './topics.js';
import { VehicleSet, Vehicles } from './vehicles.js';
import type {
  Alert,
  AlertFact,
  Cadet,
  CadetFact,
  Notice,
  NoticeFact,
  Ok,
  ServerMessage,
  Trip,
  TripFact,
  VehicleFact,
  Welcome,
} from './wire.js';

export interface LiveOptions extends CredentialOptions {
  /** `https://host`, with or without a path; the page's own origin by default. */
  url?: string | undefined;
  /** Changes of vehicles wait for each other for so many milliseconds, and come together: less work with many vehicles. 0 by default. */
  batchMs?: number | undefined;
  platform?: Partial<LivePlatform>;
}

export interface ConnectionSnapshot {
  readonly state: ConnectionState;
  /** True after five seconds without a connection: the time to tell a user. */
  readonly isLost: boolean;
  /** When the next attempt comes, Unix milliseconds; null if none is planned. */
  readonly retryAtMs: number | null;
  /** Why there is no connection; null while there is one. */
  readonly error: LiveError | null;
  /** What the server said about this connection and itself; null before the first connection. */
  readonly welcome: Welcome | null;
}

export interface FactsOptions {
  /** The cursor of the last fact that was taken: what came after it is given first. Without one, the present state is. */
  after?: string | null | undefined;
}

/** Opens a connection, which stays until `close()`. */
export function connect(options: LiveOptions = {}): Live {
  return new Live(options);
}

export class Live {
  /** The state of the connection, as a store. */
  readonly connection: Store<ConnectionSnapshot>;
  /** These five are for other entries of this package, whose stores share the connection. */
  readonly platform: LivePlatform;
  readonly frames: Frames;
  readonly subscriptions: Subscriptions;
  readonly set: VehicleSet;
  readonly followers = new Set<Follower>();
  private readonly socket: Connection;
  private readonly renewal: Renewal;
  /** Those without a cursor of their own, by topic. */
  private readonly shared = new Map<string, unknown>();
  private readonly requests = new Map<number, PendingRequest>();
  private lastRequest = 0;

  constructor(options: LiveOptions) {
    this.platform = livePlatformOf(options.platform);
    this.frames = new Frames(this.platform);
    this.subscriptions = new Subscriptions(this.platform);
    this.set = new VehicleSet(this.subscriptions, this.frames, options.batchMs);
    const credential = new Credential(options);
    this.renewal = new Renewal(credential, this.platform, async (token) => {
      const { expires_in } = await this.request({ op: 'auth', token });
      return expires_in ?? null;
    });
    const connection = new Derived(this.frames, (): ConnectionSnapshot => {
      const { state, isLost, retryAtMs, error, welcome } = this.socket;
      return { state, isLost, retryAtMs, error, welcome };
    });
    this.connection = connection;
    this.socket = new Connection({
      address: () => socketAddress(options.url, '/ws', {}),
      serverUrl: options.url,
      credential,
      platform: this.platform,
      onLive: (welcome) => this.wentLive(welcome),
      onMessage: (message) => this.received(message),
      onDown: () => this.wentDown(),
      onChange: () => {
        connection.touch();
        this.set.end(this.over);
        if (this.over) for (const follower of this.followers) follower.ended(this.over);
      },
    });
    this.socket.reconnect();
  }

  /** All vehicles, or those of a filter. */
  vehicles(filter?: VehicleFilter): Vehicles {
    return new Vehicles(this.set, filter, this.frames, this.platform);
  }

  alerts(options?: FactsOptions): Facts<Alert, AlertFact> {
    return this.follow(ALERTS, options);
  }

  /** The trips that are under way. */
  trips(options?: FactsOptions): Facts<Trip, TripFact> {
    return this.follow(TRIPS, options);
  }

  /** Crossings of geofences, harsh driving, services due. There is no present state, only what happens. */
  events(options?: FactsOptions): Facts<never, VehicleFact> {
    return this.follow(EVENTS, options);
  }

  /** The user's own unread notifications and messages. */
  notices(options?: FactsOptions): Facts<Notice, NoticeFact> {
    return this.follow(NOTICES, options);
  }

  /** One cadet with its totals. */
  cadet(id: number, options?: FactsOptions): Facts<Cadet, CadetFact> {
    return this.follow(cadetTopic(id), options);
  }

  /** The records of all cadets, for staff. There is no present state, only what happens. */
  records(options?: FactsOptions): Facts<never, CadetFact> {
    return this.follow(RECORDS, options);
  }

  /**
   * Asks the server for something, such as `{ op: 'read', alert: id }`. Resolved with its answer, once what was asked for is
   * durable. Rejected with a `LiveError` if the server refuses it, and if the connection is lost before there is an answer.
   */
  request(message: { op: string; [field: string]: unknown }): Promise<Ok> {
    this.lastRequest += 1;
    const id = this.lastRequest;
    return new Promise((resolve, reject) => {
      const refuse = (code: string, text: string) =>
        this.answered(id, (request) => request.reject(new LiveError(code, text)));
      const timer = this.platform.setTimer(() => refuse('timeout', 'there was no answer'), REQUEST_LIMIT_MS);
      this.requests.set(id, { resolve, reject, timer });
      if (!this.socket.send({ ...message, id })) refuse('lost', 'there is no connection');
    });
  }

  /** Tries again now: after a refusal, such as when a user has logged in, or instead of waiting. */
  reconnect(): void {
    this.socket.reconnect();
  }

  /** Ends the connection and every loop over it, for good. */
  close(): void {
    this.socket.close();
  }

  private follow<Item, Fact extends AnyFact>(
    topic: Topic<Item, Fact>,
    { after = null }: FactsOptions = {},
  ): Facts<Item, Fact> {
    const key = `${topic.to} ${topic.id ?? ''}`;
    const known = after === null ? this.shared.get(key) : undefined;
    if (known) return known as Facts<Item, Fact>;
    const { subscriptions, frames, platform } = this;
    const facts: Facts<Item, Fact> = new Facts({
      topic,
      after,
      subscriptions,
      frames,
      platform,
      over: () => this.over,
      onStart: () => this.followers.add(facts),
      onStop: () => this.followers.delete(facts),
    });
    if (after === null) this.shared.set(key, facts);
    return facts;
  }

  /** Why nothing can be followed any more. */
  get over(): LiveError | null {
    const { state, error } = this.socket;
    return state === 'refused' || state === 'closed' ? error : null;
  }

  private wentLive({ expires_in, limits }: Welcome): void {
    this.renewal.start(expires_in);
    this.set.connected({ names: limits.names, bytes: limits.message_bytes });
    this.subscriptions.connected((message) => this.socket.send(message));
  }

  private wentDown(): void {
    this.renewal.stop();
    this.subscriptions.disconnected();
    this.set.disconnected();
    for (const follower of this.followers) follower.disconnected();
    for (const id of this.requests.keys()) {
      this.answered(id, ({ reject }) => reject(new LiveError('lost', 'the connection was lost')));
    }
  }

  private received(message: ServerMessage): void {
    switch (message.op) {
      case 'vehicles':
        this.set.set(message.v);
        return;
      case 'at':
        this.set.move(message.p);
        return;
      case 'gone':
        this.set.drop(message.ids);
        return;
      case 'fact': {
        const { e: cursor, type, t, data } = message;
        for (const follower of this.followers) follower.received?.({ type, data, t, cursor });
        return;
      }
      case 'trip': {
        const { t, data } = message;
        for (const follower of this.followers) follower.received?.({ type: TRIP_PROGRESSED, data, t, cursor: '' });
        return;
      }
      case 'mark':
        for (const follower of this.followers) follower.marked?.(message.cursor, message.t);
        return;
      case 'ok':
        this.answered(message.re, ({ resolve }) => resolve(message));
        return;
      case 'error':
        if (message.re === undefined) this.subscriptions.received(message);
        else {
          const { code, message: text, retry_ms } = message;
          this.answered(message.re, ({ reject }) => reject(new LiveError(code, text, retry_ms)));
        }
        return;
      default:
        this.subscriptions.received(message);
    }
  }

  private answered(id: number | undefined, settle: (request: PendingRequest) => void): void {
    const request = this.requests.get(id ?? 0);
    if (!request) return;
    this.requests.delete(id ?? 0);
    this.platform.clearTimer(request.timer);
    settle(request);
  }
}

/** A request that takes longer is given up. What it asked for may have been done. */
const REQUEST_LIMIT_MS = 30_000;

interface PendingRequest {
  resolve: (ok: Ok) => void;
  reject: (error: LiveError) => void;
  timer: unknown;
}
