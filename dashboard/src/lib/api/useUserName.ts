/** Names of users by their numbers, for viewers that may list users. */

import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import { may } from '../roles';
import { useText } from '../strings/strings';
import type { Me } from './get-me';
import { usersQuery } from './list-users';

/** The user's name, or its number. */
export function useUserName(me: Me): (id: number) => string {
  const t = useText();
  const { data: users } = useQuery({ ...usersQuery, enabled: may(me, 'people') });
  return useCallback((id) => users?.find((user) => user.id === id)?.username ?? t.parcels.user(id), [users, t]);
}
