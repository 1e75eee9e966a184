/** The kinds of vehicles that have words and drawings of their own. */

export const KINDS = ['bus', 'truck', 'van', 'car', 'bike', 'person', 'vehicle'] as const;
export type Kind = (typeof KINDS)[number];

const OTHER_NAMES: Record<string, Kind> = {
  coach: 'bus',
  minibus: 'bus',
  lorry: 'truck',
  hgv: 'truck',
  motorbike: 'bike',
  motorcycle: 'bike',
  scooter: 'bike',
  bicycle: 'bike',
  courier: 'bike',
  taxi: 'car',
  phone: 'person',
};

/** `kind` is free text on the server. */
export function kindOf(kind: string): Kind {
  const name = kind.trim().toLowerCase();
  return KINDS.find((each) => each === name) ?? OTHER_NAMES[name] ?? 'vehicle';
}

/** The kind that all of these have in common, else `vehicle`. */
export function commonKind(kinds: Iterable<string>): Kind {
  let common: Kind | null = null;
  for (const each of kinds) {
    const kind = kindOf(each);
    if (common !== null && common !== kind) return 'vehicle';
    common = kind;
  }
  return common ?? 'vehicle';
}
