/**
 * Message catalogues, compiled while building: the browser gets parsed ICU messages and no parser.
 *
 *   import catalog from 'virtual:catalog/en'            what people read
 *   import catalog from 'virtual:catalog/pseudo'        longer, accented: shows what is cut off
 *   import catalog from 'virtual:catalog/pseudo-rtl'    the same, written from right to left
 *
 * @module
 */
import { compileMessage } from '@lingui/message-utils/compileMessage';
import type { Plugin } from 'vite';
import { EN } from './en/index.ts';
import { pseudo } from './pseudo.ts';

const PREFIX = 'virtual:catalog/';

const CATALOGS: Readonly<Record<string, (message: string) => string>> = {
  en: (message) => message,
  pseudo: (message) => pseudo(message, 'ltr'),
  'pseudo-rtl': (message) => pseudo(message, 'rtl'),
};

export function catalogs(): Plugin {
  return {
    name: 'sotto-catalogs',
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return undefined;
      const translate = CATALOGS[id.slice(PREFIX.length + 1)];
      if (!translate) throw new Error(`no catalogue ${id}`);
      const compiled = Object.entries(EN).map(([key, message]) => [
        key,
        compileMessage(translate(message)),
      ]);
      return `export default ${JSON.stringify(Object.fromEntries(compiled))}`;
    },
  };
}
