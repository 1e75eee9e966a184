/** Sorts buses by label, and finds them by label, plate, route or id. */

import type { Bus } from './fleet';

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Buses with a position come first, then the order is by label, with numbers by value: 2 before 10. */
export function sortBuses(buses: Bus[]): Bus[] {
  return [...buses].sort(
    (a, b) =>
      Number(b.fix !== null) - Number(a.fix !== null) ||
      collator.compare(a.label, b.label) ||
      collator.compare(a.id, b.id),
  );
}

/** Every word must occur in some field. Case, accents and spaces in a plate are ignored. */
export function searchBuses(buses: Bus[], query: string): Bus[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  return words.length === 0 ? buses : buses.filter((bus) => matches(bus, words));
}

function matches(bus: Bus, words: string[]): boolean {
  const text = fold(`${bus.label} ${bus.plate} ${bus.plate.replace(/[\s-]/g, '')} ${bus.route} ${bus.id}`);
  return words.every((word) => text.includes(word));
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
