/** The light or dark theme, for maps: CSS has no effect on their canvas. */

import type { Theme } from './palette';

const QUERY = '(prefers-color-scheme: dark)';

export function readTheme(): Theme {
  return window.matchMedia(QUERY).matches ? 'dark' : 'light';
}

/** Calls `onChange` at each change. Returns a function that stops this. */
export function watchTheme(onChange: (theme: Theme) => void): () => void {
  const dark = window.matchMedia(QUERY);
  const changed = () => onChange(readTheme());
  dark.addEventListener('change', changed);
  return () => dark.removeEventListener('change', changed);
}
