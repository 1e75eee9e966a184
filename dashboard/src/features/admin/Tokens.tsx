/** Access tokens of programs: make one, see it once, remove it. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { Field, Tick } from '../../components/Field';
import { Form, textOf } from '../../components/Form';
import { Icon } from '../../components/Icon';
import { Confirm, Modal } from '../../components/Modal';
import { Empty, notReadYet } from '../../components/Page';
import { Secret } from '../../components/Secret';
import type { Me } from '../../lib/api/get-me';
import { useUserName } from '../../lib/api/useUserName';
import { useRoster, useVehicleName } from '../../lib/live/useLive';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { addToken, type ProgramToken, removeToken, tokensQuery } from './api/access';

const SCOPES = ['read', 'ingest', 'manage'] as const;

export function Tokens({ me }: { me: Me }) {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const query = useQuery(tokensQuery);
  const nameOf = useUserName(me);
  const vehicleName = useVehicleName();
  const [isAdding, setIsAdding] = useState(false);
  const [added, setAdded] = useState<ProgramToken | null>(null);
  const [removed, setRemoved] = useState<ProgramToken | null>(null);
  const refresh = () => void queries.invalidateQueries({ queryKey: tokensQuery.queryKey });
  const remove = useMutation({
    mutationFn: removeToken,
    onSuccess: () => {
      setRemoved(null);
      refresh();
    },
  });
  const columns = useMemo<Column<ProgramToken>[]>(() => {
    const moment = (at: string | null, otherwise: string) => (at === null ? otherwise : format.moment(Date.parse(at)));
    return [
      { key: 'name', title: t.tokens.name, value: ({ name }) => name, render: ({ name }) => name },
      {
        key: 'scopes',
        title: t.tokens.scopes,
        value: ({ scopes }) => scopes.join(),
        render: ({ scopes }) => scopes.map((scope) => t.tokens.scope[scope]).join(', '),
      },
      {
        key: 'vehicles',
        title: t.manage.vehicles,
        render: ({ vehicle_ids }) => vehicle_ids?.map(vehicleName).join(', ') ?? t.tokens.everything,
      },
      {
        key: 'used',
        title: t.tokens.lastUsed,
        value: ({ last_used_at }) => (last_used_at === null ? null : Date.parse(last_used_at)),
        render: ({ last_used_at }) => moment(last_used_at, t.tokens.never),
      },
      {
        key: 'expires',
        title: t.tokens.expires,
        value: ({ expires_at }) => (expires_at === null ? null : Date.parse(expires_at)),
        render: ({ expires_at }) => moment(expires_at, t.tokens.never),
      },
      {
        key: 'by',
        title: t.tokens.madeBy,
        value: ({ created_by }) => created_by,
        render: ({ created_by }) => (created_by === null ? '–' : nameOf(created_by)),
      },
    ];
  }, [t, format, nameOf, vehicleName]);
  return (
    <>
      <div className="toolbar">
        <span className="spacer" />
        <button type="button" className="button button-primary" onClick={() => setIsAdding(true)}>
          <Icon name="plus" size={18} /> {t.tokens.add}
        </button>
      </div>
      {notReadYet(query) ??
        (query.data?.length === 0 ? (
          <Empty icon="link" title={t.tokens.empty}>
            {t.tokens.emptyHint}
          </Empty>
        ) : (
          <DataTable
            label={t.manage.tokens}
            columns={columns}
            rows={query.data ?? []}
            rowKey={({ id }) => id}
            sortedBy="name"
            actions={(token) => (
              <button type="button" className="button button-small button-danger" onClick={() => setRemoved(token)}>
                {t.common.remove}
              </button>
            )}
          />
        ))}
      {isAdding ? (
        <NewToken
          onClose={() => setIsAdding(false)}
          onAdded={(token) => {
            setIsAdding(false);
            setAdded(token);
            refresh();
          }}
        />
      ) : null}
      {added?.token ? (
        <Modal title={t.tokens.madeTitle} mustAnswer onClose={() => setAdded(null)}>
          <p className="modal-text">{t.tokens.madeText}</p>
          <Secret label={t.tokens.token} value={added.token} />
          <div className="form-actions">
            <button type="button" className="button button-primary" onClick={() => setAdded(null)}>
              {t.tokens.kept}
            </button>
          </div>
        </Modal>
      ) : null}
      {removed ? (
        <Confirm
          title={t.tokens.removeTitle(removed.name)}
          text={t.tokens.removeText}
          action={t.common.remove}
          isBusy={remove.isPending}
          error={remove.error?.message ?? null}
          onConfirm={() => remove.mutate(removed.id)}
          onClose={() => setRemoved(null)}
        />
      ) : null}
    </>
  );
}

function NewToken({ onAdded, onClose }: { onAdded: (token: ProgramToken) => void; onClose: () => void }) {
  const t = useText();
  const roster = useRoster();
  return (
    <Modal title={t.tokens.add} onClose={onClose}>
      <Form
        action={t.tokens.make}
        onCancel={onClose}
        onSubmit={async (data) => {
          const day = textOf(data, 'expires_at');
          const vehicle_ids = data.getAll('vehicle_ids').map(String);
          onAdded(
            await addToken({
              name: textOf(data, 'name') ?? '',
              scopes: SCOPES.filter((scope) => data.has(scope)),
              // To the end of that day on this device.
              ...(day ? { expires_at: new Date(`${day}T23:59:59`).toISOString() } : {}),
              ...(vehicle_ids.length > 0 ? { vehicle_ids } : {}),
            }),
          );
        }}
      >
        {(errors) => (
          <>
            <Field label={t.tokens.name} name="name" hint={t.tokens.nameHint} required error={errors.name} />
            <fieldset className="field ticks">
              <legend>{t.tokens.scopes}</legend>
              {SCOPES.map((scope) => (
                <Tick key={scope} name={scope} label={t.tokens.scopeHint[scope]} defaultChecked={scope === 'read'} />
              ))}
              {errors.scopes ? <p className="field-note field-error">{errors.scopes}</p> : null}
            </fieldset>
            <Field
              label={t.tokens.expires}
              name="expires_at"
              type="date"
              hint={t.tokens.expiresHint}
              error={errors.expires_at}
            />
            {roster.length > 0 ? (
              <fieldset className="field ticks ticks-long">
                <legend>{t.tokens.onlyVehicles}</legend>
                {roster.map(({ id, label }) => (
                  <Tick key={id} name="vehicle_ids" value={id} label={label} />
                ))}
              </fieldset>
            ) : null}
          </>
        )}
      </Form>
    </Modal>
  );
}
