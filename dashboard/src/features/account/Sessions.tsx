/** Where this user is signed in. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { Confirm } from '../../components/Modal';
import { notReadYet } from '../../components/Page';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { endAllSessions, endSession, type LoginSession, sessionsQuery } from './api/security';

/** `onEnd` is called when this session has ended too. */
export function Sessions({ onEnd }: { onEnd: () => void }) {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const query = useQuery(sessionsQuery);
  const [isEndingAll, setIsEndingAll] = useState(false);
  const end = useMutation({
    mutationFn: endSession,
    onSuccess: () => queries.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  });
  const endAll = useMutation({ mutationFn: endAllSessions, onSuccess: onEnd });
  const columns = useMemo<Column<LoginSession>[]>(
    () => [
      {
        key: 'begun',
        title: t.account.begun,
        value: ({ created_at }) => Date.parse(created_at),
        render: ({ created_at, current }) => (
          <>
            {format.moment(Date.parse(created_at))} {current ? <span className="tag">{t.account.thisOne}</span> : null}
          </>
        ),
      },
      {
        key: 'seen',
        title: t.account.lastSeen,
        value: ({ last_seen_at }) => Date.parse(last_seen_at),
        render: ({ last_seen_at }) => format.moment(Date.parse(last_seen_at)),
      },
      { key: 'address', title: t.account.address, value: ({ address }) => address, render: ({ address }) => address },
    ],
    [t, format],
  );
  return (
    <section className="account-part" aria-labelledby="sessions-title">
      <h2 id="sessions-title">{t.account.sessions}</h2>
      <p>{t.account.sessionsText}</p>
      {end.error ? (
        <p className="form-error" role="alert">
          {end.error.message}
        </p>
      ) : null}
      {notReadYet(query) ?? (
        <DataTable
          label={t.account.sessions}
          columns={columns}
          rows={query.data ?? []}
          rowKey={({ id }) => id}
          sortedBy="-seen"
          actions={({ id, current }) =>
            current ? null : (
              <button type="button" className="button button-small button-danger" onClick={() => end.mutate(id)}>
                {t.account.end}
              </button>
            )
          }
        />
      )}
      <p className="account-zone">{t.common.timesIn(format.zone())}</p>
      <button type="button" className="button button-danger" onClick={() => setIsEndingAll(true)}>
        {t.account.endAll}
      </button>
      {isEndingAll ? (
        <Confirm
          title={t.account.endAllTitle}
          text={t.account.endAllText}
          action={t.account.endAll}
          isBusy={endAll.isPending}
          error={endAll.error?.message ?? null}
          onConfirm={() => endAll.mutate()}
          onClose={() => setIsEndingAll(false)}
        />
      ) : null}
    </section>
  );
}
