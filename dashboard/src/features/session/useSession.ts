/** Who is signed in, and the ways in and out. */

import { useCallback, useEffect, useMemo, useState } from 'react';
import { ApiError, getMe, logIn, logOut, type Me } from '../../lib/api/client';

type State = { kind: 'unknown' } | { kind: 'signed-out'; notice: string | null } | { kind: 'signed-in'; me: Me };

export function useSession() {
  const [state, setState] = useState<State>({ kind: 'unknown' });

  useEffect(() => {
    getMe().then(
      (me) => setState(me ? { kind: 'signed-in', me } : { kind: 'signed-out', notice: null }),
      (error: unknown) => setState({ kind: 'signed-out', notice: error instanceof ApiError ? error.message : null }),
    );
  }, []);

  const signIn = useCallback(async (username: string, password: string) => {
    await logIn(username, password);
    const me = await getMe();
    if (!me) throw new ApiError(401, 'The browser did not keep the session cookie. Allow cookies for this site.', null);
    setState({ kind: 'signed-in', me });
  }, []);

  const signOut = useCallback(async () => {
    setState({ kind: 'signed-out', notice: null });
    await logOut().catch(() => undefined); // the cookie may be gone already
  }, []);

  const end = useCallback(() => {
    setState((now) =>
      now.kind === 'signed-in' ? { kind: 'signed-out', notice: 'Your session has ended. Please sign in again.' } : now,
    );
  }, []);

  return useMemo(() => ({ ...state, signIn, signOut, end }), [state, signIn, signOut, end]);
}
