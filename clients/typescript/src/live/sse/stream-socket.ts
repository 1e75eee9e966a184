/** Looks like a WebSocket of the live protocol, and is made of streams and requests. */

interface Message {
  op: string;
  /** Undefined for what was ended meanwhile. */
  s?: number | undefined;
  to: string;
  [field: string]: unknown;
}

/** One stream. Its subscriptions have other numbers on the server. */
interface Stream extends AbortController {
  subs: Message[];
  /** The vehicles that it has. */
  held: Set<unknown>;
}

/** An answer that refuses. */
interface Refusal {
  status?: number;
  detail?: string;
}

export interface StreamSocket {
  onopen?: (() => void) | null;
  onmessage?: ((event: { data: unknown }) => void) | null;
  onclose?: ((event: { code: number; reason: string }) => void) | null;
  onerror?: unknown;
  send: (text: string) => void;
  close: () => void;
}

const CODES: Record<number, string> = {
  400: 'invalid',
  401: 'token',
  403: 'forbidden',
  404: 'not_found',
  410: 'gone',
  429: 'busy',
};

export function streamSocket(url: string): StreamSocket {
  const base = url.replace(/^ws(.*)\/ws/, 'http$1');
  const streams = new Set<Stream>();
  /** Subscriptions that begin together. */
  const wanted: Message[] = [];
  let hello: Record<string, unknown> = {};
  const socket: StreamSocket = { send, close };
  const tell = (message: object) => socket.onmessage?.({ data: JSON.stringify(message) });
  const end = () => {
    socket.onclose?.({ code: 1006, reason: '' });
    close();
  };
  /** Asks whether the server can be reached. */
  const check = (then: () => void) => void call('/health').then(then, end);
  /** Ends the streams that nobody needs any more: the one that greeted, and those whose subscriptions have ended. */
  const sweep = () => {
    for (const stream of streams) if (stream.subs.every(({ s }) => !s)) stream.abort();
  };
  check(() => socket.onopen?.());
  return socket;

  function close(): void {
    socket.onclose = socket.onmessage = null;
    for (const stream of streams) stream.abort();
  }

  function send(text: string): void {
    const message = JSON.parse(text) as Message;
    const { op, id: re, ...fields } = message;
    if (op === 'hello') {
      hello = message;
      void open([]);
    } else if (op === 'sub') {
      if (wanted.push(message) === 1) queueMicrotask(openWanted);
    } else if (op === 'unsub') drop(message);
    else if (op === 'view') void open(drop(message));
    else if (op === 'ping') check(() => tell({ op: 'pong' }));
    else if (op === 'auth') {
      // The streams end when the older token expires, and are opened again with this one.
      hello.token = message.token;
      tell({ op: 'ok', re });
    } else {
      // What is reported, or what was read.
      const [name, value] = Object.entries(fields)[0] ?? [];
      const path = fields.positions ? name : `${name}s/${value}/read`;
      const body = new Blob([JSON.stringify(fields.positions)], { type: 'application/json' });
      call(`/api/v1/${path}`, { method: 'POST', body })
        .then((response) => response.json())
        .then(
          (answer) => tell({ op: 'ok', re, ...answer }),
          ({ status, detail: message }: Refusal) =>
            tell({ op: 'error', re, code: CODES[status as number] ?? 'unavailable', message, retry_ms: null }),
        );
    }
  }

  /** Those with the same cursor share a stream. A URL can follow each thing once, and a view is opened anew when it moves. */
  function openWanted(): void {
    const groups: Message[][] = [];
    for (const sub of wanted.splice(0)) {
      const fits = ({ to, box, after }: Message) => to !== sub.to && !box && !sub.box && after === sub.after;
      const group = groups.find((group) => group.every(fits));
      if (group) group.push(sub);
      else groups.push([sub]);
    }
    for (const group of groups) void open(group);
  }

  async function open(subs: Message[]): Promise<void> {
    const stream: Stream = Object.assign(new AbortController(), { subs, held: new Set() });
    const { signal } = stream;
    sweep();
    streams.add(stream);
    const query = new URLSearchParams();
    /** Returns how many of the fields ask for something. */
    const ask = (fields: object) =>
      Object.entries(fields)
        .filter(([, value]) => value != null)
        .map(([name, value]) => query.set(name, value)).length;
    ask({ tenant: hello.tenant, delivery: hello.link, lastEventId: subs[0]?.after });
    const whole = subs.flatMap(({ op, s, to, id, after, batch_ms, ...fields }) => {
      ask({ batch_ms });
      return ask({ ...fields, [to]: id }) ? [] : to;
    });
    query.set('to', `${whole}`);
    let refusal: Refusal = {};
    try {
      const { body } = await call(`/api/v1/stream?${query}`, { signal });
      const reader = (body as NonNullable<typeof body>).pipeThrough(new TextDecoderStream()).getReader();
      for (let text = '', part = await reader.read(); !part.done; part = await reader.read()) {
        const lines = (text + part.value).split('\n');
        text = lines.pop() as string;
        // An event of the server has one line of data, and no other line that begins so.
        for (const line of lines) if (/^d/.test(line)) heard(stream, JSON.parse(line.slice(5)));
      }
    } catch (error) {
      refusal = error as Refusal;
    }
    streams.delete(stream);
    if (signal.aborted) return;
    const { status, detail: message } = refusal;
    const why = CODES[status as number];
    if (why) tell({ op: 'bye', why, message, retry_ms: status === 429 ? [30_000, 60_000] : null });
    else end();
  }

  function heard(stream: Stream, message: Message): void {
    const { op, s } = message;
    const { held, subs } = stream;
    if (op === 'welcome') {
      // In the order of their numbers there.
      stream.subs = (message.subs as Message[]).map(
        (there) => subs.find(({ to }) => to === there.to) ?? ({} as Message),
      );
      if (subs.length) return;
    } else if (s) message.s = subs[s - 1]?.s;
    // A stream knows nothing of what another one has, and how far that is.
    if (op === 'vehicles') for (const { id } of message.v as Message[]) held.add(id);
    if (message.ids) {
      message.ids = (message.ids as string[]).filter((id) => {
        held.delete(id);
        return ![...streams].some((other) => other.held.has(id));
      });
    }
    if (op === 'mark' && streams.size > 1) delete message.cursor;
    tell(message);
  }

  /** Ends a subscription, and its stream if it was the last one. Returns what follows the same in another box. */
  function drop({ s, box }: Message): Message[] {
    const dropped: Message[] = [];
    for (const stream of streams) {
      for (const sub of stream.subs) {
        if (sub.s !== s) continue;
        dropped.push({ ...sub, box });
        // Its place stays taken.
        sub.s = 0;
      }
    }
    sweep();
    return dropped;
  }

  async function call(path: string, init: RequestInit = {}): Promise<Response> {
    const { token, key } = hello;
    const headers: Record<string, string> = {};
    if (token || key) headers.Authorization = token ? `Bearer ${token}` : `Device ${key}`;
    const response = await fetch(base + path, { ...init, headers });
    if (response.ok) return response;
    throw { status: response.status, ...(await response.json().catch(Object)) };
  }
}
