/**
 * The methods that answer whether the profile is open or locked: pages, the lock, profiles, and
 * the end. All others are of the open profile (methods.ts), and refused with `locked` while there
 * is none (API-40).
 * @module
 */
import { METHODS } from '@sotto/api/contract.ts';
import type { Method } from '@sotto/api/contract.ts';
import { utf8 } from '@sotto/core/base/bytes.ts';
import type { Handlers } from './api-server.ts';
import type { LockKeeper } from './lock-keeper.ts';
import type { ProfileHandlers } from './methods.ts';
import type { pageMethods } from './page-methods.ts';
import type { Profiles } from './profiles.ts';

/** While locked too: a person must get in to say the passphrase, and may end the app. */
const AT_ANY_TIME: readonly Method[] = [
  'lock.status',
  'lock.open',
  'lock.now',
  'pages.open',
  'daemon.stop',
];
const OWN = ['lock.', 'profiles.', 'pages.', 'daemon.'];
/**
 * What programs ask by themselves, when something happens or from time to time: it shows no
 * person at the screen, so it does not keep the profile open (API-42). A page looks at the network
 * and saves what was typed once more by itself too, and tells of who types by `lock.touch`.
 */
const BY_ITSELF: readonly Method[] = [
  'config.get',
  'config.list',
  'contacts.list',
  'contacts.show',
  'conversations.list',
  'doctor.run',
  'door.status',
  'drafts.set',
  'invites.list',
  'lock.status',
  'logs.tail',
  'messages.list',
  'messages.markRead',
  'profiles.list',
  'requests.list',
  'route.show',
  'stats.get',
  'status.get',
];

type OwnHandlers = Omit<Handlers, keyof ProfileHandlers>;

export interface DaemonMethodParts {
  readonly keeper: LockKeeper;
  readonly profiles: Profiles;
  readonly pages: ReturnType<typeof pageMethods>;
  /** Ends the daemon, after the answer has left. */
  readonly stop: () => void;
}

/** Every method, each refused while it must not answer. */
export function daemonHandlers(parts: DaemonMethodParts): Handlers {
  const { keeper } = parts;
  const own = ownHandlers(parts);
  const guarded = Object.keys(METHODS).map((name) => {
    const method = name as Method;
    const answersLocked = AT_ANY_TIME.includes(method);
    const isOwn = OWN.some((prefix) => method.startsWith(prefix));
    const run = (params: never): unknown => {
      if (isOwn && answersLocked) return own[method as keyof OwnHandlers](params);
      return keeper.use((profile) => {
        if (!BY_ITSELF.includes(method)) keeper.touch();
        if (isOwn) return own[method as keyof OwnHandlers](params);
        return profile.handlers[method as keyof ProfileHandlers](params);
      });
    };
    return [method, run];
  });
  return Object.fromEntries(guarded) as Handlers;
}

function ownHandlers({ keeper, pages, profiles, stop }: DaemonMethodParts): OwnHandlers {
  return {
    ...pages,
    'lock.status': () => keeper.status(),
    'lock.open': ({ passphrase }) => withBytes([passphrase], ([given]) => keeper.open(given)),
    'lock.now': () => keeper.lock('asked'),
    'lock.set': ({ current, next }) =>
      withBytes([current, next], ([before, after]) => keeper.set(before, after)),
    'lock.touch': () => ({}),
    'profiles.list': async () => ({ profiles: await profiles.list() }),
    'profiles.create': ({ name }) => profiles.create(name),
    'profiles.open': async ({ name }) => ({ url: await profiles.open(name) }),
    'daemon.stop': () => {
      setImmediate(stop);
      return {};
    },
  };
}

/** Secrets as bytes for as long as they are used; then overwritten. */
async function withBytes<T>(
  texts: readonly (string | undefined)[],
  use: (bytes: (Uint8Array | undefined)[]) => Promise<T>,
): Promise<T> {
  const bytes = texts.map((text) => (text === undefined ? undefined : utf8(text)));
  try {
    return await use(bytes);
  } finally {
    for (const one of bytes) one?.fill(0);
  }
}
