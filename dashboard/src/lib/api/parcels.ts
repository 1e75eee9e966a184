/** The server's HTTP calls about parcels, one function each. */

import type * as GeoJSON from 'geojson';
import { call } from './client';

export type ParcelStatus =
  | 'pending'
  | 'assigned'
  | 'picked_up'
  | 'in_transit'
  | 'out_for_delivery'
  | 'delivered'
  | 'cancelled';

export interface ParcelPlace {
  lat: number;
  lng: number;
  address: string | null;
}

export interface Parcel {
  id: number;
  client_id: number;
  driver_id: number | null;
  pickup: ParcelPlace;
  destination: ParcelPlace;
  status: ParcelStatus;
}

/** 20 pages of 100 parcels: what a driver has beyond that is found by its number. */
const PAGE_SIZE = 100;
const MAX_PAGES = 20;

export async function getParcel(id: number): Promise<Parcel> {
  return (await (await call(`/api/v1/parcels/${id}`)).json()) as Parcel;
}

/** What this user may see: a driver's own, a client's own. */
export async function listParcels(): Promise<Parcel[]> {
  const parcels: Parcel[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = new URLSearchParams({ limit: String(PAGE_SIZE), ...(cursor ? { cursor } : {}) });
    const answer: { items: Parcel[]; next: string | null } = await (await call(`/api/v1/parcels?${query}`)).json();
    parcels.push(...answer.items);
    cursor = answer.next;
    if (!cursor) break;
  }
  return parcels;
}

export async function changeParcelStatus(id: number, status: ParcelStatus): Promise<Parcel> {
  const init = { method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ status }) };
  return (await (await call(`/api/v1/parcels/${id}`, init)).json()) as Parcel;
}

/** The way driven so far as GeoJSON positions (longitude, latitude), oldest first; none if it can't be read. */
export async function getParcelPath(id: number): Promise<[number, number][]> {
  try {
    const answer: unknown = await (await call(`/api/v1/parcels/${id}/path?format=geojson`)).json();
    return pointsOf(answer as GeoJSON.FeatureCollection);
  } catch {
    return [];
  }
}

function pointsOf({ features }: GeoJSON.FeatureCollection): [number, number][] {
  return features.flatMap(({ geometry }) =>
    geometry.type === 'Point' ? [geometry.coordinates as [number, number]] : [],
  );
}

export function hasEnded(status: ParcelStatus): boolean {
  return status === 'delivered' || status === 'cancelled';
}

/** The address, or else the coordinates. */
export function placeText({ address, lat, lng }: ParcelPlace): string {
  return address ? address : `${lat.toFixed(5)}, ${lng.toFixed(5)}`;
}
