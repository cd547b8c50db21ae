/**
 * Service worker: keeps the shell of the app, the files of one build and nothing else, so that a
 * page can say what is so while the daemon does not run. Answers of the API are never kept.
 *
 *   /api/...                   not touched
 *   a page (navigation)        the daemon's; where it does not answer, the shell
 *   /assets/..., icons, fonts  the shell; where it is not there, the daemon's
 *
 * A new build is a new worker with a store of its own. The store of the build before stays, for
 * windows that are still of it; older ones go.
 * @module
 */

/** Put in while building (shell-plugin.ts): a hash over the build, and the paths of its files. */
declare const __BUILD__: string;
declare const __SHELL__: readonly string[];

/** The part of ServiceWorkerGlobalScope that is used: its library does not go with the page's. */
interface Worker {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
}
interface Lasting {
  waitUntil(until: Promise<unknown>): void;
}
interface Fetching {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const worker = self as unknown as Worker;
const NAME = 'shell-';
const CURRENT = `${NAME}${__BUILD__}`;
const PAGE = '/';
const SHELL = new Set(__SHELL__);

worker.addEventListener('install', (event) => {
  event.waitUntil(keep());
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(forgetOlder().then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (pathname.startsWith('/api/')) return;
  // A frame of somebody else's page is none of ours to answer.
  if (request.destination === 'document') event.respondWith(page(request));
  else if (SHELL.has(pathname) || pathname.startsWith('/assets/')) {
    event.respondWith(file(request));
  }
});

/** All files of this build, or no worker. */
async function keep(): Promise<void> {
  const store = await caches.open(CURRENT);
  // Past what the browser itself keeps: the worker is of this build, and so must they be.
  await store.addAll([PAGE, ...SHELL].map((path) => new Request(path, { cache: 'no-cache' })));
  await worker.skipWaiting();
}

/** Names come back in the order they were made. */
async function forgetOlder(): Promise<void> {
  const others = (await caches.keys()).filter((name) => name.startsWith(NAME) && name !== CURRENT);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
}

async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    const store = await caches.open(CURRENT);
    return (await store.match(PAGE)) ?? Response.error();
  }
}

async function file(request: Request): Promise<Response> {
  // Of this build first, then of the one before: names of files have a hash in them.
  const store = await caches.open(CURRENT);
  const kept = (await store.match(request)) ?? (await caches.match(request));
  return kept ?? fetch(request);
}
