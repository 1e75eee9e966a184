/** The viewer's own account: where it is signed in, and the second factor. */

import { Page } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { useText } from '../../lib/strings/strings';
import { Email } from './Email';
import { Passkeys } from './Passkeys';
import { SecondFactor } from './SecondFactor';
import { Sessions } from './Sessions';
import '../../styles/account.css';

export function AccountPage({ me, isFactorDue, onEnd }: { me: Me; isFactorDue: boolean; onEnd: () => void }) {
  const t = useText();
  return (
    <Page title={t.account.title} lead={t.account.lead(me.username, me.tenant)}>
      {isFactorDue ? (
        <p className="account-due" role="alert">
          {t.account.due}
        </p>
      ) : null}
      <SecondFactor />
      <Passkeys />
      {isFactorDue ? null : <Email />}
      <Sessions onEnd={onEnd} />
    </Page>
  );
}
