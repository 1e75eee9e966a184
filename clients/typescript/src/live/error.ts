/** What went wrong, for programs and for people. */

/**
 * `code` is one of the protocol's codes (`forbidden`, `taken`, `limit`, `unavailable`, …) or reasons of a close (`token`,
 * `refused`, `busy`, `restart`, …), or one of the client's own:
 *
 * - `timeout`: the server did not answer in time.
 * - `lost`: the connection ended without a reason.
 * - `malformed`: the server sent what this client can't read.
 * - `token_source`: the function that gives the token failed.
 * - `handshake`: the server answers, but refuses the socket; the message says what is known.
 * - `socket`: no WebSocket can be made here.
 * - `closed`: `close()` was called.
 */
export class LiveError extends Error {
  override readonly name = 'LiveError';

  constructor(
    readonly code: string,
    message: string,
    /** Milliseconds after which the client tries again by itself; null if it does not. */
    readonly retryMs: number | null = null,
  ) {
    super(message);
  }
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
