/** The server's HTTP calls that every page uses, one function each. */

import type * as GeoJSON from 'geojson';
import type { VehicleRow } from '../../features/live-map/fleet';

export interface Me {
  id: number;
  username: string;
  role: string;
  tenant: string;
}

export interface AppConfig {
  tile_url: string | null;
  tile_attribution: string | null;
  version: string;
}

export type Routes = GeoJSON.FeatureCollection & { attribution?: string };

/** A refusal by the server, in words for a person. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfterSeconds: number | null,
  ) {
    super(message);
  }
}

const PAGE_SIZE = 500;
/** 100 pages of 500 vehicles: past that the rest comes by the socket alone. */
const MAX_PAGES = 100;

export async function logIn(username: string, password: string): Promise<void> {
  await call('/auth/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username, password }),
  });
}

export async function logOut(): Promise<void> {
  await call('/auth/logout', { method: 'POST' });
}

/** The signed-in user, or null without a session. */
export async function getMe(): Promise<Me | null> {
  try {
    return (await (await call('/auth/me')).json()) as Me;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export async function getConfig(): Promise<AppConfig> {
  return (await (await call('/app/config.json')).json()) as AppConfig;
}

/** The route shapes to draw; null when the server has none. */
export async function getRoutes(): Promise<Routes | null> {
  try {
    const routes = (await (await call('/app/routes.geojson')).json()) as Routes;
    return Array.isArray(routes.features) && routes.features.length > 0 ? routes : null;
  } catch {
    return null;
  }
}

/** Every vehicle of the tenant; null when this user may not list them. */
export async function listVehicles(): Promise<VehicleRow[] | null> {
  const rows: VehicleRow[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = new URLSearchParams({ limit: String(PAGE_SIZE), ...(cursor ? { cursor } : {}) });
    try {
      const answer: { items: VehicleRow[]; next: string | null } = await (
        await call(`/api/v1/vehicles?${query}`)
      ).json();
      rows.push(...answer.items);
      cursor = answer.next;
    } catch (error) {
      if (error instanceof ApiError && error.status === 403) return null;
      throw error;
    }
    if (!cursor) return rows;
  }
  return rows;
}

/** The server's clock minus this machine's, from the last answer's Date: ages stay right on a machine whose clock is wrong. */
let clockOffsetMs = 0;
const CLOCK_NOISE_MS = 3_000; // a Date header has whole seconds, and the answer took its time

export function serverNowMs(): number {
  return Date.now() + clockOffsetMs;
}

export async function call(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch {
    throw new ApiError(0, 'The server can’t be reached. Check the connection and try again.', null);
  }
  const serverMs = Date.parse(response.headers.get('Date') ?? '');
  if (!Number.isNaN(serverMs)) {
    const offsetMs = serverMs - Date.now();
    clockOffsetMs = Math.abs(offsetMs) > CLOCK_NOISE_MS ? offsetMs : 0;
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => null)) as { detail?: unknown } | null;
  const detail = typeof problem?.detail === 'string' ? problem.detail : `The server answered ${response.status}.`;
  const retryAfter = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  throw new ApiError(response.status, detail, Number.isNaN(retryAfter) ? null : retryAfter);
}
