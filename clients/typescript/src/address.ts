/** Computes the address of a dialect's socket, and of an HTTP request to the same server. */

/** A token, or a function that gives the present one at each attempt. Null or empty without one: the session cookie is used, or the link is public. */
export type TokenSource = string | null | undefined | (() => string | null | undefined);

/**
 * `serverUrl` is `http(s)://` or `ws(s)://` with or without a path; by default the page's own origin.
 * Throws a `TypeError` if there is neither.
 */
export function socketAddress(
  serverUrl: string | undefined,
  path: string,
  query: Record<string, string | null>,
): string {
  const url = serverAddress(serverUrl, path);
  url.protocol = url.protocol.replace('http', 'ws');
  for (const [name, value] of Object.entries(query)) if (value !== null) url.searchParams.set(name, value);
  return url.href;
}

/** The address of an HTTP request to the same server. */
export function requestAddress(serverUrl: string | undefined, path: string): string {
  const url = serverAddress(serverUrl, path);
  url.protocol = url.protocol.replace('ws', 'http');
  return url.href;
}

export function presentToken(source: TokenSource): string | null {
  const token = typeof source === 'function' ? source() : source;
  return token === undefined || token === '' ? null : token;
}

function serverAddress(serverUrl: string | undefined, path: string): URL {
  const page = typeof location === 'undefined' ? undefined : location.href;
  const origin = serverUrl ?? (page === undefined ? undefined : new URL('/', page).href);
  if (origin === undefined) throw new TypeError('serverUrl is needed outside a page');
  const base = new URL(origin, page);
  const url = new URL(base.pathname.replace(/\/+$/, '') + path, base);
  url.hash = '';
  return url;
}
