/** Deliveries: how many there are by status, those under way, and one by its rider or link. */

import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Field } from '../../components/Field';
import { Form, textOf } from '../../components/Form';
import { notReadYet, Page } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { ApiError } from '../../lib/api/request';
import { may } from '../../lib/roles';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { arrivalText } from '../../lib/time/arrival';
import { useNow } from '../../lib/time/useNow';
import { deliveryCountsQuery, findDelivery } from './api/deliveries';
import { DeliveryTable } from './DeliveryTable';
import '../../styles/boards.css';

const STATUSES = ['ASSIGNED', 'PICKED_UP', 'IN_TRANSIT', 'DELIVERED'] as const;

export function DeliveriesPage({ me }: { me: Me }) {
  const t = useText();
  return (
    <Page title={t.deliveries.title}>
      {may(me, 'deliveries') ? <Counts /> : null}
      <DeliveryTable />
      <FindDelivery />
    </Page>
  );
}

function Counts() {
  const t = useText();
  const format = useFormat();
  const query = useQuery(deliveryCountsQuery);
  const waiting = notReadYet(query);
  if (waiting || !query.data) return waiting;
  const { total_active_sessions, total_websocket_connections, status_distribution } = query.data;
  return (
    <dl className="figures">
      <div>
        <dt>{t.deliveries.active}</dt>
        <dd>{format.number(total_active_sessions)}</dd>
      </div>
      {STATUSES.map((status) => (
        <div key={status}>
          <dt>{t.deliveries[status]}</dt>
          <dd>{format.number(status_distribution[status] ?? 0)}</dd>
        </div>
      ))}
      <div>
        <dt>{t.deliveries.watching}</dt>
        <dd>{format.number(total_websocket_connections)}</dd>
      </div>
    </dl>
  );
}

function FindDelivery() {
  const t = useText();
  const format = useFormat();
  const nowMs = useNow();
  const [id, setId] = useState<string | null>(null);
  const find = useMutation({ mutationFn: findDelivery });
  const delivery = find.data;
  const { eta, current_location: location } = delivery ?? {};
  return (
    <section className="card find">
      <h2>{t.deliveries.find}</h2>
      <Form
        action={t.common.search}
        onSubmit={async (data) => {
          const text = textOf(data, 'id') ?? '';
          setId(text);
          await find.mutateAsync(text).catch((error: unknown) => {
            if (error instanceof ApiError && error.status === 404) throw new ApiError(404, t.deliveries.none);
            throw error;
          });
        }}
      >
        {() => (
          <Field label={t.deliveries.findLabel} hint={t.deliveries.findHint} name="id" required autoComplete="off" />
        )}
      </Form>
      {delivery && id ? (
        <div className="found" aria-live="polite">
          <dl className="facts">
            <div>
              <dt>{t.parcels.move}</dt>
              <dd>
                <strong>{t.deliveries[delivery.status]}</strong>
              </dd>
            </div>
            {delivery.order_id ? (
              <div>
                <dt>{t.deliveries.order}</dt>
                <dd>{delivery.order_id}</dd>
              </div>
            ) : null}
            {delivery.rider_id ? (
              <div>
                <dt>{t.deliveries.rider}</dt>
                <dd>{delivery.rider_id}</dd>
              </div>
            ) : null}
            {eta?.seconds != null && !eta.stale ? (
              <div>
                <dt>{t.deliveries.arrives}</dt>
                <dd>
                  {arrivalText({ seconds: eta.seconds, low: eta.low ?? null, high: eta.high ?? null }, t)}{' '}
                  <span className="tag">{t.freshness.estimated}</span>
                </dd>
              </div>
            ) : location ? (
              <div>
                <dt>{t.panel.updated}</dt>
                <dd>{t.freshness.since(format.moment(location.timestamp * 1_000, nowMs))}</dd>
              </div>
            ) : null}
          </dl>
          <a className="button" href={`/track/${encodeURIComponent(delivery.tracking_id)}`}>
            {t.deliveries.open}
          </a>
        </div>
      ) : null}
    </section>
  );
}
