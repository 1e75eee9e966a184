/** Brings a newer token before the present one expires, so that the connection goes on. */

import type { Credential } from './credential.js';
import type { LivePlatform } from './platform.js';

/** The longest wait of a timer. */
const MAX_WAIT_MS = 86_400_000;
const MIN_WAIT_MS = 1_000;

export class Renewal {
  private timer: unknown = null;
  private expiresAtMs = 0;
  private sent: string | null | undefined = null;

  constructor(
    private readonly credential: Credential,
    private readonly platform: LivePlatform,
    /** Sends the token. Gives the seconds until it expires, null if it does not. */
    private readonly send: (token: string) => Promise<number | null>,
  ) {}

  /** A credential with so many seconds left was taken. */
  start(expiresInS: number | null | undefined): void {
    this.stop();
    if (typeof expiresInS !== 'number' || !this.credential.isRenewable) return;
    this.expiresAtMs = this.platform.nowMs() + expiresInS * 1_000;
    this.plan();
  }

  stop(): void {
    if (this.timer !== null) this.platform.clearTimer(this.timer);
    this.timer = null;
  }

  /** When a fifth of the time is left, a minute at most. If that fails, again when a fifth of the rest is left, and so on. */
  private plan(): void {
    const leftMs = this.expiresAtMs - this.platform.nowMs();
    if (leftMs <= 0) return; // the server ends the connection
    const waitMs = Math.max(leftMs * 0.8, leftMs - 60_000) - this.platform.random() * leftMs * 0.05;
    const timer = this.platform.setTimer(
      () => void this.renew(timer),
      Math.min(MAX_WAIT_MS, Math.max(MIN_WAIT_MS, waitMs)),
    );
    this.timer = timer;
  }

  private async renew(timer: unknown): Promise<void> {
    const isPresent = () => timer === this.timer;
    const leftMs = this.expiresAtMs - this.platform.nowMs();
    if (leftMs > MAX_WAIT_MS) return this.plan();
    try {
      const token = await this.credential.token();
      if (!isPresent()) return;
      if (token && token !== this.sent) {
        const expiresInS = await this.send(token);
        if (!isPresent()) return;
        this.sent = token;
        return this.start(expiresInS);
      }
    } catch {
      // It is tried again, and in the end the server says that it has expired.
    }
    if (isPresent()) this.plan();
  }
}
