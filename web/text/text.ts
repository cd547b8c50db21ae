/**
 * Text on screens: every string comes from a catalogue by its key, filled with values.
 *
 *   const t = useText();
 *   t('chats.unread', { count: 3 })
 *
 * Names and other people's words are values, never keys, and are isolated (words/name.ts) before
 * they stand in a sentence. Catalogues: web/text/en/*, compiled by catalog-plugin.ts.
 * @module
 */
import { setupI18n, type I18n } from '@lingui/core';
import { createContext, use } from 'react';
import type { EN } from './en/index.ts';

export type TextKey = keyof typeof EN;
export type TextValues = Readonly<Record<string, string | number | Date>>;
export type Text = (key: TextKey, values?: TextValues) => string;

/** `pseudo` and `pseudo-rtl` are for tests. */
export type Language = 'en' | 'pseudo' | 'pseudo-rtl';

/** Loads the catalogue, and says to the page which language and direction it is in. */
export async function loadText(language: Language): Promise<Text> {
  const i18n = setupI18n();
  i18n.load('en', await catalogOf(language));
  i18n.activate('en');
  document.documentElement.lang = 'en';
  document.documentElement.dir = language === 'pseudo-rtl' ? 'rtl' : 'ltr';
  return textOf(i18n);
}

function textOf(i18n: I18n): Text {
  return (key, values) => i18n._(key, values);
}

async function catalogOf(language: Language) {
  switch (language) {
    case 'en':
      return (await import('virtual:catalog/en')).default;
    case 'pseudo':
      return (await import('virtual:catalog/pseudo')).default;
    case 'pseudo-rtl':
      return (await import('virtual:catalog/pseudo-rtl')).default;
  }
}

const TextContext = createContext<Text | undefined>(undefined);
export const TextProvider = TextContext.Provider;

export function useText(): Text {
  const text = use(TextContext);
  if (!text) throw new Error('no text outside TextProvider');
  return text;
}
