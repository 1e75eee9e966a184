/** The signed-in user, signing in, and signing out. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { getMe, type Me, meQuery } from '../../lib/api/get-me';
import { ApiError } from '../../lib/api/request';
import { presentText } from '../../lib/strings/strings';
import { answerChallenge, logIn } from './api/log-in';
import { logOut } from './api/log-out';

type State = { kind: 'unknown' } | { kind: 'signed-out'; notice: string | null } | { kind: 'signed-in'; me: Me };

export function useSession() {
  const queries = useQueryClient();
  const { data: me, error, isPending } = useQuery(meQuery);
  const [notice, setNotice] = useState<string | null>(null);

  const enter = useCallback(async () => {
    const user = await getMe();
    if (!user) throw new ApiError(0, presentText().login.noCookie);
    queries.setQueryData(meQuery.queryKey, user);
  }, [queries]);

  /** Returns a challenge if a code is due. */
  const signIn = useCallback(
    async (username: string, password: string) => {
      const challenge = await logIn(username, password);
      if (challenge === null) await enter();
      return challenge;
    },
    [enter],
  );

  const giveCode = useCallback(
    async (challenge: string, code: string) => {
      await answerChallenge(challenge, code);
      await enter();
    },
    [enter],
  );

  /** Forgets the user and all data that was read for it. */
  const leave = useCallback(
    (reason: string | null) => {
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== meQuery.queryKey[0] });
      queries.setQueryData(meQuery.queryKey, null);
      setNotice(reason);
    },
    [queries],
  );

  const signOut = useCallback(async () => {
    leave(null);
    await logOut().catch(() => undefined); // the cookie may be gone already
  }, [leave]);

  /** Something was refused as if there were no session. If that is so, the login is shown. */
  const end = useCallback(async () => {
    const me = await getMe().catch(() => undefined);
    if (me === null && queries.getQueryData(meQuery.queryKey)) leave(presentText().login.ended);
  }, [queries, leave]);

  return useMemo(() => {
    const refusal = error instanceof ApiError ? error.message : null;
    const state: State = isPending
      ? { kind: 'unknown' }
      : me
        ? { kind: 'signed-in', me }
        : { kind: 'signed-out', notice: notice ?? refusal };
    return { ...state, signIn, giveCode, signOut, end };
  }, [me, isPending, error, notice, signIn, giveCode, signOut, end]);
}
