/** The links by which guests see vehicles: who made them, until when, how often they were opened. Any can be recalled. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import { type Column, DataTable } from '../../components/DataTable';
import { Confirm } from '../../components/Modal';
import { Empty, notReadYet } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { recallShare, type Share, sharesQuery, stateOf } from '../../lib/api/shares';
import { useUserName } from '../../lib/api/useUserName';
import { useVehicleName } from '../../lib/live/useLive';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { useNow } from '../../lib/time/useNow';

/** Further vehicles of a link are counted. */
const NAMED_VEHICLES = 3;

export function Shares({ me }: { me: Me }) {
  const t = useText();
  const format = useFormat();
  const nowMs = useNow();
  const queries = useQueryClient();
  const query = useQuery(sharesQuery);
  const nameOf = useUserName(me);
  const vehicleName = useVehicleName();
  const [recalled, setRecalled] = useState<Share | null>(null);
  const recall = useMutation({
    mutationFn: recallShare,
    onSuccess: () => {
      setRecalled(null);
      void queries.invalidateQueries({ queryKey: sharesQuery.queryKey });
    },
  });
  // What is open comes first. A state changes at most once a minute here, so that the table stays as it is meanwhile.
  const minute = Math.floor(nowMs / 60_000);
  const columns = useMemo<Column<Share>[]>(() => {
    const state = (share: Share) => stateOf(share, minute * 60_000);
    return [
      { key: 'name', title: t.sharing.name, value: ({ name }) => name, render: ({ name }) => name },
      {
        key: 'state',
        title: t.sharing.stateTitle,
        value: (share) => STATES.indexOf(state(share)),
        render: (share) => t.sharing.state[state(share)],
      },
      {
        key: 'vehicles',
        title: t.manage.vehicles,
        render: ({ vehicle_ids }) => {
          const named = vehicle_ids.slice(0, NAMED_VEHICLES).map(vehicleName).join(', ');
          const more = vehicle_ids.length - NAMED_VEHICLES;
          return more > 0 ? `${named} +${more}` : named || '–';
        },
      },
      {
        key: 'by',
        title: t.sharing.by,
        value: ({ created_by }) => created_by,
        render: ({ created_by }) => (created_by === null ? '–' : nameOf(created_by)),
      },
      {
        key: 'until',
        title: t.sharing.until,
        value: ({ expires_at }) => Date.parse(expires_at),
        render: ({ expires_at }) => format.moment(Date.parse(expires_at)),
      },
      {
        key: 'opened',
        title: t.sharing.opened,
        value: ({ opened_count }) => opened_count,
        render: ({ opened_count, opened_at }) =>
          opened_at === null ? t.sharing.never : t.sharing.times(opened_count, format.moment(Date.parse(opened_at))),
      },
    ];
  }, [t, format, nameOf, vehicleName, minute]);
  return (
    <>
      {notReadYet(query) ??
        (query.data?.length === 0 ? (
          <Empty
            icon="link"
            title={t.sharing.empty}
            action={
              <Link href="/map" className="button button-primary">
                {t.sharing.toMap}
              </Link>
            }
          >
            {t.sharing.emptyHint}
          </Empty>
        ) : (
          <DataTable
            label={t.manage.shares}
            columns={columns}
            rows={query.data ?? []}
            rowKey={({ id }) => id}
            sortedBy="state"
            actions={(share) =>
              stateOf(share, nowMs) === 'open' ? (
                <button type="button" className="button button-small button-danger" onClick={() => setRecalled(share)}>
                  {t.sharing.recall}
                </button>
              ) : null
            }
          />
        ))}
      {query.data?.length ? <p className="zone-note">{t.common.timesIn(format.zone())}</p> : null}
      {recalled ? (
        <Confirm
          title={t.sharing.recallTitle(recalled.name)}
          text={t.sharing.recallText}
          action={t.sharing.recall}
          isBusy={recall.isPending}
          error={recall.error?.message ?? null}
          onConfirm={() => recall.mutate(recalled.id)}
          onClose={() => setRecalled(null)}
        />
      ) : null}
    </>
  );
}

const STATES: ReturnType<typeof stateOf>[] = ['open', 'empty', 'recalled', 'ended'];
