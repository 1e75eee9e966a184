/** Renders a page into its document, with the providers that every page needs. */

import { QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createQueryClient } from '../lib/api/query-client';
import '../styles/tokens.css';
import '../styles/page.css';

/** After an update of the server the parts of an open page are gone. One reload gets the new ones. */
const RELOADED_AT = 'milepost.reloaded-at';
const RELOAD_AT_MOST_EVERY_MS = 60_000;

/** Something was typed since a form was sent or another page was opened. */
let hasTyped = false;
let typedAt = window.location.pathname;
window.addEventListener('input', () => {
  hasTyped = true;
  typedAt = window.location.pathname;
});
window.addEventListener('submit', () => {
  hasTyped = false;
});

// Keeps the parts of this version for as long as one of its pages is open. Without it, a page loads them again.
if (import.meta.env.PROD) {
  window.addEventListener('load', () => void navigator.serviceWorker?.register('/sw.js').catch(() => undefined));
}

window.addEventListener('vite:preloadError', (event) => {
  // What is being typed, or is shown only once, must not be lost: then the page says what to do.
  const isTyping = hasTyped && typedAt === window.location.pathname;
  if (isTyping || document.querySelector('dialog[open]')) return;
  const lastMs = Number(sessionStorage.getItem(RELOADED_AT) ?? 0);
  if (Date.now() - lastMs < RELOAD_AT_MOST_EVERY_MS) return;
  sessionStorage.setItem(RELOADED_AT, String(Date.now()));
  event.preventDefault();
  window.location.reload();
});

export function renderPage(page: ReactNode): void {
  const root = document.getElementById('root');
  if (!root) throw new Error('the document has no element with the id root');
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={createQueryClient()}>{page}</QueryClientProvider>
    </StrictMode>,
  );
}
