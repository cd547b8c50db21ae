/**
 * Methods that let browsers in, and out.
 * @module
 */
import type { Handlers } from './api-server.ts';
import type { PageSessions } from './page-sessions.ts';

/** @param origin where pages are, such as `http://127.0.0.1:7340`; asked when it listens. */
export function pageMethods(
  sessions: PageSessions,
  origin: () => string,
): Pick<Handlers, `pages.${string}` & keyof Handlers> {
  return {
    'pages.open': ({ path }) => ({ url: `${origin()}${path}#k=${sessions.newKey()}` }),
    'pages.forget': () => {
      sessions.forget();
      return {};
    },
  };
}
