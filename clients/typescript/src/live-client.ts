/** What the clients of all sockets share: their options, and the connection. */

import { presentToken, socketAddress, type TokenSource } from './address.js';
import type { TrackingError } from './errors.js';
import type { Platform } from './platform.js';
import { type ConnectionState, TrackingSocket } from './socket.js';

export interface LiveClientOptions {
  /** The JWT. Without one the browser's session cookie is used. */
  token?: TokenSource;
  /** `https://host`, with or without a path; the page's own origin by default. */
  serverUrl?: string | undefined;
  onError?: (error: TrackingError) => void;
  onConnectionChange?: (state: ConnectionState) => void;
  platform?: Partial<Platform>;
}

/** Which socket a client opens, and how it reads the messages. */
interface Endpoint<Message> {
  path: string;
  query?: Record<string, string | null>;
  /** Whether a user must be logged in; a link may be public. */
  needsUser: boolean;
  parse: (text: string) => Message | null;
}

export abstract class LiveClient<Message, Options extends LiveClientOptions> {
  protected readonly socket: TrackingSocket<Message>;

  protected constructor(
    protected readonly options: Options,
    { path, query = {}, needsUser, parse }: Endpoint<Message>,
  ) {
    this.socket = new TrackingSocket<Message>({
      address: () => socketAddress(options.serverUrl, path, { ...query, token: presentToken(options.token) }),
      parse,
      ping: '{"type":"ping"}',
      credentials: { serverUrl: options.serverUrl, token: options.token, needsUser },
      onMessage: (message) => this.received(message),
      onState: (state) => this.stateChanged(state),
      onError: (error) => this.failed(error),
      ...(options.platform ? { platform: options.platform } : {}),
    });
  }

  get connectionState(): ConnectionState {
    return this.socket.state;
  }

  /** When the next automatic attempt is due, Unix milliseconds; null when none is planned. */
  get retryAtMs(): number | null {
    return this.socket.retryAtMs;
  }

  connect(): void {
    this.socket.connect();
  }

  disconnect(): void {
    this.socket.disconnect();
  }

  protected abstract received(message: Message): void;

  protected stateChanged(state: ConnectionState): void {
    this.options.onConnectionChange?.(state);
  }

  protected failed(error: TrackingError): void {
    this.options.onError?.(error);
  }
}
