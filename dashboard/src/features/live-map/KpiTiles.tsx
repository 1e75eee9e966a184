/** The fleet's figures of the last 24 hours, beside those of the day before. */

import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../lib/api/get-me';
import { may } from '../../lib/roles';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { dashboardQuery } from './api/get-dashboard';

export function KpiTiles({ me }: { me: Me }) {
  const t = useText();
  const format = useFormat();
  const { data } = useQuery({ ...dashboardQuery, enabled: may(me, 'fleet') });
  if (!data) return null;
  const { now, before } = data;
  const tiles: { name: string; value: string; before?: string }[] = [
    { name: t.kpi.trips, value: format.number(now.total_trips), before: format.number(before.total_trips) },
    {
      name: t.kpi.distance,
      value: format.distance(now.distance_traveled),
      before: format.distance(before.distance_traveled),
    },
    {
      name: t.kpi.utilisation,
      value: `${format.number(now.utilization_rate, 1)} %`,
      before: `${format.number(before.utilization_rate, 1)} %`,
    },
    { name: t.kpi.idle, value: format.minutes(now.idle_minutes), before: format.minutes(before.idle_minutes) },
  ];
  if (now.fuel_consumed > 0)
    tiles.push({
      name: t.kpi.fuel,
      value: `${format.number(now.fuel_consumed, 1)} l`,
      before: `${format.number(before.fuel_consumed, 1)} l`,
    });
  return (
    <section className="tiles" aria-label={t.kpi.title}>
      <h2>{t.kpi.title}</h2>
      <dl>
        {tiles.map((tile) => (
          <div key={tile.name} title={tile.before ? t.kpi.before(tile.before) : undefined}>
            <dt>{tile.name}</dt>
            <dd>{tile.value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
