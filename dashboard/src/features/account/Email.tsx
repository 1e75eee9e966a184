/** The user's e-mail address: whether it is refused, and a link that confirms it or another one. */

import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Field } from '../../components/Field';
import { Form, textOf } from '../../components/Form';
import { Modal } from '../../components/Modal';
import { notReadYet } from '../../components/Page';
import { PasskeyStepUp } from '../../components/PasskeyStepUp';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { emailQuery, requestConfirmation } from './api/email';

export function Email() {
  const t = useText();
  const format = useFormat();
  const query = useQuery(emailQuery);
  const [isChanging, setIsChanging] = useState(false);
  const [entered, setEntered] = useState('');
  const [sentTo, setSentTo] = useState<string | null>(null);
  const own = query.data?.email ?? null;
  const refusedAt = query.data?.refused_at ?? null;
  const confirm = useMutation({ mutationFn: () => requestConfirmation(), onSuccess: () => setSentTo(own) });
  const close = () => setIsChanging(false);
  const ask = async (email: string, password?: string) => {
    await requestConfirmation(email, password);
    setSentTo(email);
    close();
  };
  return (
    <section className="account-part" aria-labelledby="email-title">
      <h2 id="email-title">{t.account.email}</h2>
      {notReadYet(query) ?? (
        <>
          <p>{own ?? t.account.noEmail}</p>
          {refusedAt ? (
            <p className="form-error">{t.account.emailRefused(format.moment(Date.parse(refusedAt)))}</p>
          ) : null}
        </>
      )}
      <p role="status">{sentTo ? t.account.emailSent(sentTo) : null}</p>
      {confirm.error ? (
        <p className="form-error" role="alert">
          {confirm.error.message}
        </p>
      ) : null}
      <div className="account-actions">
        {refusedAt ? (
          <button
            type="button"
            className="button button-primary"
            disabled={confirm.isPending}
            onClick={() => confirm.mutate()}
          >
            {t.account.confirmEmail}
          </button>
        ) : null}
        <button type="button" className="button" onClick={() => setIsChanging(true)}>
          {t.account.changeEmail}
        </button>
      </div>
      {isChanging ? (
        <Modal title={t.account.changeEmail} onClose={close}>
          <p className="modal-text">{t.account.changeEmailText}</p>
          <Form
            action={t.account.sendLink}
            onCancel={close}
            onSubmit={(data) => ask(textOf(data, 'email') ?? '', textOf(data, 'password') ?? undefined)}
          >
            {(errors) => (
              <>
                <Field
                  label={t.account.newEmail}
                  name="email"
                  type="email"
                  autoComplete="email"
                  required
                  value={entered}
                  onChange={({ target }) => setEntered(target.value)}
                  error={errors.email}
                />
                <Field
                  label={t.login.password}
                  name="password"
                  type="password"
                  autoComplete="current-password"
                  error={errors.password}
                />
              </>
            )}
          </Form>
          <PasskeyStepUp onConfirmed={() => ask(entered)} />
        </Modal>
      ) : null}
    </section>
  );
}
