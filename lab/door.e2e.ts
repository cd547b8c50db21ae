/**
 * The way into the browser app and past it: `npm start` at a terminal with a screen ends on the
 * first page, in a real Chromium that is handed the file `sotto open` made; other names of this
 * computer lead to the same origin; hostile pages beside it get nothing. The long form of the last
 * is bar C4.
 * @module
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ApiFile } from '@sotto/api/contract.ts';
import type { Browser, BrowserContext } from 'playwright-core';
import { newKey, QUIET } from './bars/a6-api.ts';
import { LocalDaemon } from './bars/a7-daemon.ts';
import { ROOT } from './bars/bar.ts';
import {
  attackFromPages,
  holdOfWindows,
  letIn,
  openBrowser,
  ownPageSees,
  shownInFrames,
} from './bars/c4-browser.ts';

const folder = mkdtempSync(join(tmpdir(), 'sotto-door-'));
const profile = join(folder, 'profile');
const handed = join(folder, 'handed');
const START_MS = 120_000;
let browser: Browser;
let context: BrowserContext;

before(async () => {
  const script = `#!/bin/sh\necho "$1" >> '${handed}'\n`;
  writeFileSync(join(folder, 'browser'), script, { mode: 0o700 });
  browser = await openBrowser();
  context = await browser.newContext();
});

after(async () => {
  await browser.close();
  const program = join(ROOT, 'dist', 'sotto.mjs');
  spawnSync(process.execPath, [program, 'stop', '--data-dir', profile]);
  rmSync(folder, { recursive: true, force: true });
});

/** `npm start` with a profile of this test; `terminal`: as a person at one. */
function npmStart(how: { terminal: boolean; screen: boolean }): { code: number; said: string } {
  const settings = QUIET.map((setting) => `--set ${setting}`).join(' ');
  const line = `npm start -- --data-dir ${profile} ${settings}`;
  const screen = how.screen ? { DISPLAY: ':99', BROWSER: join(folder, 'browser') } : {};
  const [program, ...args] = how.terminal
    ? ['script', '-qec', line, '/dev/null']
    : ['sh', '-c', `${line} 2>&1`];
  const { status, stdout } = spawnSync(program, args, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: folder, SHELL: '/bin/sh', LANG: 'C.UTF-8', ...screen },
    encoding: 'utf8',
    timeout: START_MS,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { code: status ?? -1, said: stdout };
}

const files = (): string[] =>
  existsSync(handed) ? readFileSync(handed, 'utf8').trim().split('\n') : [];

test('[CLI-36] npm start ends on the first page, and a second time too', async () => {
  for (const time of [1, 2]) {
    const { code, said } = npmStart({ terminal: true, screen: true });
    assert.equal(code, 0, said);
    assert.match(said, /Opened in your browser/);
    assert.doesNotMatch(said, /#k=/);
    assert.equal(files().length, time);
    const page = await context.newPage();
    await page.goto(files().at(-1)!);
    await page.getByRole('button', { name: 'Start' }).waitFor();
    const { pathname, hash } = new URL(page.url());
    assert.deepEqual([pathname, hash], ['/welcome', '']);
    assert.deepEqual(
      readdirSync(profile).filter((name) => /^open-.*\.html$/.test(name)),
      [],
    );
    await page.close();
  }
});

test('[CLI-36] without a screen it prints the link, without a terminal only how to get one', () => {
  const blind = npmStart({ terminal: true, screen: false });
  assert.equal(blind.code, 0, blind.said);
  assert.match(blind.said, /http:\/\/127\.0\.0\.1:\d+\/#k=[0-9a-f]{64}/);
  for (const screen of [true, false]) {
    const { code, said } = npmStart({ terminal: false, screen });
    assert.equal(code, 0, said);
    assert.match(said, /^Open the app: bin\/sotto open --print-url$/m);
    assert.doesNotMatch(said, /#k=/);
  }
  assert.equal(files().length, 2);
});

test('[API-24] localhost leads to the one origin, where the session is', async () => {
  const { port } = JSON.parse(readFileSync(join(profile, 'api.json'), 'utf8')) as ApiFile;
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (/error|warning/.test(message.type())) problems.push(message.text());
  });
  await page.goto(`http://localhost:${port}/welcome`);
  await page.getByRole('button', { name: 'Start' }).waitFor();
  assert.equal(page.url(), `http://127.0.0.1:${port}/welcome`);
  assert.deepEqual(problems, []);
  await page.close();
});

test('[API-26] hostile pages get nothing while a browser is let in', async () => {
  const daemon = new LocalDaemon(folder, 'attacked', QUIET);
  await daemon.start();
  try {
    const { port } = daemon.api();
    const origin = `http://127.0.0.1:${port}`;
    const half = await letIn(context, origin, await newKey(daemon));
    const key = await newKey(daemon);
    const { through } = await attackFromPages(context, port, { page: half, key });
    assert.deepEqual(through, []);
    assert.deepEqual(await holdOfWindows(context, port), []);
    assert.deepEqual(await shownInFrames(context, port), []);
    const { apiRefused } = await daemon.stats();
    assert.ok(apiRefused! > 300, `only ${apiRefused} came to the door`);
    const { status } = await ownPageSees(context, origin);
    assert.equal(status, 200);
  } finally {
    await daemon.stop();
  }
});
