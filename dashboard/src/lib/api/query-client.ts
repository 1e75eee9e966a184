/** The cache of answers, with what holds for all requests of the pages. */

import { QueryClient } from '@tanstack/react-query';

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The sockets reconnect by themselves, and each reconnect reads again.
        retry: false,
        // A browser that takes itself for offline may still reach a server in its own network.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
}
