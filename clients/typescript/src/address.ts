/** Where a socket is: the server's address with the dialect's path. */

/** A token, or a function that gives the present one at each attempt; null or empty for none (the session cookie, or a public link). */
export type TokenSource = string | null | undefined | (() => string | null | undefined);

/**
 * `serverUrl` is `http(s)://` or `ws(s)://` with or without a path; by default the page's own origin.
 * Throws a `TypeError` where there is neither.
 */
export function socketAddress(
  serverUrl: string | undefined,
  path: string,
  query: Record<string, string | null>,
): string {
  const page = typeof location === 'undefined' ? undefined : location.href;
  const origin = serverUrl ?? (page === undefined ? undefined : new URL('/', page).href);
  if (origin === undefined) throw new TypeError('serverUrl is needed outside a page');
  const base = new URL(origin, page);
  const url = new URL(base.pathname.replace(/\/+$/, '') + path, base);
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if (url.protocol === 'http:') url.protocol = 'ws:';
  url.hash = '';
  for (const [name, value] of Object.entries(query)) if (value !== null) url.searchParams.set(name, value);
  return url.href;
}

export function presentToken(source: TokenSource): string | null {
  const token = typeof source === 'function' ? source() : source;
  return token === undefined || token === '' ? null : token;
}
