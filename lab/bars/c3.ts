/**
 * C3: how fast the app is with 500 chats and 100,000 messages, one chat having half of them; in
 * real Chromium, drawn by software, over a real daemon and its vault on disk.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { CDPSession, Page } from 'playwright-core';
import { openBrowser, type AppPage, type LabBrowser } from '../app/browser.ts';
import { ahead } from './ahead.ts';
import { LocalDaemon } from './a7-daemon.ts';
import { quantile, ROOT, type Bar, type Report } from './bar.ts';

const COLD_MS = 1_000;
const WARM_MS = 400;
const OPEN_MS = 100;
const KEY_MS = 50;
const SEARCH_MS = 100;
const JS_BYTES = 200 * 1024;
const HEAP_BYTES = 150e6;
const RATE_SHARE = 0.8;
const RATE_LEAST = 30;
const BLANK_MS = 100;
const SCROLL_MS = 10_000;
const WORDS = [
  'train',
  'keys',
  'draft',
  'projector',
  'blue',
  'chapter',
  'Thanks',
  'late',
  'Köln',
  'way',
];

/** By where the rows are: what is scrolled takes no pointer meanwhile. */
const ROW_IN_THE_MIDDLE = `[...document.querySelectorAll('article')].some((row) => {
  const { top, bottom } = row.getBoundingClientRect();
  return top < y + 40 && bottom > y - 40;
})`;

export const bar: Bar = {
  id: 'C3',
  title: 'speed of the app with 500 chats and 100,000 messages',
  async run(report, { folder, short }) {
    const size = short
      ? ['--chats', '50', '--messages', '5000', '--largest', '2500']
      : ['--chats', '500', '--messages', '100000', '--largest', '50000'];
    const fixture = ['--import', 'tsx', join(ROOT, 'lab', 'fixture.ts'), ...size];
    execFileSync(process.execPath, [...fixture, '--data-dir', join(folder, 'You')]);
    const settings = ['dht.enabled=false', 'net.bind=127.0.0.1', 'echo.enabled=false'];
    const you = new LocalDaemon(folder, 'You', settings);
    await you.start();
    const browser = await openBrowser(undefined, folder);
    try {
      await you.call('config.set', { key: 'app.welcomed', value: 'true' });
      await ahead(report, () => measure(report, browser, you, short ? 5 : 20));
    } finally {
      await browser.close();
      await you.stop();
    }
  },
};

async function measure(
  report: Report,
  browser: LabBrowser,
  you: LocalDaemon,
  times: number,
): Promise<void> {
  const { app, cold, bytes } = await starts(browser, you, times);
  const { page } = app;
  within(report, 'ready, cold', cold, COLD_MS);
  const warm: number[] = [];
  for (let i = 0; i < times; i++) warm.push(await readyMs(page, () => page.reload()));
  within(report, 'ready, warm', warm, WARM_MS);
  report.say(`JavaScript before it is ready: ${bytes} bytes gzipped`);
  report.require(bytes <= JS_BYTES, `initial JavaScript ≤ ${JS_BYTES} bytes`);
  within(report, 'open a chat', await openings(page, 5 * times), OPEN_MS);
  within(report, 'key to paint', await keys(page, 10 * times), KEY_MS);
  within(report, 'search', await searches(page, 2 * times), SEARCH_MS);
  await scrolling(report, app, you);
  report.control(
    quantile(await keys(page, 20, 80), 0.95) > KEY_MS,
    'a page that is busy for 80 ms',
  );
}

function within(report: Report, what: string, values: readonly number[], mostMs: number): void {
  report.figures(what, values, 'ms');
  report.require(quantile(values, 0.95) <= mostMs, `${what}: p95 ≤ ${mostMs} ms`);
}

/** A fresh profile of the browser each time; the last one stays open. */
async function starts(browser: LabBrowser, you: LocalDaemon, times: number) {
  const cold: number[] = [];
  let bytes = 0;
  for (let i = 0; ; i++) {
    const { url } = await you.call('pages.open', {});
    const app = await browser.app('about:blank');
    const scripts: Promise<Buffer>[] = [];
    app.page.on('response', (response) => {
      if (/\.js$/.test(new URL(response.url()).pathname)) scripts.push(response.body());
    });
    cold.push(await readyMs(app.page, () => app.page.goto(url)));
    const bodies = await Promise.all(scripts);
    bytes = bodies.reduce((sum, body) => sum + gzipSync(body).length, 0);
    if (i >= times) return { app, cold: cold.slice(1), bytes };
    await app.close();
  }
}

/** From the start of the navigation until a chat can be opened. */
async function readyMs(page: Page, navigate: () => Promise<unknown>): Promise<number> {
  const going = navigate();
  await going;
  return await page.evaluate<number>(`new Promise((done) => {
    const look = () => document.querySelector('a[href^="/c/"]')
      ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look);
    look();
  })`);
}

/**
 * From the click to when Chromium has painted a message of that chat (Element Timing), for one
 * chat after the other down the list.
 */
async function openings(page: Page, times: number): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    // As a hand does it: there first, then the click.
    const at = await page.evaluate<{ x: number; y: number }>(NEXT_CHAT);
    const painted = page.evaluate<number>(PAINTED);
    await page.mouse.move(at.x, at.y);
    await page.waitForTimeout(60);
    await page.mouse.down();
    await page.mouse.up();
    taken.push(await painted);
    await page.waitForTimeout(80);
  }
  return taken;
}

/** Where the chat after the open one is, once the list has come to rest. */
const NEXT_CHAT = `new Promise((done) => {
  const links = [...document.querySelectorAll('a[href^="/c/"]')];
  const open = links.findIndex((link) => link.getAttribute('href') === location.pathname);
  const next = links[open + 1];
  next.scrollIntoView({ block: 'center', behavior: 'instant' });
  setTimeout(() => {
    const { left, top, height } = next.getBoundingClientRect();
    done({ x: left + 80, y: top + height / 2 });
  }, 150);
})`;

const PAINTED = `new Promise((done, fail) => {
  setTimeout(() => fail(new Error('nothing was painted')), 5000);
  const before = new Set(document.querySelectorAll('article'));
  let clickMs;
  const clicked = ({ timeStamp }) => (clickMs = timeStamp);
  addEventListener('click', clicked, { once: true, capture: true });
  const marking = new MutationObserver(() => {
    if (clickMs === undefined) return;
    for (const article of document.querySelectorAll('article')) {
      if (before.has(article)) continue;
      for (const text of article.querySelectorAll('p')) text.setAttribute('elementtiming', 'shown');
    }
  });
  marking.observe(document, { subtree: true, childList: true });
  const paints = new PerformanceObserver((list) => {
    marking.disconnect();
    paints.disconnect();
    done(list.getEntries()[0].renderTime - clickMs);
  });
  paints.observe({ type: 'element' });
})`;

/** From a key to the next frame, by the browser's own measure. */
async function keys(page: Page, count: number, busyMs = 0): Promise<number[]> {
  const composer = page.getByRole('textbox', { name: /^Message/ });
  await composer.focus();
  await page.evaluate(`(() => {
    window.sottoKeys = [];
    window.sottoBusy = ${busyMs};
    window.sottoKeyed ??= addEventListener('keydown', (event) => {
      const until = performance.now() + window.sottoBusy;
      while (performance.now() < until);
      requestAnimationFrame(() => setTimeout(() =>
        window.sottoKeys.push(performance.now() - event.timeStamp)));
    }, true) ?? true;
  })()`);
  for (let i = 0; i < count; i++) {
    await page.keyboard.press('abcdefgh '[i % 9]!);
    await page.waitForTimeout(15);
  }
  await page.waitForTimeout(300);
  await composer.fill('');
  return await page.evaluate<number[]>('window.sottoKeys');
}

/** From the last key of a word to the frame that shows hits. */
async function searches(page: Page, times: number): Promise<number[]> {
  await page.keyboard.press('Control+k');
  const field = page.locator('input:focus');
  await field.waitFor();
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    await field.fill('');
    await page.waitForTimeout(150);
    const ms = page.evaluate<number>(`new Promise((done) => {
      addEventListener('input', () => {
        const before = performance.now();
        const look = () => document.querySelector('[role=option] mark')
          ? requestAnimationFrame(() => done(performance.now() - before))
          : requestAnimationFrame(look);
        requestAnimationFrame(look);
      }, { once: true, capture: true });
      setTimeout(() => done(5000), 5000);
    })`);
    await field.fill(WORDS[i % WORDS.length]!);
    taken.push(await ms);
  }
  await page.keyboard.press('Escape');
  return taken;
}

async function scrolling(report: Report, app: AppPage, you: LocalDaemon): Promise<void> {
  const { conversations } = await you.call('conversations.list', {});
  let largest = conversations[0]!;
  let most = 0;
  for (const one of conversations.slice(0, 40)) {
    const { messages } = await you.call('messages.list', { to: one.conversation, limit: 500 });
    if (messages.length > most) [most, largest] = [messages.length, one];
    if (most === 500) break;
  }
  const { page } = app;
  await page.goto(new URL(`/c/${largest.conversation}`, page.url()).href);
  await page.getByRole('article').first().waitFor();
  const ours = await frames(page, ROW_IN_THE_MIDDLE);
  const cdp = await page.context().newCDPSession(page);
  const heap = await heapBytes(cdp);
  const plain = await page.context().newPage();
  const lines = Array.from({ length: 20_000 }, (_, i) => `<p>a plain line of text ${i}</p>`);
  await plain.setContent(`<body>${lines.join('')}`);
  const theirs = await frames(plain, 'true');
  await plain.close();
  const rates = `${ours.rate.toFixed(1)} frames/s, a plain page ${theirs.rate.toFixed(1)}`;
  report.say(`scrolling: ${rates}; longest blank ${ours.blankMs.toFixed(0)} ms`);
  report.say(`  JavaScript heap after it: ${(heap / 1e6).toFixed(1)} MB`);
  report.require(ours.rate >= RATE_SHARE * theirs.rate, `≥ ${RATE_SHARE} of a plain page`);
  report.require(ours.rate >= RATE_LEAST, `≥ ${RATE_LEAST} frames/s`);
  report.require(ours.blankMs <= BLANK_MS, `no blank row for more than ${BLANK_MS} ms`);
  report.require(heap <= HEAP_BYTES, `heap ≤ ${HEAP_BYTES / 1e6} MB`);
}

/** Scrolls upwards by wheel, and counts frames and how long the middle was empty. */
async function frames(page: Page, isThere: string): Promise<{ rate: number; blankMs: number }> {
  const { width, height } = page.viewportSize()!;
  await page.mouse.move(width * 0.65, height / 2);
  const counted = page.evaluate<{ rate: number; blankMs: number }>(`new Promise((done) => {
    const begun = performance.now();
    let frames = 0, blankSince = 0, blankMs = 0;
    const y = ${height / 2};
    const frame = (now) => {
      frames++;
      if (${isThere}) blankSince = 0;
      else { blankSince ||= now; blankMs = Math.max(blankMs, now - blankSince); }
      if (now - begun < ${SCROLL_MS}) requestAnimationFrame(frame);
      else done({ rate: 1000 * frames / (now - begun), blankMs });
    };
    requestAnimationFrame(frame);
  })`);
  const untilMs = performance.now() + SCROLL_MS;
  while (performance.now() < untilMs) {
    await page.mouse.wheel(0, -600);
    await page.waitForTimeout(16);
  }
  return await counted;
}

async function heapBytes(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage');
  return (await cdp.send('Runtime.getHeapUsage')).usedSize;
}
