/** Narrows the list and the map by condition, kind and route. Only what the fleet has is offered. */

import { useMemo } from 'react';
import { KINDS, kindOf } from '../../lib/kinds';
import type { LiveVehicle } from '../../lib/live/fleet';
import { useText } from '../../lib/strings/strings';
import { CONDITIONS, type Filters, NO_FILTERS } from './filters';

interface Props {
  vehicles: LiveVehicle[];
  filters: Filters;
  onChange: (filters: Filters) => void;
}

const collator = new Intl.Collator(undefined, { numeric: true });

export function FilterBar({ vehicles, filters, onChange }: Props) {
  const t = useText();
  const { kinds, routes } = useMemo(() => {
    const found = new Set(vehicles.map(({ kind }) => kindOf(kind)));
    const named = new Set(vehicles.map(({ route }) => route).filter(Boolean));
    return { kinds: KINDS.filter((kind) => found.has(kind)), routes: [...named].sort(collator.compare) };
  }, [vehicles]);
  const change = (part: Partial<Filters>) => {
    const next = { ...filters, ...part };
    onChange(next.condition || next.kind || next.route ? next : NO_FILTERS);
  };
  return (
    <fieldset className="filters">
      <legend className="visually-hidden">{t.map.filters}</legend>
      <select
        aria-label={t.map.filterStatus}
        data-set={filters.condition !== ''}
        value={filters.condition}
        onChange={({ target }) => change({ condition: target.value as Filters['condition'] })}
      >
        <option value="">{t.map.anyStatus}</option>
        {CONDITIONS.map((condition) => (
          <option key={condition} value={condition}>
            {t.status[condition]}
          </option>
        ))}
      </select>
      {kinds.length > 1 ? (
        <select
          aria-label={t.map.filterKind}
          data-set={filters.kind !== ''}
          value={filters.kind}
          onChange={({ target }) => change({ kind: target.value })}
        >
          <option value="">{t.map.anyKind}</option>
          {kinds.map((kind) => (
            <option key={kind} value={kind}>
              {t.kinds[kind].Many}
            </option>
          ))}
        </select>
      ) : null}
      {routes.length > 0 ? (
        <select
          aria-label={t.map.filterRoute}
          data-set={filters.route !== ''}
          value={filters.route}
          onChange={({ target }) => change({ route: target.value })}
        >
          <option value="">{t.map.anyRoute}</option>
          {routes.map((route) => (
            <option key={route}>{route}</option>
          ))}
        </select>
      ) : null}
    </fieldset>
  );
}
