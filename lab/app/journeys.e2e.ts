/**
 * The journeys a person takes, in real Chromium against real daemons that find each other through
 * 30 libtorrent nodes: welcome, invite, first message, answer, search, verify, ask by ID, why it
 * waits, accept, doctor, settings. Each task within its number of actions (clicks, or keys beyond
 * the typed content), without anything a screen reader would stumble over, and without one packet
 * of the browser leaving the computer.
 * @module
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { Route } from '@sotto/api/contract.ts';
import type { Page } from 'playwright-core';
import { EN } from '../../web/text/en/index.ts';
import { ROOT } from '../bars/bar.ts';
import type { Player } from '../rooms/player.ts';
import { Town, until } from '../rooms/town.ts';
import { openBrowser, type AppPage, type LabBrowser } from './browser.ts';
import {
  askById,
  copyInvite,
  Hands,
  seen,
  sendHere,
  setRoute,
  verifyByDigits,
  welcome,
} from './journeys.ts';
import { Leaks } from './leaks.ts';

/** Ways on which each sees the address of the other. */
const STRAIGHT: readonly string[] = ['lan', 'direct'];

const folder = mkdtempSync(join(tmpdir(), 'sotto-app-'));
let town: Town;
let ana: Player;
let bo: Player;
let cleo: Player;
const browsers: LabBrowser[] = [];
let anaPage: AppPage;
let boPage: AppPage;
let cleoPage: AppPage;
let leaks: Leaks[] = [];
let invite = '';

function link(player: Player, ...words: string[]): string {
  return player.sotto('open', '--print-url', ...words).trim();
}

before(async () => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs')], { stdio: 'ignore' });
  town = await Town.build({ nodes: 30, delayMs: 15, lossPercent: 0, folder });
  ana = town.move('Ana', { isNamed: false });
  bo = town.move('Bo', { isNamed: false });
  cleo = town.move('Cleo');
  leaks = [ana, bo, cleo].map(({ room }) => new Leaks(room!));
  ana.start();
  bo.start();
  cleo.start();
  for (const { room } of [ana, bo, cleo]) browsers.push(await openBrowser(room, folder));
});

after(async () => {
  for (const browser of browsers) await browser.close();
  await town.close();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(() => {
  for (const app of [anaPage, boPage, cleoPage]) {
    if (app === undefined) continue;
    assert.deepEqual(app.problems, []);
    assert.deepEqual(app.foreignRequests(new URL(app.page.url()).origin), []);
  }
});

async function accessible(app: AppPage): Promise<void> {
  assert.deepEqual(await app.violations(), []);
}

test('a new profile opens on the Welcome page; an invite is made and copied in 2 actions', async () => {
  anaPage = await browsers[0]!.app(link(ana), { theme: 'light' });
  const hands = new Hands(anaPage.page);
  await anaPage.page.getByText(EN['welcome.title']).waitFor();
  assert.equal(new URL(anaPage.page.url()).pathname, '/welcome');
  await accessible(anaPage);
  await anaPage.page.getByRole('textbox').fill('Ana');
  await welcome(hands);
  await anaPage.page.getByRole('heading', { name: EN['first.title'] }).waitFor();
  await accessible(anaPage);
  hands.actions = 0;
  invite = await copyInvite(hands);
  assert.ok(hands.actions <= 2, `${hands.actions} actions`);
  assert.match(invite, /sotto:/);
});

test('from an opened invite to the first message: 2 actions, and it arrives', async () => {
  boPage = await browsers[1]!.app(link(bo, invite), { theme: 'dark', width: 360 });
  const hands = new Hands(boPage.page);
  await boPage.page.getByRole('textbox').fill('Bo');
  await welcome(hands);
  await sendHere(hands, 'hello from Bo');
  assert.equal(hands.actions, 2);
  const tookMs = await until('the message at Ana', 60_000, async () => {
    const unread = anaPage.page.getByText('hello from Bo');
    return (await unread.count()) > 0;
  });
  process.stdout.write(`first message seen after ${Math.round(tookMs)} ms\n`);
  await accessible(boPage);
});

test('the answer is read, and both say Delivered', async () => {
  const hands = new Hands(anaPage.page);
  await anaPage.page.getByText('hello from Bo').first().click();
  await seen(anaPage.page, 'hello from Bo');
  await sendHere(hands, 'hello from Ana');
  await seen(boPage.page, 'hello from Ana');
  const delivered = EN['message.state.delivered'];
  await anaPage.page.getByRole('feed').getByText(delivered).first().waitFor();
  await accessible(anaPage);
  await accessible(boPage);
});

test('an old message is found in 3 actions', async () => {
  const hands = new Hands(anaPage.page);
  await hands.press('Control+k');
  await anaPage.page.locator('input:focus').waitFor();
  await hands.type('hello from');
  await anaPage.page.getByRole('option', { name: /hello from Bo/ }).waitFor();
  await accessible(anaPage);
  await hands.press('Enter');
  await seen(anaPage.page, 'hello from Bo');
  assert.ok(hands.actions <= 3, `${hands.actions} actions`);
});

test('the safety number is compared by digits in 4 actions', async () => {
  const { safetyNumber } = bo.json<{ safetyNumber: string }>('contacts', 'verify', 'Ana');
  const hands = new Hands(anaPage.page);
  await verifyByDigits(hands, safetyNumber);
  assert.ok(hands.actions <= 4, `${hands.actions} actions`);
  await accessible(anaPage);
});

test('somebody is asked by their pasted ID, and written to, in 4 actions', async () => {
  const { id } = cleo.json<{ id: string }>('id');
  const { page } = anaPage;
  await page.goto(new URL('/', page.url()).href);
  const hands = new Hands(page);
  await askById(hands, id, 'Cleo');
  await sendHere(hands, 'are you the Cleo I know?');
  assert.equal(hands.actions, 4);
  await seen(page, 'are you the Cleo I know?');
  await accessible(anaPage);
});

test('why a message waits is one action away', async () => {
  const hands = new Hands(anaPage.page);
  const chip = EN['route.waiting.chip'];
  await hands.click('link', EN['conversation.route'].replace('{route}', chip));
  await anaPage.page.getByText(EN['route.waiting.line']).waitFor();
  const steps = [EN['chats.asking.seeking'], EN['chats.asking.knocking']];
  await anaPage.page
    .getByText(new RegExp(steps.join('|')))
    .first()
    .waitFor();
  assert.equal(hands.actions, 1);
  await accessible(anaPage);
});

test('the route of a chat is changed in 3 actions, and the daemon obeys', async () => {
  const { page } = anaPage;
  await page.goto(new URL('/', page.url()).href);
  const hands = new Hands(page);
  await setRoute(hands, 'Bo', 'hidden');
  assert.equal(hands.actions, 3);
  await seen(page, EN['route.change.us'].replace('{policy}', EN['route.policy.hidden']));
  const route = (): Route => ana.json<Route>('route', 'show', 'Bo');
  assert.equal(route().policy, 'hidden');
  await until('no straight way to Bo', 10_000, () => !STRAIGHT.includes(route().route));
  await accessible(anaPage);
  await setRoute(new Hands(page), 'Bo', 'auto');
  await page.getByRole('dialog').waitFor();
  await accessible(anaPage);
  assert.equal(route().policy, 'hidden');
  // The refusal that the question came from, as Chromium tells it.
  assert.match(anaPage.problems.splice(0).join(), /^[^,]*403[^,]*$/);
  await page.getByRole('button', { name: EN['route.looser.switch'] }).click();
  await until('a straight way to Bo', 60_000, () => STRAIGHT.includes(route().route));
  assert.equal(route().policy, 'auto');
});

test('a request is accepted in 2 actions, and what waited arrives', async () => {
  cleo.sotto('door', 'open', '--anyway');
  cleoPage = await browsers[2]!.app(link(cleo), { theme: 'light' });
  await welcome(new Hands(cleoPage.page));
  await cleoPage.page.goto(new URL('/', cleoPage.page.url()).href);
  const tookMs = await until('the request at Cleo', 120_000, () => {
    return cleo.json<{ requests: unknown[] }>('requests', 'list').requests.length > 0;
  });
  process.stdout.write(`request seen after ${Math.round(tookMs)} ms\n`);
  const hands = new Hands(cleoPage.page);
  await hands.click('link', '1 request');
  await cleoPage.page.getByRole('button', { name: EN['requests.accept'] }).waitFor();
  await accessible(cleoPage);
  await hands.click('button', EN['requests.accept']);
  assert.equal(hands.actions, 2);
  await seen(cleoPage.page, 'are you the Cleo I know?');
});

test('the doctor is one action away', async () => {
  await anaPage.page.goto(new URL('/', anaPage.page.url()).href);
  const hands = new Hands(anaPage.page);
  await hands.click('link', new RegExp(EN['app.network']));
  await anaPage.page.getByRole('heading', { name: EN['network.checks'] }).waitFor();
  assert.equal(hands.actions, 1);
});

test('every other page opens, in both themes, and is accessible', async () => {
  for (const app of [anaPage, boPage]) {
    for (const path of ['/network', '/settings', '/requests', '/add', '/profiles', '/search']) {
      await app.page.goto(new URL(path, app.page.url()).href);
      await app.page.getByRole('heading', { level: 1 }).first().waitFor();
      await accessible(app);
    }
  }
});

test('the daemon is killed and started again: the page says so, and goes on by itself', async () => {
  await boPage.page.goto(new URL('/', boPage.page.url()).href);
  await boPage.page.getByText('hello from Ana').first().waitFor();
  bo.kill();
  await boPage.page.getByRole('button', { name: EN['app.lost.how'] }).waitFor();
  ana.sotto('send', 'Bo', 'are you back?');
  bo.start();
  await boPage.page.getByText('are you back?').first().waitFor({ timeout: 60_000 });
  // Chromium itself tells of every request that nobody answered.
  const others = boPage.problems.splice(0).filter((line) => !/^Failed to load resource/.test(line));
  assert.deepEqual(others, []);
});

/** Playwright shows all pages at once: one behind others is told that it is not seen. */
async function turn(page: Page, state: 'visible' | 'hidden'): Promise<void> {
  const now = `{ configurable: true, value: '${state}' }`;
  await page.evaluate(`Object.defineProperty(document, 'visibilityState', ${now})`);
  await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
}

test('[API-34] of seven windows the last one sends, and the first one has it when it is seen', async () => {
  const { context, page: first } = anaPage;
  await first.goto(new URL('/', first.url()).href);
  await new Hands(first).click('link', /^Bo\b/);
  await first.locator('textarea:focus').waitFor();
  const pages = [first];
  while (pages.length < 7) {
    await turn(pages.at(-1)!, 'hidden');
    const next = await context.newPage();
    await next.goto(first.url());
    await next.locator('textarea:focus').waitFor();
    pages.push(next);
  }
  const text = 'from the seventh window';
  await sendHere(new Hands(pages.at(-1)!), text);
  await until('the message at Bo', 60_000, () => bo.sotto('read', 'Ana').includes(text));
  assert.equal(await first.getByText(text).count(), 0);
  await turn(first, 'visible');
  await seen(first, text);
  for (const page of pages.slice(1)) await page.close();
});

test('the browser spoke to this computer only, and a page that would not is noticed', async () => {
  for (const each of leaks) assert.equal(each.packets(), 0);
  const stranger = await browsers[0]!.browser.newPage();
  await stranger.goto(`http://${bo.room!.address}:8099/`).catch(() => undefined);
  await stranger.close();
  assert.ok(leaks[0]!.packets() > 0);
});
