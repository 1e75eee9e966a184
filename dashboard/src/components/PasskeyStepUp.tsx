/** A passkey in place of the password, where a fresh login is asked for. Nothing for those who have none. */

import { useMutation, useQuery } from '@tanstack/react-query';
import { passkeysQuery, stepUpWithPasskey } from '../lib/api/passkeys';
import { ApiError } from '../lib/api/request';
import { hasPasskeys } from '../lib/passkeys';
import { useText } from '../lib/strings/strings';

interface Props {
  /** Does what needs a fresh login, without a password. */
  onConfirmed: () => Promise<unknown>;
}

export function PasskeyStepUp({ onConfirmed }: Props) {
  const t = useText();
  const { data } = useQuery(passkeysQuery);
  const confirm = useMutation({
    mutationFn: async () => {
      await stepUpWithPasskey();
      await onConfirmed();
    },
  });
  if (!hasPasskeys() || !data?.items.length) return null;
  return (
    <div className="step-up">
      <p className="modal-text">{t.account.orPasskey}</p>
      <button type="button" className="button" disabled={confirm.isPending} onClick={() => confirm.mutate()}>
        {t.account.usePasskey}
      </button>
      {confirm.error ? (
        <p className="form-error" role="alert">
          {confirm.error instanceof ApiError ? confirm.error.message : t.account.passkeyNotUsed}
        </p>
      ) : null}
    </div>
  );
}
