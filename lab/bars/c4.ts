/**
 * C4: nobody gets in at the daemon's door who was not let in. Raw requests of every form, and
 * hostile pages in a real browser that is let in, beside it. See docs/HACKING.md.
 * @module
 */
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { newKey, QUIET, stateOf, unauthorisedApi } from './a6-api.ts';
import { LocalDaemon } from './a7-daemon.ts';
import type { Bar, BarOptions, Report } from './bar.ts';
import {
  attackFromPages,
  holdOfWindows,
  letIn,
  openBrowser,
  openServer,
  ownPageSees,
  shownInFrames,
} from './c4-browser.ts';

const ROUNDS = 5;

export const bar: Bar = {
  id: 'C4',
  title: '20,000 requests that must not get in; hostile pages in a browser that is let in',
  async run(report, options) {
    await hostilePages(report, options);
    await unauthorisedApi(report, options);
  },
};

async function hostilePages(report: Report, { folder, short }: BarOptions): Promise<void> {
  const daemon = new LocalDaemon(folder, 'pages', QUIET);
  await daemon.start();
  const browser = await openBrowser();
  try {
    const { pid, port } = daemon.api();
    const origin = `http://127.0.0.1:${port}`;
    const context = await browser.newContext();
    const page = await letIn(context, origin, await newKey(daemon));
    const own = await ownPageSees(context, origin);
    report.require(own.status === 200, `control: a page of ours gets in (${own.status})`);
    report.require(own.icon === 200, `control: and gets its files (${own.icon})`);
    report.require(own.half === 401, `with its cookie alone it does not (${own.half})`);
    const state = await stateOf(daemon);
    for (let round = 0; round < (short ? 1 : ROUNDS); round++) {
      // A key lasts for a minute, which is less than all rounds take.
      const key = await newKey(daemon);
      const before = await daemon.stats();
      const { answers, through } = await attackFromPages(context, port, { page, key });
      const after = await daemon.stats();
      const since = (name: string): number => after[name]! - before[name]!;
      // One of ours: the second look at the counts.
      const taken = since('apiRequests') - since('apiRefused') - 1;
      report.say(`hostile pages: ${since('apiRequests')} requests, ${answers} answers seen`);
      for (const what of through.slice(0, 5)) report.say(`got through: ${what}`);
      report.require(since('apiRequests') > 300, 'pages did reach the door');
      report.require(through.length === 0, `0 got through (${through.length} did)`);
      report.require(taken === 0, `the daemon took 0 of them (${taken})`);
      const still = await ownPageSees(context, origin);
      report.require(still.status === 200, 'the session is as it was');
      report.require(await isGood(browser, origin, key), 'the one-use key was not used up');
    }
    const held = await holdOfWindows(context, port);
    report.require(held.length === 0, `no page has hold of a window of the app (${held.join()})`);
    const shown = await shownInFrames(context, port);
    report.require(shown.length === 0, `no page shows the app in a frame (${shown.join()})`);
    report.require((await stateOf(daemon)) === state, 'no contact, invite or setting changed');
    const { pid: after } = await daemon.call('status.get', {});
    report.require(after === pid, 'the same process still answers');
    report.control(await opensAreFound(browser), 'a server that lets every page in');
  } finally {
    await browser.close();
    await daemon.stop();
  }
}

/** Does the key let another browser in? */
async function isGood(browser: Browser, origin: string, key: string): Promise<boolean> {
  const context = await browser.newContext();
  await letIn(context, origin, key).catch(() => undefined);
  const { status } = await ownPageSees(context, origin);
  await context.close();
  return status === 200;
}

/** Do the pages find a door that stands open? */
async function opensAreFound(browser: Browser): Promise<boolean> {
  const server = await openServer();
  const { port } = server.address() as AddressInfo;
  const secrets = { page: '0'.repeat(64), key: '1'.repeat(64) };
  const context = await browser.newContext();
  const { through } = await attackFromPages(context, port, secrets);
  await new Promise((done) => server.close(done).closeAllConnections());
  return through.length > 100;
}
