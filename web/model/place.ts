/**
 * Place: which page the address bar names. Every page has an address, Back works, and what was
 * focused before is focused again.
 *
 *   /                       chats, or the first chat        /add            add a person
 *   /welcome                the first page                  /requests       who asks to be let in
 *   /c/ID                   a conversation                  /search         find a message
 *   /c/ID/info|route|verify about the person                /network        the doctor
 *   /c/ID/message/CURSOR    about one message               /settings[/X]   settings
 *   /c/ID/at/CURSOR         the conversation, there         /profiles       profiles and lock
 *   /c/ID/reading           the last messages as plain text
 * @module
 */
import { Store } from './store.ts';

export type Place =
  | { readonly page: 'home' | 'welcome' | 'add' | 'requests' | 'search' | 'network' }
  | { readonly page: 'profiles' | 'unknown' }
  | { readonly page: 'settings'; readonly section: string | undefined }
  | {
      readonly page: 'conversation';
      readonly conversation: string;
      /** What is open beside or above the messages. */
      readonly panel: 'info' | 'route' | 'verify' | 'message' | 'reading' | undefined;
      /** Of the message that `message` is about, or that is to be shown. */
      readonly cursor: string | undefined;
    };

const SIMPLE = ['welcome', 'add', 'requests', 'search', 'network', 'profiles'] as const;
const PANELS = ['info', 'route', 'verify', 'reading'] as const;

function readPlace(path: string): Place {
  const [first = '', ...rest] = path.split('/').filter((part) => part !== '');
  if (first === '') return { page: 'home' };
  if (first === 'settings' && rest.length < 2) return { page: 'settings', section: rest[0] };
  if (first === 'c') return conversationPlace(rest);
  const simple = SIMPLE.find((name) => name === first);
  return { page: simple !== undefined && rest.length === 0 ? simple : 'unknown' };
}

function conversationPlace([conversation, what, cursor, ...more]: string[]): Place {
  if (conversation === undefined || !/^c_[0-9a-z]+$/.test(conversation) || more.length > 0) {
    return { page: 'unknown' };
  }
  const at = { page: 'conversation', conversation } as const;
  if (what === undefined) return { ...at, panel: undefined, cursor: undefined };
  if (cursor !== undefined) {
    if (what === 'message') return { ...at, panel: 'message', cursor };
    return what === 'at' ? { ...at, panel: undefined, cursor } : { page: 'unknown' };
  }
  const panel = PANELS.find((name) => name === what);
  return panel ? { ...at, panel, cursor: undefined } : { page: 'unknown' };
}

export const place = new Store<Place>(readPlace(location.pathname));

/** Of the entries that one may go back to, so many know what was focused. */
const FOCUSED_MAX = 50;
/** What was focused where, by the entry of the history; what left the page is not held by it. */
const focused = new Map<number, WeakRef<HTMLElement>>();
let entry = 0;

/** Goes to a page. `replace`: Back does not lead here again. */
export function go(path: string, options: { readonly replace?: boolean } = {}): void {
  if (path === location.pathname) return;
  const { activeElement } = document;
  if (activeElement instanceof HTMLElement) focused.set(entry, new WeakRef(activeElement));
  if (options.replace) history.replaceState({ entry }, '', path);
  else {
    history.pushState({ entry: ++entry }, '', path);
    forgetFocus();
  }
  place.set(readPlace(path));
}

/** Of entries that a new one has put an end to, and of those that are far back. */
function forgetFocus(): void {
  for (const one of focused.keys()) {
    if (one >= entry || one < entry - FOCUSED_MAX) focused.delete(one);
  }
}

/** One step back where there is one, else to `fallback`: a panel opened by its address has none. */
export function goBack(fallback: string): void {
  if (entry > 0) history.back();
  else go(fallback, { replace: true });
}

window.addEventListener('popstate', (event) => {
  const state = event.state as { entry?: number } | null;
  entry = state?.entry ?? 0;
  place.set(readPlace(location.pathname));
  const before = focused.get(entry)?.deref();
  // After the page has been drawn again.
  requestAnimationFrame(() => {
    if (before?.isConnected) before.focus();
  });
});
