/** One set of vehicles for the whole connection, and filters over it. */

import type { LiveError } from './error.js';
import { type FilterLimits, type OwnPart, requestsOf, Selection, type VehicleFilter } from './filter.js';
import { Following, type FollowStatus } from './following.js';
import type { LivePlatform } from './platform.js';
import { Reader } from './reader.js';
import type { Frames } from './store.js';
import type { Subscriptions } from './subscriptions.js';
import type { Place, Vehicle } from './wire.js';

/**
 * - `set`: a vehicle is new, or something of it changed.
 * - `gone`: it was removed, or the filter does not select it any more.
 * - `ready`: what the server has was given. It comes again after each lost connection, once all is true again.
 */
export type VehicleChange =
  | { readonly type: 'set'; readonly vehicle: Vehicle }
  | { readonly type: 'gone'; readonly id: string }
  | { readonly type: 'ready' };

export interface VehiclesSnapshot {
  /** In no particular order. */
  readonly vehicles: readonly Vehicle[];
  readonly status: FollowStatus;
  /** Why `status` is `failed`, or why it is asked for again. */
  readonly error: LiveError | null;
}

/** The vehicles of one filter. They are followed while somebody subscribes or iterates. */
export class Vehicles extends Following<VehiclesSnapshot> implements AsyncIterable<VehicleChange> {
  readonly selection: Selection;
  private readonly held = new Map<string, Vehicle>();
  private readonly readers = new Set<ChangeReader>();

  constructor(
    private readonly all: VehicleSet,
    filter: VehicleFilter | Selection | undefined,
    frames: Frames,
    platform: LivePlatform,
  ) {
    super(frames, platform);
    this.selection = filter instanceof Selection ? filter : new Selection(filter);
  }

  get(id: string): Vehicle | undefined {
    return this.held.get(id);
  }

  /** Changes, the newest of each vehicle: a loop that is slow does not get those that were replaced meanwhile. */
  [Symbol.asyncIterator](): ChangeReader {
    const release = this.hold();
    const reader = new ChangeReader(() => {
      this.readers.delete(reader);
      release();
    });
    this.readers.add(reader);
    for (const vehicle of this.held.values()) reader.put(vehicle.id, { type: 'set', vehicle });
    if (this.status === 'live') reader.put(READY, { type: 'ready' });
    if (this.status === 'failed' && this.error) reader.fail(this.error);
    return reader;
  }

  /** What is held of a vehicle changed. */
  update(id: string, vehicle: Vehicle | undefined): void {
    if (vehicle && this.selection.holds(vehicle)) {
      this.held.set(id, vehicle);
      this.tell(id, { type: 'set', vehicle });
    } else if (this.held.delete(id)) this.tell(id, { type: 'gone', id });
    else return;
    this.changed();
  }

  ready(): void {
    const wasLive = this.status === 'live';
    this.setStatus('live');
    if (!wasLive) this.tell(READY, { type: 'ready' });
  }

  failed(error: LiveError): void {
    this.setStatus(error.retryMs === null ? 'failed' : this.status, error);
    if (error.retryMs === null) for (const reader of this.readers) reader.fail(error);
  }

  protected build(): VehiclesSnapshot {
    return { vehicles: [...this.held.values()], status: this.status, error: this.error };
  }

  protected start(): void {
    this.all.add(this);
  }

  protected stop(): void {
    this.all.remove(this);
    this.held.clear();
    this.changed();
  }

  private tell(key: string, change: VehicleChange): void {
    for (const reader of this.readers) reader.put(key, change);
  }
}

/** No vehicle has this id. */
const READY = '';

/** The newest change of each vehicle, in the order in which they began to wait. It is bounded by the number of vehicles. */
class ChangeReader extends Reader<VehicleChange> {
  private readonly changes = new Map<string, VehicleChange>();

  put(key: string, change: VehicleChange): void {
    this.changes.set(key, change);
    this.pump();
  }

  protected take(): VehicleChange | undefined {
    for (const [key, change] of this.changes) {
      this.changes.delete(key);
      return change;
    }
    return undefined;
  }
}

/** The vehicles of all filters. */
export class VehicleSet {
  private limits: FilterLimits = { names: 1_000, bytes: 4_096 };
  private readonly held = new Map<string, Vehicle>();
  private readonly views = new Set<Vehicles>();
  /** Those that select by ids alone, by each of their ids. */
  private readonly byId = new Map<string, Set<Vehicles>>();
  /** The subscriptions that select all together, by their content, and whether each is ready. */
  private readonly parts = new Map<string, boolean>();
  private readonly changed = new Set<string>();
  /** What this connection has not named yet. It is dropped when all is ready. */
  private unnamed = new Set<string>();
  private isPlanned = false;
  private isConnected = false;
  private mustSettle = false;
  private over: LiveError | null = null;

  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly frames: Frames,
    private readonly batchMs: number | undefined,
  ) {}

  add(view: Vehicles): void {
    this.views.add(view);
    for (const id of view.selection.onlyIds ?? []) {
      const views = this.byId.get(id);
      if (views) views.add(view);
      else this.byId.set(id, new Set([view]));
    }
    this.compare(view);
    if (this.over) view.failed(this.over);
    // Once for all that are added now.
    if (!this.isPlanned) queueMicrotask(this.plan);
    this.isPlanned = true;
  }

  /** Gives what is held to a new view, or to one whose filter has changed. */
  compare(view: Vehicles): void {
    for (const vehicle of this.held.values()) view.update(vehicle.id, vehicle);
  }

  remove(view: Vehicles): void {
    this.views.delete(view);
    for (const id of view.selection.onlyIds ?? []) {
      const views = this.byId.get(id);
      views?.delete(view);
      if (views?.size === 0) this.byId.delete(id);
    }
    // There is no hurry: others often leave in the same frame.
    this.frames.request('derive', this.plan);
  }

  connected(limits: FilterLimits): void {
    this.isConnected = true;
    this.limits = limits;
    this.unnamed = new Set(this.held.keys());
    // The limits of this server may be others.
    this.match();
  }

  disconnected(): void {
    this.isConnected = false;
    for (const key of this.parts.keys()) this.parts.set(key, false);
    for (const view of this.views) view.disconnected();
  }

  set(vehicles: Vehicle[]): void {
    for (const vehicle of vehicles) {
      this.held.set(vehicle.id, vehicle);
      this.unnamed.delete(vehicle.id);
      this.touch(vehicle.id);
    }
  }

  move(places: (Place & { id: string })[]): void {
    for (const { id, ...place } of places) {
      const vehicle = this.held.get(id);
      if (!vehicle) continue; // of a vehicle that is not followed any more
      this.held.set(id, { ...vehicle, place });
      this.touch(id);
    }
  }

  drop(ids: Iterable<string>): void {
    for (const id of ids) {
      this.unnamed.delete(id);
      if (this.held.delete(id)) this.touch(id);
    }
  }

  /** The connection is refused or closed; null once it is tried again. */
  end(error: LiveError | null): void {
    this.over = error;
    if (error) for (const view of this.views) view.failed(error);
  }

  /** Brings the subscriptions in line with the filters. */
  readonly plan = (): void => {
    this.isPlanned = false;
    this.match();
    this.settle();
  };

  private match(): void {
    const selections = [...this.views].map(({ selection }) => selection);
    const wanted = new Map<string, Pick<OwnPart, 'request'>>();
    for (const request of requestsOf(selections, this.limits)) {
      const sent = { to: 'vehicles', ...request, ...(this.batchMs && { batch_ms: this.batchMs }) };
      wanted.set(JSON.stringify(request), { request: () => sent });
    }
    // Who follows all vehicles has those of every part.
    const isAll = wanted.has('{}');
    for (const { own } of selections) {
      if (isAll) own?.onNeedless();
      else if (own) wanted.set(own.key, own);
    }
    // New ones first: what they have in common with old ones is not sent again.
    for (const [key, part] of wanted) {
      if (this.parts.has(key)) continue;
      this.parts.set(key, false);
      this.subscriptions.want(`vehicles ${key}`, {
        ...part,
        onReady: () => {
          this.parts.set(key, true);
          this.settle();
        },
        onError: (error) => this.refused(error),
      });
    }
    for (const key of [...this.parts.keys()]) {
      if (wanted.has(key)) continue;
      this.parts.delete(key);
      this.subscriptions.unwant(`vehicles ${key}`);
    }
    const isSelected = (vehicle: Vehicle) => selections.some((selection) => selection.holds(vehicle));
    this.drop([...this.held.values()].filter((vehicle) => !isSelected(vehicle)).map(({ id }) => id));
  }

  /** If all subscriptions are ready, what was not named is gone, and the filters show what the server has. */
  private settle(): void {
    if (!this.isConnected || ![...this.parts.values()].every(Boolean)) return;
    this.drop(this.unnamed);
    this.mustSettle = true;
    this.frames.request('derive', this.flush);
  }

  private refused(error: LiveError): void {
    if (error.retryMs === null) this.drop(this.unnamed);
    for (const view of this.views) view.failed(error);
  }

  private touch(id: string): void {
    this.changed.add(id);
    this.frames.request('derive', this.flush);
  }

  /** Once a frame: what changed, for those that select it. */
  private readonly flush = (): void => {
    const general = [...this.views].filter(({ selection }) => !selection.onlyIds);
    for (const id of this.changed) {
      const vehicle = this.held.get(id);
      for (const view of general) view.update(id, vehicle);
      for (const view of this.byId.get(id) ?? []) view.update(id, vehicle);
    }
    this.changed.clear();
    if (this.mustSettle && [...this.parts.values()].every(Boolean)) for (const view of this.views) view.ready();
    this.mustSettle = false;
  };
}
