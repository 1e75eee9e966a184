/** Renders a page into its document, with the providers that every page needs. */

import { QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createQueryClient } from '../lib/api/query-client';
import '../styles/tokens.css';
import '../styles/page.css';

export function renderPage(page: ReactNode): void {
  const root = document.getElementById('root');
  if (!root) throw new Error('the document has no element with the id root');
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={createQueryClient()}>{page}</QueryClientProvider>
    </StrictMode>,
  );
}
