/**
 * The live data of one signed-in session over one connection: vehicles, the tenant's facts, and how many look. The only module
 * that knows what is followed.
 */

import { connect, type Live, LiveError, type State } from '@milepost/client/live';
import { shareTabs } from '@milepost/client/live/tabs';
import { followFigures, followPresence } from '@milepost/client/live/things';
import type { Me } from '../api/get-me';
import { listVehicles } from '../api/list-vehicles';
import { may } from '../roles';
import { isSessionOver, type PageConnection, pageConnection } from './connection-state';
import { Fleet } from './fleet';

/** Changes of vehicles come together this often. More often is not seen. */
const BATCH_MS = 200;

/** Something that happened; its `type` and `data` are those of the live protocol. */
export interface LiveFact {
  type: string;
  data: unknown;
}

export interface LiveStatus {
  connection: PageConnection;
  /** The number of open pages, including this one; null while it is not known. */
  viewing: number | null;
  /** True once the vehicles have come, or can't. */
  isListed: boolean;
}

export class LiveClient {
  readonly fleet = new Fleet();
  readonly live: Live;
  private status: LiveStatus = { connection: 'connecting', viewing: null, isListed: false };
  private readonly listeners = new Set<() => void>();
  private readonly factListeners = new Set<(fact: LiveFact | null) => void>();
  private readonly stops: (() => void)[] = [];
  private hasBeenLive = false;

  constructor(
    private readonly me: Me,
    private readonly onSessionEnd: () => void,
  ) {
    // All open pages of a user share one connection.
    const platform = shareTabs({ name: `${me.tenant} ${me.id}`, batchMs: BATCH_MS });
    this.live = connect({ batchMs: BATCH_MS, platform });
  }

  start(): void {
    const { live, me } = this;
    this.stops.push(live.connection.subscribe(() => this.connectionChanged()));
    const isFleet = may(me, 'fleet');
    if (isFleet || may(me, 'ownVehicles')) {
      void this.followVehicles();
      this.relist();
      void this.followFacts(live.trips());
    }
    if (isFleet) {
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
      (rows) => rows && this.fleet.setLimits(rows),
      (error: unknown) => console.warn('the speed limits of the vehicles could not be read', error),
    );
  };

  private connectionChanged(): void {
    const connection = this.live.connection.snapshot();
    const shown = pageConnection(connection);
    this.setStatus(shown === 'connected' ? { connection: shown } : { connection: shown, viewing: null });
    if (isSessionOver(connection)) this.onSessionEnd();
    if (shown !== 'connected') return;
    // Facts come after their cursors, but not all that REST has is told by facts.
    if (this.hasBeenLive) this.tell(null);
    this.hasBeenLive = true;
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
