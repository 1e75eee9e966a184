/** The password of the user, who shows so to be still there. */

import { Field } from '../../components/Field';
import { useText } from '../../lib/strings/strings';

export function PasswordField({ error }: { error: string | undefined }) {
  const t = useText();
  return (
    <Field
      label={t.login.password}
      name="password"
      type="password"
      autoComplete="current-password"
      required
      error={error}
    />
  );
}
