/** The errors that `onError` gets. None of them is thrown at the caller. */

/**
 * - `refused`: the server closed for good; `closeCode` says why. No reconnect.
 * - `handshake`: the server answers, but refuses the socket; the message says what a browser can find out, such as an
 *   origin that is not in the server's `ALLOWED_ORIGINS`. Reported once until a connection is made; attempts go on.
 * - `server`: the server sent an `error` message; the connection stays unless it is closed after it.
 * - `frame`: a message that is not part of the dialect was received; it is skipped.
 * - `invalid`: the caller's location is not valid; it was not queued.
 * - `socket`: no WebSocket could be created (an invalid address, a page's policy).
 * - `storage`: the stored fixes could not be read or written; they stay in memory.
 */
export type TrackingErrorKind = 'refused' | 'handshake' | 'server' | 'frame' | 'invalid' | 'socket' | 'storage';

export class TrackingError extends Error {
  override readonly name = 'TrackingError';

  constructor(
    readonly kind: TrackingErrorKind,
    message: string,
    /** The WebSocket close code, with kind `refused`; null when the server refused the handshake itself. */
    readonly closeCode: number | null = null,
  ) {
    super(message);
  }
}
