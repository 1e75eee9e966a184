/** Follows the vehicles in a part of the map, which moves with the map. */

import { Selection } from '../filter.js';
import type { Live } from '../live.js';
import { Vehicles } from '../vehicles.js';
import type { Box, Vehicle } from '../wire.js';

export interface ViewOptions {
  /** Changes wait for each other for so many milliseconds, and come together; 500 by default. */
  batchMs?: number;
}

let lastView = 0;

/** The vehicles in a box of the map. They are followed while somebody subscribes or iterates. */
export function openView(live: Live, box: Box, options: ViewOptions = {}): View {
  return new View(live, box, options);
}

export class View extends Vehicles {
  constructor(
    private readonly live: Live,
    box: Box,
    { batchMs }: ViewOptions,
  ) {
    const selection: BoxSelection = new BoxSelection(box, batchMs, (covers) => this.cover(covers));
    super(live.set, selection, live.frames, live.platform);
  }

  /** What the map shows now. It may be called for every frame of a move: within what is covered already nothing is sent. */
  moveTo(box: Box): void {
    const selection = this.selection as BoxSelection;
    if (selection.fits(box)) return;
    selection.box = box;
    // Without a subscription of its own there is no answer: all vehicles are followed, or none yet.
    if (!this.live.subscriptions.tell(`vehicles ${selection.own.key}`, { op: 'view', box })) this.cover(box);
  }

  private cover(box: Box): void {
    (this.selection as BoxSelection).covers = box;
    this.live.set.compare(this);
    this.live.frames.request('derive', this.live.set.plan);
  }
}

/** So many times the width of what is asked for may be covered, before less is asked for. */
const LOOSE = 3;

class BoxSelection extends Selection {
  covers: Box;
  override readonly own;

  constructor(
    public box: Box,
    batchMs: number | undefined,
    onCovers: (covers: Box) => void,
  ) {
    super({ id: [] });
    lastView += 1;
    this.covers = box;
    this.own = {
      key: `view ${lastView}`,
      request: () => ({ to: 'view', box: this.box, ...(batchMs !== undefined && { batch_ms: batchMs }) }),
      onMessage: (message: { op: string }) => {
        if (message.op === 'covers') onCovers((message as { op: string; box: Box }).box);
      },
    };
  }

  override get onlyIds(): null {
    return null;
  }

  override holds({ place }: Vehicle): boolean {
    return place !== null && isIn(this.covers, place.lon, place.lat);
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
