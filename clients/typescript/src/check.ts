/** Checks received values. Each function throws an Error that names the field. */

export type Fields = Record<string, unknown>;

export function parseFields(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TypeError('a frame was not JSON');
  }
  return fieldsOf(value, 'a frame');
}

export function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${name} was not an object`);
  return value as Fields;
}

export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new TypeError(`${name} was not text`);
  return value;
}

export function numberOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError(`${name} was not a number`);
  return value;
}

/** Treats null and absent the same. */
export function optionalNumberOf(fields: Fields, name: string): number | null {
  return fields[name] === undefined || fields[name] === null ? null : numberOf(fields, name);
}

export function latitudeOf(fields: Fields, name = 'lat'): number {
  return within(numberOf(fields, name), 90, name);
}

export function longitudeOf(fields: Fields, name = 'lng'): number {
  return within(numberOf(fields, name), 180, name);
}

function within(degrees: number, limit: number, name: string): number {
  if (Math.abs(degrees) > limit) throw new TypeError(`${name} was not from -${limit} to ${limit}`);
  return degrees;
}
