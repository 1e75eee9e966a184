/** The deliveries that are under way, those that take longest to arrive first. */

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { Empty, notReadYet } from '../../components/Page';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { arrivalText } from '../../lib/time/arrival';
import { useNow } from '../../lib/time/useNow';
import { deliveriesQuery, type ListedDelivery } from './api/deliveries';

const STAGES = ['ASSIGNED', 'PICKED_UP', 'IN_TRANSIT', 'DELIVERED'] as const;

export function DeliveryTable() {
  const t = useText();
  const format = useFormat();
  const nowMs = useNow();
  const query = useQuery(deliveriesQuery);
  const columns = useMemo<Column<ListedDelivery>[]>(
    () => [
      {
        key: 'order',
        title: t.deliveries.order,
        value: ({ order_id }) => order_id,
        render: ({ order_id }) => order_id,
      },
      {
        key: 'rider',
        title: t.deliveries.rider,
        value: ({ rider_id }) => rider_id,
        render: ({ rider_id }) => rider_id,
      },
      {
        key: 'status',
        title: t.parcels.move,
        value: ({ status }) => STAGES.indexOf(status),
        render: ({ status }) => t.deliveries[status],
      },
      {
        key: 'arrives',
        title: t.deliveries.arrives,
        value: ({ eta_s }) => eta_s ?? null,
        render: ({ eta_s, eta_low_s, eta_high_s, position }) =>
          eta_s == null ? (
            <span className="muted">
              {position ? t.freshness.since(format.moment(Date.parse(position.received_at), nowMs)) : '–'}
            </span>
          ) : (
            <>
              {arrivalText({ seconds: eta_s, low: eta_low_s ?? null, high: eta_high_s ?? null }, t)}{' '}
              <span className="tag">{t.freshness.estimated}</span>
            </>
          ),
      },
    ],
    [t, format, nowMs],
  );
  return (
    notReadYet(query) ??
    (query.data?.length === 0 ? (
      <Empty icon="deliveries" title={t.deliveries.empty}>
        {t.deliveries.emptyHint}
      </Empty>
    ) : (
      <DataTable
        label={t.deliveries.title}
        columns={columns}
        rows={query.data ?? []}
        rowKey={({ tracking_id }) => tracking_id}
        sortedBy="-arrives"
        actions={({ tracking_id, order_id }) => (
          <a className="button button-small" href={`/track/${encodeURIComponent(tracking_id)}`}>
            {t.deliveries.openShort}
            <span className="visually-hidden">: {order_id}</span>
          </a>
        )}
      />
    ))
  );
}
