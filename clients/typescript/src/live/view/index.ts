/** Follows the vehicles in a part of the map, which moves with the map. */

import { Selection } from '../filter.js';
import type { Live } from '../live.js';
import { Vehicles } from '../vehicles.js';
import type { Box, Cluster, ClustersMessage, CoversMessage, ServerMessage, Vehicle } from '../wire.js';

export interface ViewOptions {
  /** Changes wait for each other for so many milliseconds, and come together; 500 by default. */
  batchMs?: number | undefined;
  /** Where there are more vehicles the view has `clusters` instead, for who may see the whole fleet. Without it, it never has. */
  max?: number | undefined;
  /** What the server says of the view, for who passes it on. */
  onMessage?: ((message: CoversMessage | ClustersMessage) => void) | undefined;
}

let lastView = 0;

/** The vehicles in a box of the map. They are followed while somebody subscribes or iterates. */
export function openView(live: Live, box: Box, options: ViewOptions = {}): View {
  return new View(live, box, options);
}

export class View extends Vehicles {
  /** The clusters that stand for the vehicles, by their ids; null while the view has vehicles. Replaced when one has changed. */
  clusters: ReadonlyMap<string, Cluster> | null = null;

  constructor(
    private readonly live: Live,
    box: Box,
    options: ViewOptions,
  ) {
    const selection: BoxSelection = new BoxSelection(box, options, (message) => {
      this.take(message);
      options.onMessage?.(message);
    });
    super(live.set, selection, live.frames, live.platform);
  }

  /** What the map shows now. It may be called for every frame of a move: within what is covered already nothing is sent. */
  moveTo(box: Box): void {
    const selection = this.selection as BoxSelection;
    if (selection.fits(box) || `${box}` === `${selection.box}`) return;
    selection.box = box;
    // Without a subscription of its own there is no answer: all vehicles are followed, or none yet.
    if (!this.live.subscriptions.tell(`vehicles ${selection.own.key}`, { op: 'view', box })) selection.own.onNeedless();
  }

  private take(message: CoversMessage | ClustersMessage): void {
    const selection = this.selection as BoxSelection;
    if (message.op === 'clusters') {
      const clusters = new Map(selection.isNew ? null : this.clusters);
      for (const cluster of message.c) {
        if (cluster.count) clusters.set(cluster.id, cluster as Cluster);
        else clusters.delete(cluster.id);
      }
      this.clusters = clusters;
      selection.isNew = false;
      this.changed();
      return;
    }
    const { box, mode } = message;
    selection.isNew ||= `${selection.covers}` !== `${box}`;
    selection.covers = box;
    if (mode) {
      selection.isClustered = mode === 'clusters';
      if (!selection.isClustered) this.clusters = null;
    }
    this.live.set.compare(this);
    this.live.frames.request('derive', this.live.set.plan);
    this.changed();
  }
}

/** So many times the width of what is asked for may be covered, before less is asked for. */
const LOOSE = 3;

class BoxSelection extends Selection {
  covers: Box;
  isClustered = false;
  /** All clusters come next. */
  isNew = true;
  override readonly own;

  constructor(
    public box: Box,
    { batchMs: batch_ms, max }: ViewOptions,
    onMessage: (message: CoversMessage | ClustersMessage) => void,
  ) {
    super({ id: [] });
    lastView += 1;
    this.covers = box;
    this.own = {
      key: `view ${lastView}`,
      request: () => {
        this.isNew = true;
        return { to: 'view', box: this.box, batch_ms, max };
      },
      onMessage: (message: ServerMessage) => {
        if (message.op === 'covers' || message.op === 'clusters') onMessage(message);
      },
      onNeedless: () => {
        const isKnown = !this.isClustered && `${this.covers}` === `${this.box}`;
        if (!isKnown) onMessage({ op: 'covers', s: 0, box: this.box, mode: 'vehicles' });
      },
    };
  }

  override get onlyIds(): null {
    return null;
  }

  override holds({ place }: Vehicle): boolean {
    return !this.isClustered && place !== null && isIn(this.covers, place.lon, place.lat);
  }

  /** Whether what is covered will do for this box. */
  fits([west, south, east, north]: Box): boolean {
    const [, low, , high] = this.covers;
    const width = widthOf(this.covers);
    const asked = widthOf([west, south, east, north]);
    const isLoose = width > asked * LOOSE || high - low > (north - south) * LOOSE;
    return !isLoose && asked <= width && isIn(this.covers, west, south) && isIn(this.covers, east, north);
  }
}

/** A longitude may be written beyond 180, as maps that were turned around the world do. */
function isIn([west, south, east, north]: Box, lon: number, lat: number): boolean {
  return lat >= south && lat <= north && turn(lon - west) <= (widthOf([west, south, east, north]) || 0);
}

function widthOf([west, , east]: Box): number {
  return east - west >= 360 ? 360 : turn(east - west);
}

const turn = (degrees: number) => ((degrees % 360) + 360) % 360;
