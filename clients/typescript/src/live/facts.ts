/** Follows the facts of one topic: a store of the present state, and loops that get each fact once. */

import { LiveError } from './error.js';
import { Following, type FollowStatus } from './following.js';
import type { LivePlatform } from './platform.js';
import { Reader } from './reader.js';
import type { Frames } from './store.js';
import type { Subscriptions } from './subscriptions.js';
import type { AnyFact, Topic } from './topics.js';
import type { Ready } from './wire.js';

/**
 * What is true now. A loop gets it first, unless it resumes. Later it comes only with `complete: false`: facts were missed that
 * the server does not store any more, and this is what came of them.
 */
export interface State<Item> {
  readonly type: 'state';
  readonly items: readonly Item[];
  readonly complete: boolean;
  readonly cursor: string;
}

export interface FactsSnapshot<Item> {
  /** The newest first, at most a thousand. */
  readonly items: readonly Item[];
  readonly status: FollowStatus;
  readonly error: LiveError | null;
  /** False if facts were missed since it is followed. The items are right all the same. */
  readonly complete: boolean;
}

/** Facts that wait for a loop. When there are more, the topic is ended, and begun again after them once half of them are taken. */
export const MAX_WAITING = 1_000;
/** Items in a store. When there are more, the oldest is left out. */
const MAX_ITEMS = 1_000;
/** The last cursors, by which repeated facts are known. A topic that begins again while it just began may repeat some. */
const MAX_RECENT = 2 * MAX_WAITING;

/** A cursor and its place among those that came. */
interface Mark {
  readonly cursor: string;
  readonly at: number;
}

export interface FactsParts<Item, Fact> {
  topic: Topic<Item, Fact>;
  /** The cursor to begin after. */
  after: string | null;
  subscriptions: Subscriptions;
  frames: Frames;
  platform: LivePlatform;
  /** Why nothing can be followed any more. */
  over: () => LiveError | null;
  onStart: () => void;
  onStop: () => void;
}

/** The facts of one topic. They are followed while somebody subscribes or iterates. */
export class Facts<Item, Fact extends AnyFact>
  extends Following<FactsSnapshot<Item>>
  implements AsyncIterable<Fact | State<Item>>
{
  private readonly items = new Map<string, Item>();
  private readonly readers = new Set<FactReader<Fact | State<Item>>>();
  private readonly recent = new Set<string>();
  /** What came for the subscription that is just beginning. */
  private incoming: Item[] = [];
  /** The last cursor that came; null before the first one. */
  private came: Mark | null = null;
  /** Whether the items are the present state: not if only what followed a cursor is known. */
  private hasState = false;
  private isComplete = true;
  private isPaused = false;
  /** Whether the subscription is this one's: another one may have the same facts. */
  private isWanted = false;

  constructor(private readonly options: FactsParts<Item, Fact>) {
    super(options.frames, options.platform);
    this.reset();
  }

  /** The cursor after all that was taken: by the loop that is furthest behind, or without a loop by the store. */
  get cursor(): string | null {
    return this.taken?.cursor ?? null;
  }

  get(id: string): Item | undefined {
    return this.items.get(id);
  }

  /** Each fact once and in order. The cursor moves when the loop asks for the next one. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Fact | State<Item>, undefined> {
    const release = this.hold();
    const reader: FactReader<Fact | State<Item>> = new FactReader(
      this.came,
      () => {
        // What this loop has not taken is sent again to the next one.
        if (this.options.after !== null && this.readers.size === 1) this.came = this.taken;
        this.readers.delete(reader);
        this.resume();
        release();
      },
      () => this.resume(),
    );
    this.readers.add(reader);
    if (this.hasState && this.came) reader.push(this.state(true, this.came.cursor), this.came);
    if (this.status === 'failed' && this.error) reader.fail(this.error);
    return reader;
  }

  /** A fact of the connection, of whatever topic. */
  received(fact: AnyFact): void {
    if (!this.isWanted || !this.options.topic.holds(fact) || this.recent.has(fact.cursor)) return;
    // What the log does not have moves no cursor.
    const mark = fact.cursor ? this.moved(fact.cursor) : this.came;
    if (!mark) return;
    if (fact.cursor) this.remember(fact.cursor);
    this.options.topic.apply(this.items, fact as Fact);
    for (const key of this.items.keys()) {
      if (this.items.size <= MAX_ITEMS) break;
      this.items.delete(key);
    }
    for (const reader of this.readers) reader.push({ ...(fact as Fact), cursor: mark.cursor }, mark);
    if ([...this.readers].some(({ size }) => size >= MAX_WAITING)) this.pause();
    this.changed();
  }

  /** The server says how far it is, and what time it is. */
  marked(cursor: string | undefined, nowMs: number): void {
    // Before it is ready, what belongs to it may still be on the way.
    if (this.status !== 'live' || !this.isWanted) return;
    if (cursor !== undefined && cursor !== this.came?.cursor) {
      const mark = this.moved(cursor);
      for (const reader of this.readers) reader.moveOn(mark);
    }
    const { isOver } = this.options.topic;
    for (const [key, item] of isOver ? this.items : []) {
      if (!isOver?.(item, nowMs)) continue;
      this.items.delete(key);
      this.changed();
    }
  }

  /** The connection is refused or closed. */
  ended(error: LiveError): void {
    this.failed(error);
  }

  private failed(error: LiveError): void {
    this.setStatus(error.retryMs === null ? 'failed' : this.status, error);
    if (error.retryMs === null) for (const reader of this.readers) reader.fail(error);
  }

  protected build(): FactsSnapshot<Item> {
    const { status, error, isComplete: complete } = this;
    return { items: this.newestFirst(), status, error, complete };
  }

  protected start(): void {
    this.options.onStart();
    if (this.options.subscriptions.has(this.key)) {
      this.failed(new LiveError('taken', 'these facts are followed already'));
      return;
    }
    this.want();
    // It begins once the connection is tried again.
    const over = this.options.over();
    if (over) this.failed(over);
  }

  protected stop(): void {
    this.options.onStop();
    if (this.isWanted) this.unwant();
    this.reset();
    this.changed();
  }

  protected override get lingerMs(): number {
    return this.options.after === null ? super.lingerMs : 0;
  }

  private get key(): string {
    return `${this.options.topic.to} ${this.options.topic.id ?? ''}`;
  }

  private get taken(): Mark | null {
    const marks = [...this.readers].map(({ taken }) => taken);
    return marks.length === 0 ? this.came : marks.reduce((a, b) => ((a?.at ?? -1) <= (b?.at ?? -1) ? a : b));
  }

  private reset(): void {
    if (this.options.after === null) this.came = null;
    else this.came ??= { cursor: this.options.after, at: 0 };
    this.items.clear();
    this.recent.clear();
    this.hasState = false;
    this.isComplete = true;
    this.isPaused = false;
  }

  private unwant(): void {
    this.isWanted = false;
    this.options.subscriptions.unwant(this.key);
  }

  private want(): void {
    this.isWanted = true;
    this.options.subscriptions.want(this.key, {
      request: () => {
        this.incoming = [];
        const { to, id } = this.options.topic;
        return { to, ...(id === undefined ? {} : { id }), ...(this.came ? { after: this.came.cursor } : {}) };
      },
      onItems: (items) => this.incoming.push(...(items as Item[])),
      onReady: (ready) => this.ready(ready),
      onError: (error) => this.failed(error),
    });
  }

  private ready({ complete = true, cursor }: Ready): void {
    const isFirst = this.came === null;
    const mark = cursor === undefined ? this.came : this.moved(cursor);
    this.setStatus('live');
    if ((isFirst || !complete) && mark) {
      this.items.clear();
      for (const item of this.incoming.reverse()) this.items.set(this.options.topic.keyOf(item), item);
      this.incoming = [];
      this.hasState = true;
      this.isComplete &&= complete;
      for (const reader of this.readers) reader.push(this.state(complete, mark.cursor), mark);
    } else if (mark) for (const reader of this.readers) reader.moveOn(mark);
    this.changed();
  }

  /** A loop is far behind: it gets what follows once it has taken what waits. */
  private pause(): void {
    this.isPaused = true;
    this.unwant();
  }

  private resume(): void {
    if (!this.isPaused || [...this.readers].some(({ size }) => size > MAX_WAITING / 2)) return;
    this.isPaused = false;
    this.want();
  }

  private moved(cursor: string): Mark {
    this.came = { cursor, at: (this.came?.at ?? 0) + 1 };
    return this.came;
  }

  private remember(cursor: string): void {
    this.recent.add(cursor);
    if (this.recent.size <= MAX_RECENT) return;
    for (const oldest of this.recent) {
      this.recent.delete(oldest);
      return;
    }
  }

  private state(complete: boolean, cursor: string): State<Item> {
    return { type: 'state', items: this.newestFirst(), complete, cursor };
  }

  private newestFirst(): Item[] {
    return [...this.items.values()].reverse();
  }
}

/** The facts that wait for one loop. */
class FactReader<Value> extends Reader<Value> {
  private readonly queue: { value: Value; mark: Mark }[] = [];
  /** What the loop has in hand. */
  private inHand: { mark: Mark } | null = null;

  constructor(
    public taken: Mark | null,
    onReturn: () => void,
    private readonly onTaken: () => void,
  ) {
    super(onReturn);
  }

  get size(): number {
    return this.queue.length;
  }

  push(value: Value, mark: Mark): void {
    this.queue.push({ value, mark });
    this.pump();
  }

  /** The cursor moved without a fact: after what waits, or else after what is in hand. */
  moveOn(mark: Mark): void {
    const last = this.queue.at(-1) ?? this.inHand;
    if (last) last.mark = mark;
    else this.taken = mark;
  }

  protected override asked(): void {
    if (this.inHand) this.taken = this.inHand.mark;
    this.inHand = null;
  }

  protected take(): Value | undefined {
    const next = this.queue.shift();
    if (!next) return undefined;
    this.inHand = next;
    this.onTaken();
    return next.value;
  }
}
