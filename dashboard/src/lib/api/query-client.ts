/** The query cache, with the options of all requests. */

import { QueryClient } from '@tanstack/react-query';

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The sockets reconnect by themselves, and each reconnect reads the data again.
        retry: false,
        // A browser that believes it is offline may still reach a server in its own network.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
}
