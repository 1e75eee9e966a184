/** Adds and removes the user's passkeys. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { Field } from '../../components/Field';
import { Form, textOf } from '../../components/Form';
import { Modal } from '../../components/Modal';
import { notReadYet } from '../../components/Page';
import { PasskeyStepUp } from '../../components/PasskeyStepUp';
import { setFactorDue } from '../../lib/api/factor-due';
import { type Passkey, passkeysQuery } from '../../lib/api/passkeys';
import { ApiError } from '../../lib/api/request';
import { hasPasskeys } from '../../lib/passkeys';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { addPasskey, removePasskey } from './api/passkeys';
import { PasswordField } from './PasswordField';
import { RecoveryCodes } from './RecoveryCodes';

type Step =
  | { name: 'add'; needsPassword: boolean }
  | { name: 'codes'; codes: string[] }
  | { name: 'remove'; id: number };

export function Passkeys() {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const query = useQuery(passkeysQuery);
  const [step, setStep] = useState<Step | null>(null);
  const columns = useMemo<Column<Passkey>[]>(
    () => [
      { key: 'name', title: t.account.passkeyName, value: ({ name }) => name, render: ({ name }) => name },
      {
        key: 'added',
        title: t.account.passkeyAdded,
        value: ({ created_at }) => Date.parse(created_at),
        render: ({ created_at }) => format.moment(Date.parse(created_at)),
      },
      {
        key: 'used',
        title: t.account.passkeyUsed,
        value: ({ last_used_at }) => (last_used_at ? Date.parse(last_used_at) : 0),
        render: ({ last_used_at }) => (last_used_at ? format.moment(Date.parse(last_used_at)) : '–'),
      },
    ],
    [t, format],
  );
  const close = () => setStep(null);
  const reread = () => queries.invalidateQueries({ queryKey: passkeysQuery.queryKey });
  const unavailable = query.data?.unavailable ?? (hasPasskeys() ? null : t.account.passkeysUnknown);

  async function add(data: FormData) {
    let codes: string[] | undefined;
    try {
      codes = await addPasskey(textOf(data, 'name') ?? '', textOf(data, 'password') ?? undefined);
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 403) setStep({ name: 'add', needsPassword: true });
      throw failure instanceof ApiError ? failure : new Error(t.account.passkeyNotMade);
    }
    setStep(codes ? { name: 'codes', codes } : null);
    setFactorDue(false);
    await reread();
  }

  return (
    <section className="account-part" aria-labelledby="passkeys-title">
      <h2 id="passkeys-title">{t.account.passkeys}</h2>
      <p>{t.account.passkeysText}</p>
      {notReadYet(query) ??
        (query.data?.items.length ? (
          <DataTable
            label={t.account.passkeys}
            columns={columns}
            rows={query.data.items}
            rowKey={({ id }) => String(id)}
            sortedBy="added"
            actions={({ id }) => (
              <button
                type="button"
                className="button button-small button-danger"
                onClick={() => setStep({ name: 'remove', id })}
              >
                {t.common.remove}
              </button>
            )}
          />
        ) : null)}
      {unavailable ? (
        <p role="note">{unavailable}</p>
      ) : (
        <button type="button" className="button" onClick={() => setStep({ name: 'add', needsPassword: false })}>
          {t.account.addPasskey}
        </button>
      )}
      {step?.name === 'add' ? (
        <Modal title={t.account.addPasskey} onClose={close}>
          <p className="modal-text">{t.account.addPasskeyText}</p>
          <Form action={t.account.makePasskey} onCancel={close} onSubmit={add}>
            {(errors) => (
              <>
                <Field label={t.account.passkeyName} name="name" required error={errors.name} />
                {step.needsPassword ? <PasswordField error={errors.password} /> : null}
              </>
            )}
          </Form>
        </Modal>
      ) : null}
      {step?.name === 'codes' ? (
        <RecoveryCodes
          codes={step.codes}
          onKept={() => {
            close();
            void queries.invalidateQueries();
          }}
        />
      ) : null}
      {step?.name === 'remove' ? (
        <Modal title={t.account.removePasskey} onClose={close}>
          <Form
            action={t.common.remove}
            onCancel={close}
            onSubmit={async (data) => {
              await removePasskey(step.id, String(data.get('password') ?? ''));
              close();
              await reread();
            }}
          >
            {(errors) => <PasswordField error={errors.password} />}
          </Form>
          <PasskeyStepUp
            onConfirmed={async () => {
              await removePasskey(step.id);
              close();
              await reread();
            }}
          />
        </Modal>
      ) : null}
    </section>
  );
}
