/** The texts of the pages in the viewer's language. English is built in; others are loaded when they are needed. */

import { useSyncExternalStore } from 'react';
import { getSettings, type Language, type Settings, subscribe as subscribeToSettings } from '../settings/settings';
import { en } from './en';

/** All texts. Another language must have each of them, which the compiler checks. */
export type Text = typeof en;

const LOADERS: Record<Exclude<Language, 'en'>, () => Promise<Text>> = {
  id: () => import('./id').then((module) => module.id),
};
export const LANGUAGES: Record<Language, string> = { en: 'English', id: 'Bahasa Indonesia' };

const loaded: Partial<Record<Language, Text>> = { en };
const listeners = new Set<() => void>();

/** The chosen language, else the first of the browser's that there is. */
export function languageOf({ language }: Settings): Language {
  if (language) return language;
  const wished = typeof navigator === 'undefined' ? [] : (navigator.languages ?? [navigator.language]);
  for (const locale of wished) {
    const name = locale.toLowerCase().split('-')[0];
    if (name === 'en' || name === 'id') return name;
  }
  return 'en';
}

export function useText(): Text {
  return useSyncExternalStore(subscribe, presentText);
}

/** The texts now: English until another language has been loaded. */
export function presentText(): Text {
  const language = languageOf(getSettings());
  const text = loaded[language];
  if (text) return text;
  if (language !== 'en') load(language);
  return en;
}

/** Waits until the language of the settings is there, so that a page does not begin in another one. */
export async function loadText(): Promise<void> {
  const language = languageOf(getSettings());
  document.documentElement.lang = language;
  if (language !== 'en') loaded[language] ??= await LOADERS[language]().catch(() => en);
}

function load(language: Exclude<Language, 'en'>): void {
  void LOADERS[language]()
    .catch(() => en)
    .then((text) => {
      loaded[language] = text;
      document.documentElement.lang = language;
      for (const listener of listeners) listener();
    });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  const stop = subscribeToSettings(() => {
    document.documentElement.lang = languageOf(getSettings());
    listener();
  });
  return () => {
    listeners.delete(listener);
    stop();
  };
}
