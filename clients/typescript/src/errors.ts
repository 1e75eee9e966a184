/** What can go wrong, for `onError`; nothing of it is ever thrown at the caller. */

/**
 * - `refused`: the server closed for good; `closeCode` says why. No reconnect.
 * - `server`: the server sent an `error` message; the connection stays unless it is closed after it.
 * - `frame`: something came that isn't of the dialect; it is skipped.
 * - `invalid`: the caller gave a location that isn't one; it was not queued.
 * - `socket`: no WebSocket could be made (a bad address, a page's policy).
 * - `storage`: the kept fixes could not be read or written; they stay in memory.
 */
export type TrackingErrorKind = 'refused' | 'server' | 'frame' | 'invalid' | 'socket' | 'storage';

export class TrackingError extends Error {
  override readonly name = 'TrackingError';

  constructor(
    readonly kind: TrackingErrorKind,
    message: string,
    /** The WebSocket close code, with kind `refused`. */
    readonly closeCode: number | null = null,
  ) {
    super(message);
  }
}
