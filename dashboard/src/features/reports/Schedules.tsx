/** Reports that are made again and again, and mailed: made, changed and removed. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { Icon } from '../../components/Icon';
import { Confirm, Modal } from '../../components/Modal';
import { notReadYet } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { useUserName } from '../../lib/api/useUserName';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { removeSchedule, type Schedule, schedulesQuery } from './api/schedules';
import { ScheduleForm } from './ScheduleForm';

export function Schedules({ me }: { me: Me }) {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const query = useQuery(schedulesQuery);
  const nameOf = useUserName(me);
  const [edited, setEdited] = useState<Schedule | 'new' | null>(null);
  const [removed, setRemoved] = useState<Schedule | null>(null);
  const refresh = () => void queries.invalidateQueries({ queryKey: schedulesQuery.queryKey });
  const remove = useMutation({
    mutationFn: removeSchedule,
    onSuccess: () => {
      setRemoved(null);
      refresh();
    },
  });
  const columns = useMemo<Column<Schedule>[]>(
    () => [
      { key: 'name', title: t.schedules.name, value: ({ name }) => name, render: ({ name }) => name },
      {
        key: 'kind',
        title: t.reports.kind,
        value: ({ kind }) => t.reports.kinds[kind],
        render: ({ kind }) => t.reports.kinds[kind],
      },
      {
        key: 'when',
        title: t.schedules.when,
        render: ({ period, time, timezone }) => `${t.schedules.each[period]}, ${time.slice(0, 5)} (${timezone})`,
      },
      {
        key: 'receivers',
        title: t.schedules.receivers,
        render: ({ receivers }) =>
          receivers
            .filter(({ ended_at }) => ended_at === null)
            .map(({ user_id }) => nameOf(user_id))
            .join(', ') || '–',
      },
      {
        key: 'next',
        title: t.schedules.next,
        value: ({ next_at }) => next_at,
        render: ({ next_at }) => (next_at ? format.moment(Date.parse(next_at)) : t.schedules.paused),
      },
      {
        key: 'last',
        title: t.schedules.last,
        value: ({ last_at }) => last_at,
        render: ({ last_at, last_outcome }) =>
          last_at && last_outcome
            ? `${format.moment(Date.parse(last_at))} · ${t.schedules.outcomes[last_outcome]}`
            : '–',
      },
    ],
    [t, format, nameOf],
  );
  const rows = query.data ?? [];
  return (
    <section className="report-schedules" aria-labelledby="report-schedules-title">
      <div className="toolbar">
        <h2 id="report-schedules-title">{t.schedules.title}</h2>
        <span className="spacer" />
        <button type="button" className="button" onClick={() => setEdited('new')}>
          <Icon name="plus" size={18} /> {t.schedules.add}
        </button>
      </div>
      {notReadYet(query) ??
        (rows.length === 0 ? (
          <p className="muted">{t.schedules.empty}</p>
        ) : (
          <DataTable
            label={t.schedules.title}
            columns={columns}
            rows={rows}
            rowKey={({ id }) => id}
            sortedBy="name"
            actions={(schedule) => (
              <>
                <button type="button" className="button button-small" onClick={() => setEdited(schedule)}>
                  {t.common.edit}
                </button>
                <button
                  type="button"
                  className="button button-small button-danger"
                  onClick={() => setRemoved(schedule)}
                >
                  {t.common.remove}
                </button>
              </>
            )}
          />
        ))}
      {edited ? (
        <Modal title={edited === 'new' ? t.schedules.add : t.schedules.edit} onClose={() => setEdited(null)}>
          <ScheduleForm
            me={me}
            schedule={edited === 'new' ? null : edited}
            onClose={() => setEdited(null)}
            onDone={() => {
              setEdited(null);
              refresh();
            }}
          />
        </Modal>
      ) : null}
      {removed ? (
        <Confirm
          title={t.schedules.removeTitle}
          text={t.schedules.removeText(removed.name)}
          action={t.common.remove}
          isBusy={remove.isPending}
          error={remove.error?.message ?? null}
          onConfirm={() => remove.mutate(removed.id)}
          onClose={() => setRemoved(null)}
        />
      ) : null}
    </section>
  );
}
