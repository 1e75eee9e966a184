/** Shows a page to a signed-in user, and the login to others. */

import type { ReactNode } from 'react';
import type { Me } from '../../lib/api/get-me';
import { LoginPage } from './LoginPage';
import { useSession } from './useSession';

interface Props {
  lead: string;
  children: (me: Me, leave: { signOut: () => void; end: () => void }) => ReactNode;
}

export function SignedIn({ lead, children }: Props) {
  const session = useSession();
  if (session.kind === 'unknown') return <div className="splash" aria-busy="true" />;
  if (session.kind === 'signed-out') {
    return (
      <LoginPage
        notice={session.notice}
        lead={lead}
        onSignIn={session.signIn}
        onCode={session.giveCode}
        onPasskey={session.givePasskey}
      />
    );
  }
  return children(session.me, { signOut: () => void session.signOut(), end: session.end });
}
