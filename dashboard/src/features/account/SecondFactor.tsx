/** Sets up an authenticator app, shows the recovery codes once, and removes the app. */

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Field } from '../../components/Field';
import { Form, textOf } from '../../components/Form';
import { Modal } from '../../components/Modal';
import { PasskeyStepUp } from '../../components/PasskeyStepUp';
import { Secret } from '../../components/Secret';
import { setFactorDue } from '../../lib/api/factor-due';
import { ApiError } from '../../lib/api/request';
import { useText } from '../../lib/strings/strings';
import { beginTotp, confirmTotp, removeTotp, type TotpSetup } from './api/security';
import { PasswordField } from './PasswordField';
import { RecoveryCodes } from './RecoveryCodes';

const QrCode = lazy(() => import('../../components/QrCode'));

type Step =
  | { name: 'scan'; setup: TotpSetup }
  | { name: 'codes'; codes: string[] }
  /** There is one already. */
  | { name: 'has' }
  | { name: 'remove' };

export function SecondFactor() {
  const t = useText();
  const queries = useQueryClient();
  const [step, setStep] = useState<Step | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const begin = useMutation({
    mutationFn: beginTotp,
    onMutate: () => setNotice(null),
    onSuccess: (setup) => setStep({ name: 'scan', setup }),
    onError: (error) => {
      if (error instanceof ApiError && error.status === 409) setStep({ name: 'has' });
    },
  });
  const hasOne = step?.name === 'has';
  const close = () => setStep(null);
  return (
    <section className="account-part" aria-labelledby="factor-title">
      <h2 id="factor-title">{t.account.factor}</h2>
      <p>{t.account.factorText}</p>
      <p role="status">{notice ?? (hasOne ? t.account.hasFactor : null)}</p>
      {begin.error && !hasOne ? (
        <p className="form-error" role="alert">
          {begin.error.message}
        </p>
      ) : null}
      <div className="account-actions">
        <button
          type="button"
          className="button button-primary"
          disabled={begin.isPending}
          onClick={() => begin.mutate()}
        >
          {t.account.setUp}
        </button>
        <button type="button" className="button" onClick={() => setStep({ name: 'remove' })}>
          {t.account.removeFactor}
        </button>
      </div>
      {step?.name === 'scan' ? (
        <Modal title={t.account.scanTitle} onClose={close}>
          <p className="modal-text">{t.account.scanText}</p>
          <Suspense fallback={<div className="qr" aria-busy="true" />}>
            <QrCode label={t.account.qr} text={step.setup.otpauth_url} />
          </Suspense>
          <Secret label={t.account.typed} value={step.setup.secret} />
          <Form
            action={t.account.confirm}
            onCancel={close}
            onSubmit={async (data) => {
              const { recovery_codes } = await confirmTotp(textOf(data, 'code') ?? '');
              setStep({ name: 'codes', codes: recovery_codes });
            }}
          >
            {(errors) => (
              <Field
                label={t.account.code}
                name="code"
                required
                inputMode="numeric"
                autoComplete="one-time-code"
                error={errors.code}
              />
            )}
          </Form>
        </Modal>
      ) : null}
      {step?.name === 'codes' ? (
        <RecoveryCodes
          codes={step.codes}
          onKept={() => {
            setNotice(t.account.isSet);
            close();
            setFactorDue(false);
            void queries.invalidateQueries();
          }}
        />
      ) : null}
      {step?.name === 'remove' ? (
        <Modal title={t.account.removeFactor} onClose={close}>
          <p className="modal-text">{t.account.removeFactorText}</p>
          <Form
            action={t.common.remove}
            onCancel={close}
            onSubmit={async (data) => {
              await removeTotp(String(data.get('password') ?? ''));
              setNotice(t.account.isRemoved);
              close();
            }}
          >
            {(errors) => <PasswordField error={errors.password} />}
          </Form>
          <PasskeyStepUp
            onConfirmed={async () => {
              await removeTotp();
              setNotice(t.account.isRemoved);
              close();
            }}
          />
        </Modal>
      ) : null}
    </section>
  );
}
