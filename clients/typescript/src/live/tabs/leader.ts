/** The side of the page that has the connection: it speaks the live protocol to the pages, from what its own client knows. */

import type { LiveError } from '../error.js';
import type { State } from '../facts.js';
import type { VehicleFilter } from '../filter.js';
import type { Live } from '../live.js';
import { followDelivery, followFigures, followParcel, followPresence, type Thing } from '../things/index.js';
import type { AnyFact } from '../topics.js';
import type { Vehicles } from '../vehicles.js';
import { openView, type View } from '../view/index.js';
import type { Box, Vehicle } from '../wire.js';
import type { Note } from './follower.js';

/** Facts that are kept of each topic, for pages that come back. */
const KEPT = 1_000;
type Shown = Pick<Thing<unknown>, 'snapshot' | 'subscribe'>;
const THINGS: Record<string, (live: Live, id: never) => Shown> = {
  dashboard: followFigures,
  presence: followPresence,
  parcel: followParcel,
  delivery: followDelivery,
};

interface Message {
  op: string;
  id?: unknown;
  s: number;
  to: string;
  ids?: string[];
  routes?: string[];
  kinds?: string[];
  box?: Box;
  max?: number;
  after?: string;
}

interface Followed {
  stop: () => void;
  vehicles?: Vehicles;
}

interface Page {
  send: (message: object) => void;
  isGreeted: boolean;
  subs: Map<number, Followed>;
}

/** What comes of a topic: a fact, or that the facts begin anew. */
type News = AnyFact | State<unknown>;

/** The facts of a topic, which is followed until this page is gone, so that no page misses one while the connection is lost. */
interface Topic {
  readonly facts: { snapshot: () => { items: readonly unknown[] } };
  /** What came, with its cursor. */
  readonly past: News[];
  readonly listeners: Set<(news: News | LiveError) => void>;
}

/** Serves the pages from this connection until the returned function is called. */
export function lead(name: string, live: Live, later: (run: () => void) => void): () => void {
  const channel = new BroadcastChannel(name);
  const pages = new Map<string, Page>();
  const topics = new Map<string, Topic>();
  let wasLive = false;
  const post = (note: Note) => channel.postMessage(note);
  const stopWatching = live.connection.subscribe(changed);
  channel.onmessage = ({ data: { from, data } }: { data: Note }) => {
    if (!from || !data) return;
    const message = JSON.parse(data) as Message;
    const page = pages.get(from);
    if (message.op === 'hello') greet(from);
    else if (page) received(page, message);
  };
  post({ all: true });
  return () => {
    stopWatching();
    for (const id of pages.keys()) bye(id, 'moved', [0, 0]);
    live.close();
    channel.close();
  };

  function greet(id: string): void {
    // Given when the page is gone.
    if (!pages.has(id)) void navigator.locks.request(id, () => forget(id));
    const send = (message: object) => post({ to: id, data: JSON.stringify(message) });
    pages.set(id, { send, isGreeted: false, subs: new Map() });
    post({ to: id, wait: true });
    if (live.over) live.reconnect();
    changed();
  }

  function changed(): void {
    const { state, welcome, error } = live.connection.snapshot();
    const isLive = state === 'live';
    for (const [id, page] of pages) {
      if (live.over) bye(id, error?.code ?? state, null, error?.message);
      else if (page.isGreeted && !isLive) bye(id, 'lost', [0, 0]);
      else if (page.isGreeted !== isLive) {
        page.isGreeted = true;
        page.send({ ...welcome, expires_in: null });
      }
    }
    if (isLive && !wasLive) post({ all: true });
    wasLive = isLive;
  }

  function bye(id: string, why: string, retry_ms: [number, number] | null, message = ''): void {
    pages.get(id)?.send({ op: 'bye', why, message, retry_ms });
    forget(id);
  }

  function forget(id: string): void {
    for (const { stop } of pages.get(id)?.subs.values() ?? []) stop();
    pages.delete(id);
  }

  function received({ send, subs }: Page, message: Message): void {
    const { op, s, to, box, id } = message;
    const refuse = ({ code, message, retryMs }: LiveError, about: object) =>
      send({ op: 'error', code, message, retry_ms: retryMs, ...about });
    if (op === 'ping') send({ op: 'pong' });
    else if (op === 'sub') subs.set(s, follow());
    else if (op === 'unsub') {
      subs.get(s)?.stop();
      subs.delete(s);
    } else if (op === 'view' && box) {
      send({ op: 'covers', s, box });
      (subs.get(s)?.vehicles as View | undefined)?.moveTo(box);
    } else {
      live.request({ ...message }).then(
        (ok) => send({ ...ok, re: id }),
        (error) => refuse(error, { re: id }),
      );
    }

    function follow(): Followed {
      if (to === 'vehicles' || box) return followVehicles();
      const open = THINGS[to];
      return { stop: open ? followThing(open(live, id as never)) : followTopic() };
    }

    function followVehicles(): Followed {
      const { ids, routes, kinds, max } = message;
      const filter = { id: ids, route: routes, kind: kinds } as VehicleFilter;
      const vehicles = box
        ? openView(live, box, { max, onMessage: (about) => send({ ...about, s }) })
        : live.vehicles(filter);
      if (box) send({ op: 'covers', s, box });
      let v: Vehicle[] = [];
      const flush = () => {
        if (v.length) send({ op: 'vehicles', v });
        v = [];
      };
      const isElsewhere = (id: string) => [...subs.values()].some((other) => other.vehicles?.get(id));
      const take = (change: { type: string; id?: string; vehicle?: Vehicle }) => {
        if (change.vehicle) {
          if (v.push(change.vehicle) === 1) later(flush);
          return;
        }
        flush();
        if (!change.id) send({ op: 'ready', s });
        else if (!isElsewhere(change.id)) send({ op: 'gone', ids: [change.id] });
      };
      return { vehicles, stop: each(vehicles, take, (error) => refuse(error, { s })) };
    }

    function followThing(thing: Shown): () => void {
      let sent: unknown[] = [];
      let isReady = false;
      const tell = () => {
        const { value, status, error } = thing.snapshot();
        const { parcel, at, zone } = Object(value);
        const parts = to === 'presence' ? [{ op: to, connections: value }] : parcel ? [parcel, at, zone] : [value];
        for (const part of parts) if (part && !sent.includes(part)) send(part);
        sent = parts;
        if (status === 'live' && !isReady) send({ op: 'ready', s });
        isReady = status === 'live';
        if (error) refuse(error, { s });
      };
      tell();
      return thing.subscribe(tell);
    }

    function followTopic(): () => void {
      const { after } = message;
      const topic = topicOf(to, id as number);
      let isReady = false;
      const tell = ({ type, data, t, cursor }: AnyFact) =>
        send({ op: type === 'trip.progressed' ? 'trip' : 'fact', e: cursor, type, t, data });
      const ready = (complete: boolean) => send({ op: 'ready', s, complete, cursor: topic.past.at(-1)?.cursor });
      const begin = (complete: boolean) => {
        send({ op: 'items', s, items: topic.facts.snapshot().items });
        ready(complete);
      };
      const start = () => {
        isReady = true;
        const known = topic.past.findIndex(({ cursor }) => cursor === after);
        // What came after a cursor that is not known can't be told: the page gets what is true now.
        if (known < 0) return begin(!after);
        for (const news of topic.past.slice(known + 1)) if (!('complete' in news)) tell(news);
        ready(true);
      };
      const listener = (news: News | LiveError) => {
        if ('code' in news) refuse(news, { s });
        else if (!isReady) start();
        else if ('complete' in news) begin(news.complete);
        else tell(news);
      };
      if (topic.past.length) start();
      topic.listeners.add(listener);
      return () => topic.listeners.delete(listener);
    }
  }

  function topicOf(to: string, id: number): Topic {
    const key = `${to} ${id}`;
    const known = topics.get(key);
    if (known) return known;
    const facts = to === 'cadet' ? live.cadet(id) : live[to as 'alerts']();
    const past: News[] = [];
    const listeners: Topic['listeners'] = new Set();
    const topic = { facts, past, listeners };
    topics.set(key, topic);
    const take = (news: News) => {
      past.push(news);
      if (past.length > KEPT) past.shift();
      for (const listener of listeners) listener(news);
    };
    each(facts as AsyncIterable<News>, take, (error) => {
      // A page that asks again may be let in.
      topics.delete(key);
      for (const listener of listeners) listener(error);
    });
    return topic;
  }
}

/** Takes values until the returned function is called. */
function each<Value>(values: AsyncIterable<Value>, take: (value: Value) => void, refuse: (error: LiveError) => void) {
  const loop = values[Symbol.asyncIterator]() as AsyncIterableIterator<Value>;
  (async () => {
    for await (const value of loop) take(value);
  })().catch(refuse);
  return () => void loop.return?.();
}
