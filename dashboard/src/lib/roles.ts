/** What a role may open. The server decides; this only keeps pages out of sight that it would refuse. */

import type { Me } from './api/get-me';

export type Ability =
  /** Vehicles, trips, alerts, geofences, parcels of the tenant. */
  | 'fleet'
  /** Users and webhooks. */
  | 'people'
  | 'records'
  | 'ownRecords'
  | 'ownVehicles'
  /** The page of a driver's own parcels. */
  | 'work'
  | 'clientParcels'
  /** The figures of all deliveries. */
  | 'deliveries'
  | 'findDeliveries';

const ABILITIES: Record<string, readonly Ability[]> = {
  superadmin: ['fleet', 'people', 'records', 'deliveries', 'findDeliveries'],
  admin: ['fleet', 'people', 'records', 'deliveries', 'findDeliveries'],
  manager: ['fleet'],
  training_staff: ['records'],
  cadet: ['ownRecords'],
  parent: ['ownVehicles'],
  driver: ['work', 'ownVehicles'],
  rider: ['ownVehicles'],
  client: ['clientParcels'],
  merchant: ['findDeliveries'],
};

export function may(me: Pick<Me, 'role'>, ability: Ability): boolean {
  return ABILITIES[me.role]?.includes(ability) ?? false;
}
