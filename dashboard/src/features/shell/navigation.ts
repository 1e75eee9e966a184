/** Which pages a user finds in the navigation, and which one is the first: by role, and by what the tenant does. */

import type { IconName } from '../../components/Icon';
import type { Me } from '../../lib/api/get-me';
import { may } from '../../lib/roles';
import type { Text } from '../../lib/strings/strings';

export type PlaceName = keyof Pick<
  Text['nav'],
  | 'map'
  | 'trips'
  | 'history'
  | 'alerts'
  | 'geofences'
  | 'reports'
  | 'parcels'
  | 'deliveries'
  | 'records'
  | 'inbox'
  | 'manage'
  | 'work'
  | 'myVehicles'
  | 'myRecords'
>;

export interface Place {
  name: PlaceName;
  path: string;
  icon: IconName;
}

/** What the tenant has. Null while it is not known. */
export interface TenantUse {
  hasVehicles: boolean;
  hasParcels: boolean;
  hasCadets: boolean;
}

const PLACES: Record<PlaceName, Place> = {
  map: { name: 'map', path: '/map', icon: 'map' },
  trips: { name: 'trips', path: '/trips', icon: 'trips' },
  history: { name: 'history', path: '/history', icon: 'history' },
  alerts: { name: 'alerts', path: '/alerts', icon: 'alerts' },
  geofences: { name: 'geofences', path: '/geofences', icon: 'geofences' },
  reports: { name: 'reports', path: '/reports', icon: 'reports' },
  parcels: { name: 'parcels', path: '/parcels', icon: 'parcels' },
  deliveries: { name: 'deliveries', path: '/deliveries', icon: 'deliveries' },
  records: { name: 'records', path: '/cadets', icon: 'records' },
  inbox: { name: 'inbox', path: '/inbox', icon: 'inbox' },
  manage: { name: 'manage', path: '/admin/vehicles', icon: 'manage' },
  work: { name: 'work', path: '/driver', icon: 'work' },
  myVehicles: { name: 'myVehicles', path: '/my-vehicles', icon: 'bus' },
  myRecords: { name: 'myRecords', path: '/my-records', icon: 'records' },
};

/** `main` is always in sight; `more` is what this tenant does not use so far. The first of `main` is the start page. */
export function placesFor(me: Pick<Me, 'role'>, use: TenantUse | null): { main: Place[]; more: Place[] } {
  const main: PlaceName[] = [];
  const more: PlaceName[] = [];
  if (may(me, 'work')) main.push('work');
  if (may(me, 'ownVehicles')) main.push('myVehicles', 'reports');
  if (may(me, 'ownRecords')) main.push('myRecords');
  if (may(me, 'clientParcels')) main.push('parcels');
  if (may(me, 'fleet')) {
    const usesRecordsOnly = use?.hasCadets === true && !use.hasVehicles;
    if (may(me, 'records') && usesRecordsOnly) main.push('records');
    (usesRecordsOnly ? more : main).push('map', 'trips', 'history', 'alerts', 'geofences', 'reports');
    (use?.hasParcels ? main : more).push('parcels');
    if (may(me, 'deliveries')) (usesRecordsOnly ? more : main).push('deliveries');
    if (may(me, 'records') && !usesRecordsOnly) (use?.hasCadets ? main : more).push('records');
  } else if (may(me, 'records')) main.push('records');
  if (me.role === 'merchant') main.push('deliveries');
  main.push('inbox');
  if (may(me, 'fleet')) main.push('manage');
  return { main: main.map((name) => PLACES[name]), more: more.map((name) => PLACES[name]) };
}
