/** Owns one WebSocket: opens it, reconnects it, detects a dead connection, and reports its state. */

import { advisedDelayMs, backoffDelayMs } from './backoff.js';
import { meaningOfClose, NORMAL_CLOSURE, refusalText } from './close-codes.js';
import { TrackingError } from './errors.js';
import { type Credentials, explainHandshake } from './handshake.js';
import { type Platform, platformOf, type Socket } from './platform.js';

/**
 * - `disconnected` (Offline): no connection; `retryAtMs` says when the next attempt comes by itself, if at all.
 * - `connecting` (Connecting): an attempt is under way.
 * - `connected` (Live).
 * - `error` (Error): refused for good, see `TrackingError`; only `connect()` tries again.
 */
export type ConnectionState = 'disconnected' | 'connecting' | 'connected' | 'error';

export interface SocketOptions<Message> {
  /** Called at each attempt, so that a renewed token is used. */
  address: () => string;
  /** Parses a message, or returns null for an unknown kind. May throw an Error that says what is wrong. */
  parse: (text: string) => Message | null;
  onMessage: (message: Message) => void;
  onState: (state: ConnectionState) => void;
  onError: (error: TrackingError) => void;
  /** The credentials for finding out why a handshake failed. */
  credentials?: Credentials;
  /** The text of a ping that the server answers; absent if the dialect has none. */
  ping?: string;
  platform?: Partial<Platform>;
}

/** A connection must last this long before the backoff is reset. */
export const STABLE_AFTER_MS = 10_000;
/** A handshake that takes longer than this is given up. */
export const HANDSHAKE_LIMIT_MS = 15_000;
export const PING_EVERY_MS = 30_000;
/** If nothing comes for this long after a ping, the connection is dead, even if the system does not report it. */
export const PONG_LIMIT_MS = 10_000;

export class TrackingSocket<Message> {
  private readonly platform: Platform;
  private now: ConnectionState = 'disconnected';
  private retryAt: number | null = null;
  private socket: Socket | null = null;
  private timer: unknown = null;
  private attempt = 0;
  private openedAtMs: number | null = null;
  /** True from `connect()` until `disconnect()`, a refusal, or an end by the server. While true, lost connections are retried. */
  private isActive = false;
  /** True until the first connection after `connect()`. Later failures mean that the server is away and need no explanation. */
  private isUnexplained = false;

  constructor(private readonly options: SocketOptions<Message>) {
    this.platform = platformOf(options.platform);
  }

  get state(): ConnectionState {
    return this.now;
  }

  /** When the next automatic attempt is due, Unix milliseconds; null when none is planned. */
  get retryAtMs(): number | null {
    return this.retryAt;
  }

  /** Connects, at once if an attempt is planned. Does nothing while connecting or connected. */
  connect(): void {
    if (this.socket) return;
    this.attempt = 0;
    this.isUnexplained = true;
    this.setActive(true);
    this.open();
  }

  /** Closes, and stays closed until `connect()`. */
  disconnect(): void {
    this.setActive(false);
    this.drop();
    this.setState('disconnected');
  }

  /** Returns whether the text was given to an open connection. */
  send(text: string): boolean {
    if (this.now !== 'connected' || !this.socket) return false;
    try {
      this.socket.send(text);
      return true;
    } catch {
      return false; // closing already: onclose follows
    }
  }

  private open(): void {
    this.drop();
    let socket: Socket;
    try {
      const { webSocket: WebSocketClass } = this.platform;
      if (!WebSocketClass)
        throw new TypeError('there is no WebSocket here: pass platform.webSocket, such as that of the ws package');
      socket = new WebSocketClass(this.options.address()) as Socket;
    } catch (error) {
      this.stop('error', new TrackingError('socket', error instanceof Error ? error.message : String(error)));
      return;
    }
    this.socket = socket;
    this.openedAtMs = null;
    this.startTimer(() => this.lost(null), HANDSHAKE_LIMIT_MS);
    socket.onopen = () => this.opened();
    socket.onmessage = ({ data }) => this.received(data);
    socket.onclose = ({ code, reason }) => this.closed(code, reason);
    socket.onerror = () => undefined; // onclose follows and says more
    this.setState('connecting');
  }

  private opened(): void {
    this.isUnexplained = false;
    this.openedAtMs = this.platform.nowMs();
    this.keepAlive();
    this.setState('connected');
  }

  private received(data: unknown): void {
    if (this.now === 'connected') this.keepAlive();
    let message: Message | null;
    try {
      if (typeof data !== 'string') throw new TypeError('a binary frame came');
      message = this.options.parse(data);
    } catch (error) {
      this.options.onError(new TrackingError('frame', error instanceof Error ? error.message : String(error)));
      return;
    }
    if (message !== null) this.options.onMessage(message);
  }

  private closed(code: number, reason: string): void {
    const meaning = meaningOfClose(code);
    if (meaning === 'refused') this.stop('error', new TrackingError('refused', refusalText(code, reason), code));
    else if (meaning === 'ended') this.stop('disconnected', null);
    else {
      const isHandshake = this.openedAtMs === null;
      this.lost(advisedDelayMs(reason));
      if (isHandshake) void this.explainFailure();
    }
  }

  /** Reports why the handshake failed. A refusal ends the attempts; anything else is reported once. */
  private async explainFailure(): Promise<void> {
    const { credentials } = this.options;
    if (!credentials || !(this.isUnexplained || credentials.needsUser)) return;
    const error = await explainHandshake(this.platform, credentials);
    if (!error || !this.isActive || this.now === 'connected') return;
    if (error.kind === 'refused') this.stop('error', error);
    else if (this.isUnexplained) {
      this.isUnexplained = false;
      this.options.onError(error);
    }
  }

  /** Ends the attempts until `connect()`. */
  private stop(state: 'error' | 'disconnected', error: TrackingError | null): void {
    this.setActive(false);
    this.drop();
    this.setState(state);
    if (error) this.options.onError(error);
  }

  /** The connection was lost or never opened: plans the next attempt. */
  private lost(advisedMs: number | null): void {
    const heldMs = this.openedAtMs === null ? 0 : this.platform.nowMs() - this.openedAtMs;
    if (heldMs >= STABLE_AFTER_MS) this.attempt = 0;
    this.drop();
    const delayMs = advisedMs ?? backoffDelayMs(this.attempt, this.platform.random);
    this.attempt += 1;
    this.retryAt = this.platform.nowMs() + delayMs;
    this.startTimer(() => this.open(), delayMs);
    this.setState('disconnected');
  }

  /** Pings when nothing has come for a while, and drops the connection when nothing comes after that. */
  private keepAlive(): void {
    const { ping } = this.options;
    this.stopTimer();
    if (ping === undefined) return;
    this.startTimer(() => {
      this.send(ping);
      this.startTimer(() => this.lost(null), PONG_LIMIT_MS);
    }, PING_EVERY_MS);
  }

  private setActive(isActive: boolean): void {
    if (isActive === this.isActive) return;
    this.isActive = isActive;
    const { network, page } = this.platform;
    const change = isActive ? 'addEventListener' : 'removeEventListener';
    network?.[change]('online', this.retryNow);
    network?.[change]('offline', this.networkLost);
    page?.[change]('visibilitychange', this.retryWhenVisible);
  }

  private readonly retryNow = (): void => {
    if (this.retryAt !== null) this.open();
  };

  /** The page is visible again. Browsers slow down the timers of hidden pages, so the planned attempt is made now. */
  private readonly retryWhenVisible = (): void => {
    if (this.platform.page?.visibilityState === 'visible') this.retryNow();
  };

  /** The browser reports that the network is gone, before the socket notices. */
  private readonly networkLost = (): void => {
    if (this.socket) this.lost(null);
  };

  /** Drops the socket and the planned attempt. Late events of the socket are ignored. */
  private drop(): void {
    this.stopTimer();
    this.retryAt = null;
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.onerror = () => undefined; // the ws package throws errors that have no listener
    socket.close(NORMAL_CLOSURE);
  }

  private startTimer(run: () => void, delayMs: number): void {
    this.stopTimer();
    this.timer = this.platform.setTimer(run, delayMs);
  }

  private stopTimer(): void {
    if (this.timer !== null) this.platform.clearTimer(this.timer);
    this.timer = null;
  }

  private setState(state: ConnectionState): void {
    if (state === this.now) return;
    this.now = state;
    this.options.onState(state);
  }
}
