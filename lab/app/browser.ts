/**
 * The real Chromium of this computer, in a room of the lab or on this machine, with what a test
 * wants to know of a page: everything it asked the network for, and everything it complained of.
 *
 *   const browser = await openBrowser(room, folder);
 *   const page = await browser.app(link, { width: 320, theme: 'dark' });
 *   ... page.page is playwright's; page.problems stays empty ...
 *
 * @module
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import type { Room } from '../rooms/internet.ts';
import { BROWSER_GROUP } from './leaks.ts';

export const CHROMIUM = '/usr/bin/chromium';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SETTLED =
  'Promise.all(document.getAnimations()' +
  '.filter((one) => one.effect.getComputedTiming().endTime < 5000)' +
  '.map((one) => one.finished.catch(() => undefined))).then(() => undefined)';
/** So that leaks.ts tells its packets from others'. */
const AS_BROWSER = `setpriv --regid=${BROWSER_GROUP} --clear-groups`;
const ACTION_MS = 30_000;
/** What Chromium itself asks its maker for, whatever page it shows; no page of ours goes there. */
const OWN_HOSTS = ['*.google.com', '*.googleapis.com', '*.gvt1.com'];
/** Software rendering: rooms have no graphics card. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  `--host-resolver-rules=${OWN_HOSTS.map((host) => `MAP ${host} ~NOTFOUND`).join(', ')}`,
];

export interface Look {
  readonly width?: number;
  readonly height?: number;
  /** What the system prefers. */
  readonly theme?: 'light' | 'dark';
  readonly language?: 'en' | 'pseudo' | 'pseudo-rtl';
  readonly forcedColours?: boolean;
  readonly lessMotion?: boolean;
  /** Without a service worker, as in a private window of some browsers. */
  readonly noWorker?: boolean;
  /** Runs in the page before anything else. */
  readonly script?: string;
}

/** A page of the app, and what was seen of it. */
export class AppPage {
  /** Console errors, refused by policy, uncaught. */
  readonly problems: string[] = [];
  /** Every address that the page asked for. */
  readonly requests: string[] = [];

  constructor(
    readonly page: Page,
    readonly context: BrowserContext,
  ) {
    page.setDefaultTimeout(ACTION_MS);
    context.on('request', (request) => this.requests.push(request.url()));
    page.on('pageerror', (error) => this.problems.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
  }

  /** Addresses that are not of this origin, and not bytes of the page's own. */
  foreignRequests(origin: string): string[] {
    return this.requests.filter(
      (url) => !url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url),
    );
  }

  /** What a screen reader would stumble over, one line for each rule and place. */
  async violations(): Promise<string[]> {
    // What comes in by fading has its colours only once it stands.
    await this.page.evaluate(SETTLED);
    // By the debugger, which the page's policy does not bind.
    if (!(await this.page.evaluate('"axe" in window'))) await this.page.evaluate(AXE);
    const options = '{ resultTypes: ["violations"] }';
    const found = await this.page.evaluate<AxeResult>(`axe.run(document, ${options})`);
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    );
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

export class LabBrowser {
  constructor(readonly browser: Browser) {}

  /** Opens a one-use link in a fresh profile. */
  async app(link: string, look: Look = {}): Promise<AppPage> {
    const { forcedColours, height = 800, language, lessMotion, noWorker, script, width } = look;
    const context = await this.browser.newContext({
      viewport: { width: width ?? 1280, height },
      colorScheme: look.theme ?? 'light',
      forcedColors: forcedColours === true ? 'active' : 'none',
      reducedMotion: lessMotion === true ? 'reduce' : 'no-preference',
      serviceWorkers: noWorker === true ? 'block' : 'allow',
      locale: 'en-GB',
      timezoneId: 'UTC',
    });
    if (language !== undefined) {
      await context.addInitScript(`localStorage.setItem('sotto.language', '${language}')`);
    }
    if (script !== undefined) await context.addInitScript(script);
    const page = new AppPage(await context.newPage(), context);
    await page.page.goto(link);
    return page;
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

/**
 * Starts Chromium; inside `room` where one is given, so that 127.0.0.1 is that of its daemon.
 * @param folder takes the small script that enters the room.
 * @param more flags of Chromium.
 */
export async function openBrowser(
  room: Room | undefined,
  folder: string,
  more: readonly string[] = [],
): Promise<LabBrowser> {
  const browser = await chromium.launch({
    executablePath: room ? doorTo(room, folder) : CHROMIUM,
    args: [...FLAGS, ...more],
  });
  return new LabBrowser(browser);
}

function doorTo({ namespace }: Room, folder: string): string {
  const script = join(folder, `chromium-${namespace}`);
  writeFileSync(
    script,
    `#!/bin/sh\nexec ip netns exec ${namespace} ${AS_BROWSER} ${CHROMIUM} "$@"\n`,
  );
  chmodSync(script, 0o700);
  return script;
}
