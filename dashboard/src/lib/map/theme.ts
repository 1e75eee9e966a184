/** The reader's choice of light or dark, for maps: CSS does not reach into their canvas. */

import type { Theme } from './palette';

const QUERY = '(prefers-color-scheme: dark)';

export function readTheme(): Theme {
  return window.matchMedia(QUERY).matches ? 'dark' : 'light';
}

/** Calls `onChange` at each change; returns a function that ends it. */
export function watchTheme(onChange: (theme: Theme) => void): () => void {
  const dark = window.matchMedia(QUERY);
  const changed = () => onChange(readTheme());
  dark.addEventListener('change', changed);
  return () => dark.removeEventListener('change', changed);
}
