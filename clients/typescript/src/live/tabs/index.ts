/** Shares one connection between all pages of a browser: one of them has the connection, and the others follow over it. */

import type { LiveOptions } from '../live.js';
import type { LivePlatform } from '../platform.js';
import { followerOf } from './follower.js';

export interface TabsOptions extends LiveOptions {
  /** Pages with the same name share a connection. Give each user a name of its own. */
  name: string;
}

/**
 * The platform of a connection that is shared: `connect({ platform: shareTabs(options) })`. Where pages can't share, as in Node,
 * the connection is the page's own.
 *
 * The page that holds a Web Lock has the connection. The browser gives the lock to another page when that one is gone, so that no
 * timer is needed. A page that gets no answer, because the other one was put to sleep, takes it.
 */
export function shareTabs({ name, ...options }: TabsOptions): Partial<LivePlatform> {
  if (!globalThis.navigator?.locks || !globalThis.BroadcastChannel) return options.platform ?? {};
  return followerOf(`milepost ${name}`, options);
}
