/** Owns the live socket: opens it, brings it back after a drop, and says in which state it is. */

import { advisedDelayMs, backoffDelayMs } from './backoff';
import { parseMessage, type ServerMessage } from './wire';

export type ConnectionState =
  | { kind: 'connecting' }
  | { kind: 'live' }
  | { kind: 'offline'; retryAtMs: number }
  | { kind: 'ended' };

/** The part of a WebSocket that is used here. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  close(code?: number): void;
}

export interface ConnectionOptions {
  open: () => Socket;
  /** Whether the session is still good; asked when a handshake is refused, which a browser doesn't explain. */
  isSessionAlive: () => Promise<boolean>;
  onMessage: (message: ServerMessage) => void;
  onState: (state: ConnectionState) => void;
  now: () => number;
  random: () => number;
  setTimer: (run: () => void, delayMs: number) => number;
  clearTimer: (timer: number) => void;
}

const POLICY_VIOLATION = 1008;
/** A connection must hold this long before the backoff starts from the bottom again. */
export const STABLE_AFTER_MS = 10_000;
/** A handshake that is neither accepted nor refused by then is given up. */
export const HANDSHAKE_LIMIT_MS = 15_000;

export class Connection {
  private state: ConnectionState = { kind: 'connecting' };
  private socket: Socket | null = null;
  private timer: number | null = null;
  private attempt = 0;
  private openedAtMs: number | null = null;

  constructor(private readonly options: ConnectionOptions) {}

  start(): void {
    this.attempt = 0;
    this.connect();
  }

  /** Tries at once: the reader asked, the network came back, or the page was brought to the front. */
  retryNow(): void {
    if (this.state.kind === 'offline') this.connect();
  }

  /** The browser says that the network is gone: don't wait for the socket to notice. */
  networkLost(): void {
    if (this.state.kind === 'ended' || !this.socket) return;
    this.drop();
    this.retryLater(backoffDelayMs(this.attempt++, this.options.random));
  }

  stop(): void {
    this.drop();
    this.setState({ kind: 'ended' });
  }

  private connect(): void {
    this.drop();
    this.setState({ kind: 'connecting' });
    const socket = this.options.open();
    this.socket = socket;
    this.openedAtMs = null;
    this.timer = this.options.setTimer(() => {
      this.drop();
      this.retryLater(backoffDelayMs(this.attempt++, this.options.random));
    }, HANDSHAKE_LIMIT_MS);
    socket.onopen = () => {
      this.cancelTimer();
      this.openedAtMs = this.options.now();
      this.setState({ kind: 'live' });
    };
    socket.onmessage = ({ data }) => {
      const message = typeof data === 'string' ? parseMessage(data) : null;
      if (message) this.options.onMessage(message);
    };
    socket.onclose = ({ code, reason }) => void this.closed(code, reason);
  }

  private async closed(code: number, reason: string): Promise<void> {
    const heldMs = this.openedAtMs === null ? null : this.options.now() - this.openedAtMs;
    this.drop();
    if (code === POLICY_VIOLATION) return this.setState({ kind: 'ended' });
    if (heldMs !== null && heldMs >= STABLE_AFTER_MS) this.attempt = 0;
    const delayMs = advisedDelayMs(reason) ?? backoffDelayMs(this.attempt, this.options.random);
    this.attempt += 1;
    this.retryLater(delayMs);
    if (heldMs === null && !(await this.options.isSessionAlive()) && this.isRunning()) this.stop();
  }

  private retryLater(delayMs: number): void {
    this.setState({ kind: 'offline', retryAtMs: this.options.now() + delayMs });
    this.timer = this.options.setTimer(() => this.connect(), delayMs);
  }

  private isRunning(): boolean {
    return this.state.kind !== 'ended';
  }

  /** Lets go of the socket and of what was planned for it; its late events reach nobody. */
  private drop(): void {
    this.cancelTimer();
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private cancelTimer(): void {
    if (this.timer !== null) this.options.clearTimer(this.timer);
    this.timer = null;
  }

  private setState(state: ConnectionState): void {
    this.state = state;
    this.options.onState(state);
  }
}
