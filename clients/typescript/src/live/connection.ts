/** Owns the one socket: opens it, greets, finds out that it is dead, comes back. `connection.md` describes the states. */

import { backoffDelayMs } from '../backoff.js';
import type { Socket } from '../platform.js';
import { type Advice, adviceOfBye, adviceOfCode } from './advice.js';
import type { Credential, Hello } from './credential.js';
import { LiveError, textOf } from './error.js';
import type { LivePlatform, Signal } from './platform.js';
import { readMessage, type ServerMessage, type Welcome } from './wire.js';

/**
 * - `idle`: not begun, or the page is frozen.
 * - `opening`: the socket opens, and the token is fetched.
 * - `greeting`: `hello` was sent.
 * - `live`: the server has answered.
 * - `waiting`: the next attempt comes by itself.
 * - `refused`: only `reconnect()` tries again, such as after a new login.
 * - `closed`: by `close()`, for good.
 */
export type ConnectionState = 'idle' | 'opening' | 'greeting' | 'live' | 'waiting' | 'refused' | 'closed';

export const OPENING_LIMIT_MS = 10_000;
export const GREETING_LIMIT_MS = 5_000;
/** Two of these without a message, and the server is asked; it has `PONG_LIMIT_MS` to say something. Ten seconds in all. */
export const QUIET_TICK_MS = 3_500;
export const HIDDEN_TICK_MS = 15_000;
export const PONG_LIMIT_MS = 3_000;
export const WAKE_PONG_LIMIT_MS = 2_000;
/** A connection must last this long before the backoff begins anew. */
export const STABLE_AFTER_MS = 10_000;
/** Without a connection for this long, a user is told. */
export const LOST_AFTER_MS = 5_000;

export interface ConnectionOptions {
  /** The address of the socket. It may throw. */
  address: () => string;
  serverUrl: string | undefined;
  credential: Credential;
  platform: LivePlatform;
  onLive: (welcome: Welcome) => void;
  onMessage: (message: ServerMessage) => void;
  /** The connection was live, and is not any more. */
  onDown: () => void;
  onChange: () => void;
}

export class Connection {
  state: ConnectionState = 'idle';
  /** True after five seconds without a connection. */
  isLost = false;
  retryAtMs: number | null = null;
  /** Why there is no connection; null while there is one. */
  error: LiveError | null = null;
  welcome: Welcome | null = null;

  private socket: Socket | null = null;
  /** Counts the attempts. What an older one brings is ignored. */
  private generation = 0;
  private timer: unknown = null;
  private lostTimer: unknown = null;
  private enteredAtMs = 0;
  private attempt = 0;
  private isAdvised = false;
  private isHidden = false;
  /** Ticks since the last message. */
  private quiet = 0;
  /** The hello that the server has just refused for its credential. */
  private refused: Hello | null = null;
  private hello: Hello = {};
  /** Why handshakes fail, as far as it could be found out. */
  private explanation: LiveError | null = null;
  private stopWatching: (() => void) | null = null;

  constructor(private readonly options: ConnectionOptions) {}

  /** Begins. Later, while waiting or refused: tries again now. */
  reconnect(): void {
    if (this.socket || this.state === 'closed') return;
    this.stopWatching ??= this.options.platform.watch((signal) => this.signalled(signal));
    this.attempt = 0;
    this.refused = null;
    this.explanation = null;
    this.open();
  }

  close(): void {
    this.stopWatching?.();
    this.stopWatching = null;
    this.rest('closed', new LiveError('closed', 'the connection was closed'));
  }

  /** Returns whether the message was given to a live connection. */
  send(message: object): boolean {
    if (this.state !== 'live') return false;
    return this.write(message);
  }

  private open(): void {
    const generation = this.drop();
    const { platform, credential } = this.options;
    let isOpen = false;
    let hello: Hello | null = null;
    /** Wraps an event of this attempt, so that it does nothing once there is another one. */
    const mine =
      <Args extends unknown[]>(run: (...args: Args) => void) =>
      (...args: Args) => {
        if (generation === this.generation) run(...args);
      };
    const greet = () => {
      if (isOpen && hello) this.greet(hello);
    };
    this.enter('opening', OPENING_LIMIT_MS, () => this.failed(new LiveError('timeout', 'the socket did not open')));
    try {
      const { webSocket: WebSocketClass } = platform;
      if (!WebSocketClass) throw new TypeError('there is no WebSocket here: give platform.webSocket');
      this.socket = new WebSocketClass(this.options.address()) as Socket;
    } catch (error) {
      this.rest('refused', new LiveError('socket', textOf(error)));
      return;
    }
    this.socket.onopen = mine(() => {
      isOpen = true;
      greet();
    });
    this.socket.onmessage = mine(({ data }) => this.received(data));
    this.socket.onclose = mine(({ code, reason }) => this.socketClosed(code, reason, isOpen));
    this.socket.onerror = () => undefined; // onclose follows and says more
    credential.hello(this.refused?.token).then(
      mine((given) => {
        if (this.refused && this.refused.token === given.token) {
          this.rest('refused', this.error ?? new LiveError('token', 'the credential was refused'));
          return;
        }
        hello = given;
        greet();
      }),
      mine((error: unknown) => this.failed(new LiveError('token_source', textOf(error)))),
    );
  }

  private greet(hello: Hello): void {
    this.hello = hello;
    this.enter('greeting', GREETING_LIMIT_MS, () => this.failed(new LiveError('timeout', 'the server did not greet')));
    this.write({ op: 'hello', v: 1, ...hello });
  }

  private received(data: unknown): void {
    this.quiet = 0;
    const message = readMessage(data);
    if (!message) return;
    if (message.op === 'bye') {
      this.ended(adviceOfBye(message), new LiveError(message.why, message.message));
    } else if (this.state === 'live') {
      this.passOn(message);
    } else if (message.op === 'welcome') {
      this.error = this.refused = this.explanation = null;
      this.welcome = message;
      this.listen();
      this.options.onLive(message);
    }
  }

  private passOn(message: ServerMessage): void {
    try {
      this.options.onMessage(message);
    } catch (error) {
      // A message that is not as described. What is held may be wrong since, and comes anew.
      this.failed(new LiveError('malformed', textOf(error)));
    }
  }

  /** Waits for messages, and asks for one when none came for two ticks. */
  private listen(): void {
    this.enter('live', this.isHidden ? HIDDEN_TICK_MS : QUIET_TICK_MS, () => {
      if (this.quiet > 0) this.probe(PONG_LIMIT_MS);
      else {
        this.quiet = 1;
        this.listen();
      }
    });
  }

  /** Asks whether the connection works. */
  private probe(limitMs: number): void {
    this.quiet = 1;
    this.write({ op: 'ping' });
    this.enter('live', limitMs, () => {
      if (this.quiet === 0) this.listen();
      else this.failed(new LiveError('timeout', 'the server did not answer'));
    });
  }

  private socketClosed(code: number, reason: string, wasOpen: boolean): void {
    const known = wasOpen ? null : this.explanation;
    const advice = adviceOfCode(code);
    const why = typeof advice === 'string' ? advice : 'lost';
    this.ended(advice, known ?? new LiveError(why, reason || `the socket was closed with ${code}`));
    if (!wasOpen && !known && !this.welcome) void this.explain();
  }

  /** The server has ended the connection. */
  private ended(advice: Advice, error: LiveError): void {
    if (advice === 'refused' || (advice === 'token' && !this.options.credential.isRenewable)) {
      this.rest('refused', error);
      return;
    }
    if (advice === 'token') this.refused = this.hello;
    this.failed(error, advice === 'token' ? null : advice);
  }

  /** The attempt or the connection has failed: plans the next one. */
  private failed(error: LiveError, advice: readonly [number, number] | null = null): void {
    const { platform } = this.options;
    if (this.state === 'live' && platform.nowMs() - this.enteredAtMs >= STABLE_AFTER_MS) this.attempt = 0;
    this.drop();
    this.error = error;
    const backoffMs = backoffDelayMs(this.attempt, platform.random);
    const delayMs = advice ? advice[0] + platform.random() * (advice[1] - advice[0]) : backoffMs;
    this.attempt += 1;
    this.isAdvised = advice !== null;
    this.retryAtMs = platform.nowMs() + delayMs;
    this.enter('waiting', delayMs, () => this.open());
  }

  /** Stays without a connection until something from outside changes that. */
  private rest(state: 'idle' | 'refused' | 'closed', error: LiveError | null): void {
    this.drop();
    this.error = error;
    this.enter(state, null);
  }

  private signalled(signal: Signal): void {
    if (signal === 'hide' || signal === 'show') this.isHidden = signal === 'hide';
    if (signal === 'freeze') {
      if (this.socket || this.state === 'waiting') this.rest('idle', null);
    } else if (signal !== 'hide') this.check(signal === 'offline' ? PONG_LIMIT_MS : WAKE_PONG_LIMIT_MS);
  }

  /** Something has changed: timers may have stood still, or the network is another one. */
  private check(limitMs: number): void {
    const nowMs = this.options.platform.nowMs();
    if (this.state === 'live') this.probe(limitMs);
    else if (this.state === 'idle') this.open();
    else if (this.state === 'waiting') {
      if (!this.isAdvised || nowMs >= (this.retryAtMs ?? 0)) this.open();
    } else if (this.socket && nowMs - this.enteredAtMs > OPENING_LIMIT_MS) this.open();
  }

  /** A browser does not say why a handshake failed. Until a first connection is made, an HTTP request beside it finds out. */
  private async explain(): Promise<void> {
    const { platform, serverUrl } = this.options;
    // Loaded when it is needed, which is seldom.
    const known = await import('../handshake.js')
      .then(({ explainHandshake }) => explainHandshake(platform, { serverUrl, token: null, needsUser: false }))
      .catch(() => null);
    if (!known || this.state === 'live' || this.state === 'closed') return;
    this.error = this.explanation = new LiveError('handshake', known.message);
    this.options.onChange();
  }

  /** Gives up the socket and the planned attempt. Returns the number of the next attempt. */
  private drop(): number {
    const { socket } = this;
    this.socket = null;
    this.retryAtMs = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.onerror = () => undefined; // the ws package throws errors that have no listener
      socket.close(1000);
    }
    this.generation += 1;
    return this.generation;
  }

  private write(message: object): boolean {
    try {
      this.socket?.send(JSON.stringify(message));
      return true;
    } catch {
      return false; // closing already: onclose follows, or the deadline
    }
  }

  /** Every state has its deadline here. Only `idle`, `refused` and `closed` have none: nothing is awaited there. */
  private enter(state: ConnectionState, limitMs: number | null, then: () => void = () => undefined): void {
    const { platform, onDown, onChange } = this.options;
    if (this.timer !== null) platform.clearTimer(this.timer);
    this.timer = limitMs === null ? null : platform.setTimer(then, limitMs);
    if (state === this.state && state !== 'opening') return;
    const before = this.state;
    this.state = state;
    this.enteredAtMs = platform.nowMs();
    this.watchLoss(limitMs !== null && state !== 'live');
    this.isLost = state === 'refused' || (this.isLost && limitMs !== null && state !== 'live');
    if (before === 'live') onDown();
    onChange();
  }

  private watchLoss(isMissing: boolean): void {
    const { platform, onChange } = this.options;
    if (isMissing) {
      this.lostTimer ??= platform.setTimer(() => {
        this.isLost = true;
        onChange();
      }, LOST_AFTER_MS);
    } else if (this.lostTimer !== null) {
      platform.clearTimer(this.lostTimer);
      this.lostTimer = null;
    }
  }
}
