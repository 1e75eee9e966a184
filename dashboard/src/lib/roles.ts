/** What a role may open. The server decides; this only keeps pages out of sight that it would refuse. */

import type { Me } from './api/get-me';

export type Ability = 'fleet' | 'people' | 'records' | 'ownRecords' | 'ownVehicles' | 'work' | 'clientParcels' | 'deliveries';

const ABILITIES: Record<string, readonly Ability[]> = {
  superadmin: ['fleet', 'people', 'records', 'deliveries'],
  admin: ['fleet', 'people', 'records', 'deliveries'],
  manager: ['fleet'],
  training_staff: ['records'],
  cadet: ['ownRecords'],
  parent: ['ownVehicles'],
  driver: ['work', 'ownVehicles'],
  rider: ['ownVehicles'],
  client: ['clientParcels'],
  merchant: [],
};

export function may(me: Pick<Me, 'role'>, ability: Ability): boolean {
  return ABILITIES[me.role]?.includes(ability) ?? false;
}
