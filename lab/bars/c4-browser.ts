/**
 * Hostile pages in a real Chromium that is let in: other ports of this computer, other names of
 * it, a name that was rebound to it, and documents without an origin. Part of bar C4.
 *
 * What counts is what the daemon did: its answers as the browser got them, and its own count of
 * requests that were not refused.
 * @module
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page, Response } from 'playwright-core';
import { ROOT } from './bar.ts';
import { CHROMIUM } from '../app/browser.ts';

const NAMES = ['rebind.test', 'evil.test'];
const SCRIPT = join(ROOT, 'lab', 'bars', 'c4-page.mjs');
const STORED = 'sotto.page';

/** A browser whose names all lead to this computer. */
export function openBrowser(): Promise<Browser> {
  const rules = NAMES.map((name) => `MAP ${name} 127.0.0.1`).join(', ');
  const args = ['--no-sandbox', `--host-resolver-rules=${rules}`];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

/** Lets a browser in as the app does. @returns the page half, for pages that got hold of it. */
export async function letIn(context: BrowserContext, origin: string, key: string): Promise<string> {
  const page = await context.newPage();
  // Any document of the origin will do: the swap is the same whatever the app shows.
  await page.goto(`${origin}/icon.svg`);
  const swap = `fetch('/api/v1/session',{method:'POST',body:JSON.stringify({key:'${key}'})})
    .then((answer) => answer.json()).then(({data}) => data.page)`;
  const half = await page.evaluate<string>(swap);
  await page.evaluate(`localStorage.setItem('${STORED}', '${half}')`);
  await page.close();
  return half;
}

/** The control: what a page of the daemon's own origin gets with this session. */
export async function ownPageSees(
  context: BrowserContext,
  origin: string,
): Promise<{ status: number; half: number; icon: number }> {
  const page = await context.newPage();
  await page.goto(`${origin}/icon.svg`);
  const call = (headers: string): string =>
    `fetch('/api/v1/status.get',{method:'POST',body:'{}',headers:${headers}})
      .then((answer) => answer.status)`;
  const seen = {
    status: await page.evaluate<number>(
      call(`{authorization:'Bearer '+localStorage.getItem('${STORED}')}`),
    ),
    half: await page.evaluate<number>(call('{}')),
    icon: await page.evaluate<number>(`fetch('/icon.svg').then((answer) => answer.status)`),
  };
  await page.close();
  return seen;
}

export interface Attacked {
  /** What pages could read or run, and answers that were no refusal. */
  readonly through: readonly string[];
  /** Answers of the target that the browser saw. */
  readonly answers: number;
}

export interface Secrets {
  readonly page: string;
  readonly key: string;
}

/** Runs every attack from every origin against `port`. */
export async function attackFromPages(
  context: BrowserContext,
  port: number,
  secrets: Secrets,
): Promise<Attacked> {
  const stage = await openStage();
  const through: string[] = [];
  let answers = 0;
  const seen = (response: Response): void => {
    if (new URL(response.url()).port !== String(port)) return;
    answers++;
    if (response.status() < 400 && !response.fromServiceWorker()) {
      through.push(`${response.request().method()} ${response.url()}: ${response.status()}`);
    }
  };
  const { port: other } = stage.address() as AddressInfo;
  const target = `http://127.0.0.1:${port}`;
  const places = ['127.0.0.1', 'localhost', 'evil.test'].map((name) => `http://${name}:${other}/`);
  for (const place of places) {
    const page = await context.newPage();
    await page.goto(place);
    page.on('response', seen);
    const given = JSON.stringify({ target, ...secrets });
    const got = await page.evaluate<string[]>(`attack(${given})`);
    through.push(...got.map((what) => `${place}: ${what}`));
    await page.close();
  }
  const rebound = await rebind(context, port, secrets, seen);
  through.push(...rebound.map((what) => `rebound: ${what}`));
  await new Promise((done) => stage.close(done).closeAllConnections());
  return { through, answers };
}

/**
 * A page of a name whose address changes to this computer: to the browser the daemon is now of the
 * page's own origin, so that nothing but the Host header tells them apart.
 */
async function rebind(
  context: BrowserContext,
  port: number,
  { page: half, key }: Secrets,
  seen: (response: Response) => void,
): Promise<string[]> {
  const origin = `http://rebind.test:${port}`;
  const page = await context.newPage();
  const script = `<!doctype html><body><script>${readFileSync(SCRIPT, 'utf8')}</script></body>`;
  await page.route(`${origin}/start`, (route) =>
    route.fulfill({ contentType: 'text/html', body: script }),
  );
  await page.goto(`${origin}/start`);
  page.on('response', seen);
  const given = JSON.stringify({ target: origin, page: half, key });
  const got = await page.evaluate<string[]>(`attack(${given})`);
  await page.unroute(`${origin}/start`);
  const opened = await page.goto(`${origin}/`).catch(() => null);
  if (opened?.ok()) got.push('the page itself');
  await page.close();
  return got;
}

/** Pages that open the app in a window: it opens, but they have no hold of it. */
export async function holdOfWindows(context: BrowserContext, port: number): Promise<string[]> {
  const stage = await openStage();
  const { port: other } = stage.address() as AddressInfo;
  const held: string[] = [];
  for (const name of ['127.0.0.1', 'evil.test']) {
    const page = await context.newPage();
    await page.goto(`http://${name}:${other}/`);
    const [popup] = await Promise.all([
      context.waitForEvent('page'),
      page.evaluate(`void (globalThis.other = open('http://127.0.0.1:${port}/'))`),
    ]);
    await popup.waitForLoadState();
    const isShut = await page.evaluate<boolean>('globalThis.other.closed');
    const opener = await hasOpener(popup);
    if (!isShut || opener)
      held.push(`${name}: ${isShut ? '' : 'holds it'}${opener ? ' held' : ''}`);
    await popup.close();
    await page.close();
  }
  await new Promise((done) => stage.close(done).closeAllConnections());
  return held;
}

/**
 * Pages that frame the app, in a browser where its service worker is at home, which answers for it
 * in frames of the same site.
 */
export async function shownInFrames(context: BrowserContext, port: number): Promise<string[]> {
  const app = await context.newPage();
  await app.goto(`http://127.0.0.1:${port}/`);
  await app.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
  await app.close();
  const stage = await openStage();
  const { port: other } = stage.address() as AddressInfo;
  const shown: string[] = [];
  for (const name of ['127.0.0.1', 'localhost', 'evil.test']) {
    const page = await context.newPage();
    await page.goto(`http://${name}:${other}/`);
    const frame = `Object.assign(document.createElement('iframe'),{src:'http://127.0.0.1:${port}/'})`;
    await page.evaluate(
      `new Promise((done) => { const frame = ${frame}; frame.onload = done;
        document.body.append(frame); }).then(() => undefined)`,
    );
    shown.push(...page.frames().flatMap((one) => (one.url().includes(`:${port}/`) ? [name] : [])));
    await page.close();
  }
  await new Promise((done) => stage.close(done).closeAllConnections());
  return shown;
}

function hasOpener(popup: Page): Promise<boolean> {
  return popup.evaluate<boolean>('window.opener !== null');
}

/** The control: a server that checks nothing, with headers that let everybody in. */
export async function openServer(): Promise<Server> {
  const headers = {
    'access-control-allow-credentials': 'true',
    'access-control-allow-headers': 'authorization, content-type',
  };
  return listen((request, response) => {
    const origin = request.headers.origin ?? '*';
    response.writeHead(200, { ...headers, 'access-control-allow-origin': origin });
    response.end('{}');
  });
}

/** Pages of the attacker: each has the script that attacks. */
function openStage(): Promise<Server> {
  const script = readFileSync(SCRIPT, 'utf8');
  const html = `<!doctype html><title>x</title><body><script>${script}</script></body>`;
  return listen((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(html);
  });
}

async function listen(answer: RequestListener): Promise<Server> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}
