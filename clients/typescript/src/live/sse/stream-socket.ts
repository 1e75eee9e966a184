/** Looks like a WebSocket of the live protocol, and is made of streams and requests. */

interface Message {
  op: string;
  s: number;
  to: string;
  [field: string]: unknown;
}

/** One stream. Its subscriptions have other numbers on the server. */
interface Stream extends AbortController {
  subs: Message[];
  /** The vehicles that it has. */
  held?: Set<string>;
}

/** An answer that refuses. */
interface Refusal {
  status?: number;
  message?: string;
}

const CODES: Record<number, string> = {
  400: 'invalid',
  401: 'token',
  403: 'forbidden',
  404: 'not_found',
  410: 'gone',
  429: 'busy',
};

export class StreamSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: unknown = null;
  private readonly base: string;
  private hello: Record<string, unknown> = {};
  private readonly streams = new Set<Stream>();
  /** Subscriptions that begin together. */
  private wanted: Message[] = [];

  constructor(url: string) {
    this.base = url.replace(/^ws/, 'http').replace(/\/ws$/, '');
    void this.check(() => this.onopen?.());
  }

  close(): void {
    this.onclose = this.onmessage = null;
    for (const stream of this.streams) stream.abort();
  }

  send(text: string): void {
    const message = JSON.parse(text) as Message;
    const { op, s, id: re } = message;
    if (op === 'hello') {
      this.hello = message;
      void this.open([]);
    } else if (op === 'sub') {
      if (this.wanted.push(message) === 1) queueMicrotask(() => this.openWanted());
    } else if (op === 'unsub') this.drop(s);
    else if (op === 'view') void this.open(this.drop(s).map((sub) => ({ ...sub, box: message.box })));
    else if (op === 'ping') void this.check(() => this.tell({ op: 'pong' }));
    else if (op === 'auth') {
      // The streams end when the older token expires, and are opened again with this one.
      this.hello.token = message.token;
      this.tell({ op: 'ok', re, expires_in: null });
    } else {
      const kind = ['alert', 'notification', 'message'].find((name) => message[name]);
      const path = op === 'report' ? '/positions' : `/${kind}s/${message[kind ?? '']}/read`;
      const headers = { 'Content-Type': 'application/json' };
      this.call(`/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(message.positions ?? {}) })
        .then((response) => response.json())
        .then(
          ({ accepted, duplicates, rejected }) => this.tell({ op: 'ok', re, accepted, duplicates, rejected }),
          ({ status, message }: Refusal) =>
            this.tell({ op: 'error', re, code: CODES[status ?? 0] ?? 'unavailable', message, retry_ms: null }),
        );
    }
  }

  /** Asks whether the server can be reached. */
  private check(then: () => void): Promise<void> {
    return this.call('/health').then(then, () => this.end());
  }

  /** Those with the same cursor share a stream. A URL can follow each thing once, and a view is opened anew when it moves. */
  private openWanted(): void {
    const groups: Message[][] = [];
    for (const sub of this.wanted.splice(0)) {
      const fits = (group: Message[]) =>
        sub.to !== 'view' && group.every(({ to, after }) => to !== sub.to && to !== 'view' && after === sub.after);
      const group = groups.find(fits);
      if (group) group.push(sub);
      else groups.push([sub]);
    }
    for (const group of groups) void this.open(group);
  }

  private async open(subs: Message[]): Promise<void> {
    const stream: Stream = Object.assign(new AbortController(), { subs, held: new Set<string>() });
    const { signal } = stream;
    // The one that greeted is not needed any more.
    for (const other of this.streams) if (!other.subs.length) other.abort();
    this.streams.add(stream);
    const { tenant, link } = this.hello;
    const query: Record<string, unknown> = {
      ...(tenant ? { tenant } : {}),
      ...(link ? { delivery: link } : {}),
      to: [],
    };
    for (const { to, id, ids, routes, kinds, box, batch_ms } of subs) {
      const fields = Object.entries({ ids, routes, kinds, box, [to]: id }).filter(([, value]) => value !== undefined);
      if (!fields.length) (query.to as string[]).push(to);
      Object.assign(query, Object.fromEntries(fields), batch_ms && { batch_ms });
    }
    const after = subs[0]?.after as string | undefined;
    try {
      const path = `/api/v1/stream?${new URLSearchParams(query as Record<string, string>)}`;
      const { body } = await this.call(path, { signal, headers: after ? { 'Last-Event-ID': after } : {} });
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ''; reader; ) {
        const { done, value } = await reader.read();
        if (done) break;
        const events = (text + value).split('\n\n');
        text = events.pop() ?? '';
        for (const event of events) {
          const data = /^data: ?(.*)$/m.exec(event)?.[1];
          if (data) this.heard(stream, JSON.parse(data));
        }
      }
      if (!signal.aborted) this.end();
    } catch (error) {
      const { status, message } = error as Refusal;
      if (!signal.aborted && status && CODES[status])
        this.tell({ op: 'bye', why: CODES[status], message, retry_ms: status === 429 ? [30_000, 60_000] : null });
      else if (!signal.aborted) this.end();
    }
    this.streams.delete(stream);
  }

  private heard(stream: Stream, message: Message): void {
    const { op } = message;
    const others = [...this.streams].filter((other) => other !== stream);
    if (op === 'welcome') {
      const left = [...stream.subs];
      // In the order of their numbers there.
      stream.subs = (message.subs as Message[]).flatMap(({ to }) => left.find((sub) => sub.to === to) ?? []);
      if (left.length) return;
    } else if (message.s) message.s = stream.subs[message.s - 1]?.s ?? 0;
    // A stream knows nothing of what another one has, and how far that is.
    if (op === 'vehicles') for (const { id } of message.v as Message[]) stream.held?.add(id as string);
    if (op === 'gone') {
      message.ids = (message.ids as string[]).filter((id) => {
        stream.held?.delete(id);
        return !others.some(({ held }) => held?.has(id));
      });
    }
    if (op === 'mark' && others.length) delete message.cursor;
    this.tell(message);
  }

  /** Ends a subscription, and its stream if it was the last one. */
  private drop(s: number): Message[] {
    for (const stream of this.streams) {
      const at = stream.subs.findIndex((sub) => sub.s === s);
      if (at < 0) continue;
      const dropped = stream.subs.slice(at, at + 1);
      // Its number stays taken.
      stream.subs[at] = { op: '', s: 0, to: '' };
      if (stream.subs.every((sub) => !sub.s)) stream.abort();
      return dropped;
    }
    return [];
  }

  private async call(path: string, init: RequestInit = {}): Promise<Response> {
    const { token, key } = this.hello;
    const headers = { ...init.headers } as Record<string, string>;
    if (token) headers.Authorization = `Bearer ${token}`;
    if (key) headers['X-Device-Key'] = `${key}`;
    const response = await fetch(this.base + path, { ...init, headers });
    if (response.ok) return response;
    const { detail } = await response.json().catch(() => ({}));
    throw { status: response.status, message: detail };
  }

  private end(): void {
    this.onclose?.({ code: 1006, reason: '' });
    this.close();
  }

  private tell(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}
