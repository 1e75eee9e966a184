/** Erases a person, after the admin has shown who it is: by the password, or by a passkey. */

import { useState } from 'react';
import { Field } from '../../components/Field';
import { Form } from '../../components/Form';
import { Modal } from '../../components/Modal';
import { PasskeyStepUp } from '../../components/PasskeyStepUp';
import type { User } from '../../lib/api/list-users';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { eraseUser, keepUser } from './api/things';

interface Props {
  user: User;
  onClose: () => void;
}

export function EraseUser({ user, onClose }: Props) {
  const t = useText();
  const format = useFormat();
  const [dueAtMs, setDueAtMs] = useState<number | null>(null);
  const erase = async (password?: string) => setDueAtMs(await eraseUser(user.id, password));
  return (
    <Modal title={t.users.eraseTitle(user.username)} onClose={onClose}>
      {dueAtMs === null ? (
        <>
          <p className="modal-text">{t.users.eraseText}</p>
          <Form
            action={t.users.erase}
            onCancel={onClose}
            onSubmit={(data) => erase(String(data.get('password') ?? ''))}
          >
            {(errors) => (
              <Field
                label={t.users.yourPassword}
                name="password"
                type="password"
                autoComplete="current-password"
                required
                error={errors.password}
              />
            )}
          </Form>
          <PasskeyStepUp onConfirmed={erase} />
        </>
      ) : (
        <>
          <p className="modal-text" role="status">
            {t.users.eraseDue(format.moment(dueAtMs))}
          </p>
          <div className="form-actions">
            <button type="button" className="button" onClick={() => void keepUser(user.id).then(onClose)}>
              {t.users.eraseNot}
            </button>
            <button type="button" className="button button-primary" onClick={onClose}>
              {t.common.close}
            </button>
          </div>
        </>
      )}
    </Modal>
  );
}
