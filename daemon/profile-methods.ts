/**
 * The methods of the lock and of profiles.
 * @module
 */
import { Refusal } from './api-server.ts';
import type { Handlers } from './api-server.ts';

type Own = Pick<Handlers, Extract<keyof Handlers, `${'lock' | 'profiles'}.${string}`>>;

export function profileMethods(): Own {
  const later = (name: string) => (): never => {
    throw new Refusal('unknown-method', { name });
  };
  return {
    'lock.status': () => ({
      hasPassphrase: false,
      locked: false,
      afterMinutes: 0,
      triesLeft: 5,
      pauseSeconds: 0,
    }),
    'lock.open': later('lock.open'),
    'lock.now': later('lock.now'),
    'lock.set': later('lock.set'),
    'lock.touch': () => ({}),
    'profiles.list': () => ({ profiles: [] }),
    'profiles.create': later('profiles.create'),
    'profiles.open': later('profiles.open'),
  };
}
