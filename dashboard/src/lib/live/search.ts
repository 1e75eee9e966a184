/** Sorts vehicles by label, and finds them by label, plate, route or id. */

import type { LiveVehicle } from './fleet';

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Buses with a position come first, then the order is by label, with numbers by value: 2 before 10. */
export function sortVehicles(vehicles: LiveVehicle[]): LiveVehicle[] {
  return [...vehicles].sort(
    (a, b) =>
      Number(b.fix !== null) - Number(a.fix !== null) ||
      collator.compare(a.label, b.label) ||
      collator.compare(a.id, b.id),
  );
}

/** Every word must occur in some field. Case, accents and spaces in a plate are ignored. */
export function searchVehicles(vehicles: LiveVehicle[], query: string): LiveVehicle[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  return words.length === 0 ? vehicles : vehicles.filter((vehicle) => matches(vehicle, words));
}

function matches(vehicle: LiveVehicle, words: string[]): boolean {
  const text = fold(
    `${vehicle.label} ${vehicle.plate} ${vehicle.plate.replace(/[\s-]/g, '')} ${vehicle.route} ${vehicle.id}`,
  );
  return words.every((word) => text.includes(word));
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
