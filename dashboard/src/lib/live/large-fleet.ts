/**
 * The vehicles of a large fleet: all are listed, and those are followed that somebody looks at. The map's view has clusters where
 * there are too many, and lists tell which ones they show.
 */

import { type Box, type Cluster, type Live, LiveError, type Vehicles } from '@milepost/client/live';
import { openView, type View } from '@milepost/client/live/view';
import type { Fleet } from './fleet';

/** Vehicles of a view that are followed one by one; where there are more, they are counted in clusters. */
const MAX_IN_VIEW = 1_000;
/** Ids that are followed by their names; more of them are followed with all others. */
const MAX_NAMED = 1_000;

/** What a map shows: vehicles one by one, or clusters. */
export interface Crowd {
  /** Those that are followed in the view; none while there are clusters. */
  ids: () => Iterable<string>;
  /** Null while there are vehicles. Another map when one has changed. */
  clusters: () => ReadonlyMap<string, Cluster> | null;
  moveTo: (box: Box) => void;
  /** Calls when the clusters have changed, or vehicles came or went. */
  subscribe: (listener: () => void) => () => void;
  close: () => void;
}

export class LargeFleet {
  private attended: { key: string; stop: () => void } | null = null;

  constructor(
    private readonly live: Live,
    private readonly fleet: Fleet,
  ) {}

  openView(box: Box): Crowd {
    const view: View = openView(this.live, box, { max: MAX_IN_VIEW });
    const stop = this.follow(view, false);
    return {
      ids: () => view.snapshot().vehicles.map(({ id }) => id),
      clusters: () => view.clusters,
      moveTo: (moved) => view.moveTo(moved),
      subscribe: view.subscribe,
      close: stop,
    };
  }

  /** Follows these vehicles, in place of those of the last call; all if there are many. */
  attend(ids: readonly string[] | 'all'): void {
    const isAll = ids === 'all' || ids.length > MAX_NAMED;
    const key = isAll ? 'all' : [...ids].sort().join(' ');
    if (key === this.attended?.key) return;
    // The new ones first: what both have is not sent again.
    const before = this.attended;
    const vehicles = isAll ? this.live.vehicles() : key === '' ? null : this.live.vehicles({ id: ids });
    this.attended = { key, stop: vehicles ? this.follow(vehicles, isAll) : () => undefined };
    before?.stop();
  }

  private follow(vehicles: Vehicles, isAll: boolean): () => void {
    const changes = vehicles[Symbol.asyncIterator]();
    const take = async () => {
      for await (const change of { [Symbol.asyncIterator]: () => changes }) {
        if (change.type === 'set') this.fleet.apply(change.vehicle);
        // Of some, one that is gone is somewhere else.
        else if (change.type === 'gone' && isAll) this.fleet.remove(change.id);
      }
    };
    // A refusal is the state of the connection, which the pages show.
    void take().catch((error: unknown) => {
      if (!(error instanceof LiveError)) throw error;
    });
    return () => void changes.return?.();
  }
}
