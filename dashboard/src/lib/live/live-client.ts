/**
 * The live data of one signed-in session over one connection: vehicles, the tenant's facts, and how many look. The only module
 * that knows what is followed.
 */

import { type Box, connect, type Live, LiveError, type State } from '@milepost/client/live';
import { shareTabs } from '@milepost/client/live/tabs';
import { followFigures, followPresence } from '@milepost/client/live/things';
import type { Me } from '../api/get-me';
import { listVehicles, type Vehicle } from '../api/list-vehicles';
import { may } from '../roles';
import { isSessionOver, type PageConnection, pageConnection } from './connection-state';
import { Fleet } from './fleet';
import { type Crowd, LargeFleet } from './large-fleet';

/** Changes of vehicles come together this often. More often is not seen. */
const BATCH_MS = 200;
/** Fleets of more vehicles are not followed whole. */
const LARGE_FLEET = 2_000;
/** What is only listed of a large fleet is read again this often. */
const LIST_AGAIN_MS = 600_000;

/** Something that happened; its `type` and `data` are those of the live protocol. */
export interface LiveFact {
  type: string;
  data: unknown;
}

export interface LiveStatus {
  connection: PageConnection;
  /** There has been no connection for five seconds: the time to tell a user. */
  isLost: boolean;
  /** The number of open pages, including this one; null while it is not known. */
  viewing: number | null;
  /** True once the vehicles have come, or can't. */
  isListed: boolean;
  /** There are too many vehicles to follow them all: see `openView` and `attend`. */
  isLarge: boolean;
}

export class LiveClient {
  readonly fleet = new Fleet();
  readonly live: Live;
  private status: LiveStatus = {
    connection: 'connecting',
    isLost: false,
    viewing: null,
    isListed: false,
    isLarge: false,
  };
  private readonly listeners = new Set<() => void>();
  private readonly factListeners = new Set<(fact: LiveFact | null) => void>();
  private readonly stops: (() => void)[] = [];
  private hasBeenLive = false;
  private isStopped = false;
  private readonly large: LargeFleet;

  constructor(
    private readonly me: Me,
    private readonly onSessionEnd: () => void,
  ) {
    // All open pages of a user share one connection.
    const platform = shareTabs({ name: `${me.tenant} ${me.id}`, batchMs: BATCH_MS });
    this.live = connect({ batchMs: BATCH_MS, platform });
    this.large = new LargeFleet(this.live, this.fleet);
  }

  start(): void {
    const { live, me } = this;
    this.stops.push(live.connection.subscribe(() => this.connectionChanged()));
    const isFleet = may(me, 'fleet');
    if (may(me, 'ownVehicles')) {
      void this.followVehicles();
      this.relist();
    }
    if (isFleet) {
      void this.followFleet();
      void this.followFacts(live.alerts());
      const figures = followFigures(live);
      this.stops.push(figures.subscribe(() => figures.snapshot().value && this.tell(FIGURES)));
      const presence = followPresence(live);
      this.stops.push(presence.subscribe(() => this.setStatus({ viewing: presence.snapshot().value })));
    }
    if (may(me, 'records')) void this.followFacts(live.records());
    else if (me.cadetId !== null && may(me, 'ownRecords')) void this.followFacts(live.cadet(me.cadetId));
    void this.followFacts(live.notices());
  }

  stop(): void {
    this.isStopped = true;
    for (const stop of this.stops.splice(0)) stop();
    this.live.close();
  }

  retryNow = (): void => this.live.reconnect();

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getStatus = (): LiveStatus => this.status;

  /** Calls with each fact that this user may see; with null when anything may have changed, such as after a lost connection. */
  onFact(listener: (fact: LiveFact | null) => void): () => void {
    this.factListeners.add(listener);
    return () => this.factListeners.delete(listener);
  }

  /** Reads what REST alone knows of vehicles again, after a change that was made on this page. */
  relist = (): void => {
    listVehicles().then(
      (rows) => {
        if (rows && this.status.isLarge) this.fleet.list(rows);
        if (rows && this.status.isLarge) this.fleet.keepOnly(rows);
        if (rows) this.fleet.setLimits(rows);
      },
      (error: unknown) => console.warn('the speed limits of the vehicles could not be read', error),
    );
  };

  /** The part of a large fleet that a map shows. */
  openView = (box: Box): Crowd => this.large.openView(box);

  /** Follows these vehicles of a large fleet, whatever the map shows, in place of those of the last call. */
  attend = (ids: readonly string[] | 'all'): void => {
    if (this.status.isLarge) this.large.attend(ids);
  };

  /** Tells of trips until the returned function is called. A large fleet has many: only pages that show trips ask for them. */
  followTrips(): () => void {
    const trips = this.live.trips()[Symbol.asyncIterator]();
    void this.followFacts({ [Symbol.asyncIterator]: () => trips });
    return () => void trips.return?.();
  }

  private connectionChanged(): void {
    const connection = this.live.connection.snapshot();
    const shown = pageConnection(connection);
    const { isLost } = connection;
    this.setStatus({ connection: shown, isLost, ...(shown === 'connected' ? {} : { viewing: null }) });
    if (isSessionOver(connection)) this.onSessionEnd();
    if (shown !== 'connected') return;
    // Facts come after their cursors, but not all that REST has is told by facts.
    if (this.hasBeenLive) this.tell(null);
    this.hasBeenLive = true;
  }

  /** Small fleets are followed whole. Large ones are listed, and those are followed that somebody looks at. */
  private async followFleet(): Promise<void> {
    let count = 0;
    const waiting: Vehicle[] = [];
    const onPage = (rows: Vehicle[]) => {
      count += rows.length;
      waiting.push(...rows);
      if (count <= LARGE_FLEET) return;
      this.fleet.list(waiting.splice(0));
      if (!this.status.isLarge) this.setStatus({ isLarge: true });
    };
    const rows = await listVehicles(onPage).catch((error: unknown) => {
      console.warn('the vehicles could not be listed', error);
      return null;
    });
    if (rows) this.fleet.setLimits(rows);
    if (this.isStopped) return;
    if (!this.status.isLarge) return this.followVehicles();
    this.setStatus({ isListed: true });
    const timer = setInterval(this.relist, LIST_AGAIN_MS);
    this.stops.push(() => clearInterval(timer));
  }

  private async followVehicles(): Promise<void> {
    await this.follow(this.live.vehicles(), (change) => {
      if (change.type === 'set') this.fleet.apply(change.vehicle);
      else if (change.type === 'gone') this.fleet.remove(change.id);
      else this.setStatus({ isListed: true });
    });
    this.setStatus({ isListed: true });
  }

  private followFacts(facts: AsyncIterable<LiveFact | State<unknown>>): Promise<void> {
    return this.follow(facts, (fact) => {
      if (!('complete' in fact)) this.tell(fact);
      else if (!fact.complete) this.tell(null);
    });
  }

  /** Takes values until the connection is closed, or until it turns out that this user may not follow them. */
  private async follow<Value>(values: AsyncIterable<Value>, take: (value: Value) => void): Promise<void> {
    for (;;) {
      try {
        for await (const value of values) take(value);
        return;
      } catch (error) {
        if (!(error instanceof LiveError)) throw error;
        if (!this.live.over) return;
        await this.untilTried();
      }
    }
  }

  /** The connection was refused, and is tried again. */
  private untilTried(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.live.connection.subscribe(() => {
        const { state } = this.live.connection.snapshot();
        if (state === 'refused') return;
        stop();
        resolve();
      });
    });
  }

  private tell(fact: LiveFact | null): void {
    for (const listener of this.factListeners) listener(fact);
  }

  private setStatus(change: Partial<LiveStatus>): void {
    this.status = { ...this.status, ...change };
    for (const listener of this.listeners) listener();
  }
}

const FIGURES: LiveFact = { type: 'dashboard', data: null };
