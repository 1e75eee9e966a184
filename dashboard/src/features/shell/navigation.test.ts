import { describe, expect, it } from 'vitest';
import { placesFor } from './navigation';

const names = (role: string, use: Parameters<typeof placesFor>[1] = null) =>
  placesFor({ role }, use).main.map(({ name }) => name);
const NOTHING = { hasVehicles: false, hasParcels: false, hasCadets: false };

describe('the start page', () => {
  it.each([
    ['admin', 'map'],
    ['manager', 'map'],
    ['parent', 'myVehicles'],
    ['driver', 'work'],
    ['rider', 'myVehicles'],
    ['client', 'parcels'],
    ['merchant', 'deliveries'],
    ['cadet', 'myRecords'],
    ['training_staff', 'records'],
    ['a role of the future', 'inbox'],
  ])('of %s is %s', (role, first) => expect(names(role)[0]).toBe(first));

  it('of an academy’s admin is its records', () => {
    expect(names('admin', { ...NOTHING, hasCadets: true })).toEqual(['records', 'inbox', 'manage']);
  });
});

describe('the navigation', () => {
  it('keeps apart what the tenant does not use', () => {
    const { main, more } = placesFor({ role: 'admin' }, { ...NOTHING, hasVehicles: true });
    expect(main.map(({ name }) => name)).not.toContain('records');
    expect(more.map(({ name }) => name)).toEqual(['parcels', 'records']);
  });

  it('leads parents and drivers to reports of what is theirs', () => {
    for (const role of ['parent', 'driver', 'rider']) expect(names(role)).toContain('reports');
  });

  it('shows a manager no page that the server refuses', () => {
    const { main, more } = placesFor({ role: 'manager' }, { hasVehicles: true, hasParcels: true, hasCadets: true });
    const all = [...main, ...more].map(({ name }) => name);
    expect(all).not.toContain('records');
    expect(all).not.toContain('deliveries');
  });
});
