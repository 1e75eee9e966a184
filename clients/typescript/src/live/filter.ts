/** Which vehicles somebody follows. */

import type { ServerMessage, Vehicle } from './wire.js';

type Names = string | readonly string[] | undefined;

/** All vehicles, or those with one of these ids, routes or kinds. */
export interface VehicleFilter {
  readonly id?: Names;
  readonly route?: Names;
  readonly kind?: Names;
}

const FIELDS = ['id', 'route', 'kind'] as const;
type Field = (typeof FIELDS)[number];
/** The names of a filter's fields in a subscription. */
const WIRE = { id: 'ids', route: 'routes', kind: 'kinds' } as const;

/** A subscription that a selection has for itself, because it can't be joined with others. */
export interface OwnPart {
  key: string;
  request: () => object;
  onMessage: (message: ServerMessage) => void;
  /** It is not needed now, because all vehicles are followed. */
  onNeedless: () => void;
}

/** A filter whose names are looked up quickly. */
export class Selection {
  readonly own?: OwnPart;
  readonly isAll: boolean;
  private readonly names: Record<Field, ReadonlySet<string>>;

  constructor(filter: VehicleFilter = {}) {
    this.isAll = FIELDS.every((field) => filter[field] === undefined);
    this.names = { id: setOf(filter.id), route: setOf(filter.route), kind: setOf(filter.kind) };
  }

  /** The ids, if it selects by nothing else. */
  get onlyIds(): ReadonlySet<string> | null {
    return !this.isAll && this.names.route.size + this.names.kind.size === 0 ? this.names.id : null;
  }

  holds(vehicle: Vehicle): boolean {
    const { id, route, kind } = this.names;
    return (
      this.isAll || id.has(vehicle.id) || (vehicle.route !== null && route.has(vehicle.route)) || kind.has(vehicle.kind)
    );
  }

  /** All pairs of a field and a name. */
  *pairs(): Iterable<[Field, string]> {
    for (const field of FIELDS) for (const name of this.names[field]) yield [field, name];
  }
}

/** What one subscription, or one message, may hold. */
export interface FilterLimits {
  names: number;
  bytes: number;
}

/** The few subscriptions that select all that these select together. The same selections give the same subscriptions. */
export function requestsOf(selections: Iterable<Selection>, limits: FilterLimits): Record<string, string[]>[] {
  const pairs = new Map<string, [Field, string]>();
  for (const selection of selections) {
    if (selection.isAll) return [{}];
    for (const pair of selection.pairs()) pairs.set(pair.join(' '), pair);
  }
  const requests: Record<string, string[]>[] = [];
  let names = limits.names;
  let bytes = limits.bytes;
  for (const key of [...pairs.keys()].sort()) {
    const [field, name] = pairs.get(key) as [Field, string];
    // A character takes at most three bytes for each of its UTF-16 units, and a name its quotes and a comma.
    const size = JSON.stringify(name).length * 3 + 1;
    if (names >= limits.names || bytes + size > limits.bytes) {
      requests.push({});
      names = 0;
      bytes = ROOM_FOR_FIELDS;
    }
    const request = requests.at(-1) as Record<string, string[]>;
    request[WIRE[field]] = [...(request[WIRE[field]] ?? []), name];
    names += 1;
    bytes += size;
  }
  return requests;
}

const ROOM_FOR_FIELDS = 128;

function setOf(names: Names): ReadonlySet<string> {
  return new Set(typeof names === 'string' ? [names] : names);
}
