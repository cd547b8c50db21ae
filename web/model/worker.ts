/**
 * The service worker, as the page sees it: registered once the page stands, looked for anew when
 * the daemon is back, and whether a newer build has taken over.
 * @module
 */
import type { Model } from './model.ts';
import { Store } from './store.ts';

const SCRIPT = '/sw.js';
/** What stands on the screen comes first. */
const SETTLE_MS = 1_500;
/** What a policy makes passes where the page's policy asks for trusted types. */
interface Policies {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

/** A build that is newer than this page answers. */
export const isNewerThere = new Store(false);

export function registerWorker(model: Model): void {
  if (!('serviceWorker' in navigator)) return;
  const { serviceWorker } = navigator;
  let hadOne = serviceWorker.controller !== null;
  serviceWorker.addEventListener('controllerchange', () => {
    if (hadOne) isNewerThere.set(true);
    hadOne = true;
  });
  let registering: Promise<ServiceWorkerRegistration> | undefined;
  const look = (): void => {
    if (model.phase.value === 'ready') window.setTimeout(register, SETTLE_MS);
  };
  const register = (): void => {
    registering ??= serviceWorker.register(trusted(SCRIPT), { updateViaCache: 'none' });
    // Without it everything works but the page for a daemon that does not run.
    registering.then((registration) => registration.update()).catch(() => undefined);
  };
  model.phase.watch(look);
  look();
}

/** The only script that is ever named by a text. */
function trusted(url: string): string {
  const policies = (window as { trustedTypes?: Policies }).trustedTypes;
  if (!policies) return url;
  const policy = policies.createPolicy('sotto', {
    createScriptURL: (asked) => {
      if (asked !== SCRIPT) throw new Error('not a script of this app');
      return asked;
    },
  });
  return policy.createScriptURL(url);
}
