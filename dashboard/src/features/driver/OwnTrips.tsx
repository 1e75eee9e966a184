/** What the driver drove today. */

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Me } from '../../lib/api/get-me';
import { tripsQuery } from '../../lib/api/list-trips';
import { dayBounds } from '../../lib/settings/days';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';

const REFRESH_EVERY_MS = 60_000;

export function OwnTrips({ me }: { me: Me }) {
  const t = useText();
  const format = useFormat();
  const day = format.dayKey(Date.now());
  const bounds = useMemo(() => dayBounds(day, format.timeZone), [day, format.timeZone]);
  const { data } = useQuery({ ...tripsQuery(bounds), refetchInterval: REFRESH_EVERY_MS });
  const trips = data?.filter(({ driver_id, status }) => driver_id === me.id && status !== 'cancelled') ?? [];
  if (trips.length === 0) return null;
  const km = trips.reduce((sum, { distance }) => sum + distance, 0);
  const clock = (time: string) => format.clock(Date.parse(time));
  return (
    <section aria-labelledby="trips-title" className="driver-trips">
      <h2 id="trips-title">{t.driver.trips}</h2>
      <p className="driver-now">
        {t.trips.totals(trips.length)} · {format.distance(km)} · {t.common.timesIn(format.zone())}
      </p>
      <ul>
        {trips.map((trip) => (
          <li key={trip.id}>
            <a href={`/trips/${trip.id}`}>
              {clock(trip.start_time)} – {trip.end_time ? clock(trip.end_time) : t.trips.underWay}
            </a>
            <span>{format.distance(trip.distance)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
