/** The server's clock, so that ages are right on a machine whose own clock is wrong. */

/** The server's clock minus this machine's. */
let offsetMs = 0;
/** Smaller differences are ignored: a Date header has whole seconds, and the answer took some time. */
const NOISE_MS = 3_000;

export function serverNowMs(): number {
  return Date.now() + offsetMs;
}

/** Sets the clock from an answer's Date header. */
export function setServerClock(date: string | null): void {
  const serverMs = Date.parse(date ?? '');
  if (Number.isNaN(serverMs)) return;
  const differenceMs = serverMs - Date.now();
  offsetMs = Math.abs(differenceMs) > NOISE_MS ? differenceMs : 0;
}
