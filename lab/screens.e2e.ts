/**
 * What screens do where things go wrong, in real Chromium: a setting is refused, the door shows an
 * address, a part of the app cannot be loaded, and the profile is locked with a message unsaved.
 * @module
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { formatId } from '@sotto/core/people/id-text.ts';
import { formatRelay } from '@sotto/core/relay/relay-text.ts';
import type { Page } from 'playwright-core';
import { EN } from '../web/text/en/index.ts';
import { openBrowser, type AppPage, type LabBrowser, type Look } from './app/browser.ts';
import { LocalDaemon } from './bars/a7-daemon.ts';
import { ROOT } from './bars/bar.ts';

const SETTINGS = [
  'dht.enabled=false',
  'net.bind=127.0.0.1',
  'net.allowReserved=true',
  'echo.enabled=false',
  // Of its own: the page looks for it there after a restart.
  'api.port=41873',
];
const PLACE = '203.0.113.7:443';
const RELAY = formatRelay({
  endpoint: { host: '203.0.113.7', port: 443 },
  key: new Uint8Array(randomBytes(32)),
});
/** One letter of its key is another one. */
const WRONG = RELAY.replace(/:(.)/, (_, first: string) => `:${first === 'b' ? 'c' : 'b'}`);
const PASSPHRASE = 'paper ink and thread';

const folder = mkdtempSync(join(tmpdir(), 'sotto-screens-'));
const ana = new LocalDaemon(folder, 'Ana', SETTINGS);
let browser: LabBrowser;

before(async () => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs')], { stdio: 'ignore' });
  await ana.start();
  await ana.call('config.set', { key: 'app.welcomed', value: 'true' });
  browser = await openBrowser(undefined, folder);
});

after(async () => {
  await browser.close();
  await ana.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function open(path: string, look: Look = {}): Promise<AppPage> {
  const { url } = await ana.call('pages.open', { path });
  const app = await browser.app(url, look);
  await app.page.getByRole('heading').first().waitFor();
  return app;
}

async function relaysKept(): Promise<unknown> {
  return (await ana.call('config.get', { key: 'relays.list' })).value;
}

function fieldOf(page: Page, name: string) {
  return page.getByRole('textbox', { name, exact: true });
}

test('relays are added and removed; one that is refused stays in the field to be corrected', async () => {
  const app = await open('/settings/routes');
  const { page } = app;
  const field = fieldOf(page, EN['settings.relays.add']);
  await field.fill('some words');
  await page.keyboard.press('Enter');
  await page.getByText(EN['settings.relays.no-relay']).waitFor();
  await field.fill(WRONG);
  await page.keyboard.press('Enter');
  const refusal = page.getByRole('alert').filter({ hasText: 'a letter of its key' });
  await refusal.waitFor();
  assert.equal(await field.inputValue(), WRONG);
  assert.equal(await refusal.getByRole('button').count(), 0);
  assert.equal(await relaysKept(), '');
  assert.deepEqual(await app.violations(), []);
  await field.fill(`Mine: ${RELAY}.`);
  await page.keyboard.press('Enter');
  const remove = page.getByRole('button', { name: `Remove ${PLACE}` });
  // It stands in the list at once, and in the field until it is stored.
  await page.getByText('Relay added.').waitFor();
  assert.equal(await field.inputValue(), '');
  assert.equal(await remove.count(), 1);
  assert.equal(await relaysKept(), RELAY);
  await field.fill(RELAY);
  await page.keyboard.press('Enter');
  await page.getByText(EN['settings.relays.there']).waitFor();
  assert.deepEqual(await app.violations(), []);
  await remove.click();
  const undo = page.getByRole('button', { name: EN['settings.relays.undo'], exact: true });
  await undo.waitFor();
  assert.equal(await relaysKept(), '');
  // The focus is on it: its own button is gone.
  await page.keyboard.press('Enter');
  await remove.waitFor();
  await app.close();
});

test('to serve everybody as a relay is not chosen on the way to another choice', async () => {
  const app = await open('/settings/routes');
  const { page } = app;
  const choice = (name: string) =>
    page
      .getByRole('radio', { name: new RegExp(`^${name}`) })
      .and(page.locator('[data-setting="relay.serve"] input'));
  const serves = async (): Promise<unknown> =>
    (await ana.call('config.get', { key: 'relay.serve' })).value;
  await choice(EN['settings.relay.serve.contacts']).focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await serves(), 'contacts');
  await page.getByText(EN['settings.relay.serve.public.line']).waitFor();
  await page.keyboard.press('Space');
  await page.locator('[data-setting="relay.serve"] :checked:focus').waitFor();
  assert.equal(await serves(), 'public');
  await ana.call('config.set', { key: 'relay.serve', value: null });
  await app.close();
});

test('any other text that is refused stays in its field, too', async () => {
  const app = await open('/settings/routes');
  const { page } = app;
  const field = fieldOf(page, EN['settings.proxy.address']);
  await field.fill('nowhere');
  await page.keyboard.press('Enter');
  const refusal = page.getByRole('alert').filter({ hasText: 'host:port' });
  await refusal.waitFor();
  assert.equal(await field.inputValue(), 'nowhere');
  await field.fill('127.0.0.1:9050');
  await page.keyboard.press('Tab');
  await refusal.waitFor({ state: 'detached' });
  await page.getByText(EN['settings.saved']).waitFor();
  const kept = await ana.call('config.get', { key: 'proxy.address' });
  assert.equal(kept.value, '127.0.0.1:9050');
  await ana.call('config.set', { key: 'proxy.address', value: null });
  await app.close();
});

test('a door that was opened where no relay is says in the settings what it shows', async () => {
  const app = await open('/settings/privacy');
  const { page } = app;
  await page.getByText(EN['door.shut']).waitFor();
  await page.getByRole('switch', { name: EN['settings.door'] }).click();
  await page.getByRole('dialog').getByText(EN['door.cost']).waitFor();
  assert.equal((await ana.call('door.status', {})).open, false);
  await page.getByRole('button', { name: EN['door.anyway'] }).click();
  await page.getByText(EN['door.open'], { exact: true }).waitFor();
  assert.deepEqual(await app.violations(), []);
  await ana.call('door.shut', {});
  await app.close();
});

test('a part that cannot be loaded leaves the rest standing, and is loaded when it is there', async () => {
  const app = await open('/', { noWorker: true });
  const { page } = app;
  const settings = page.getByRole('link', { name: EN['app.settings'] });
  await settings.waitFor();
  await page.evaluate('window.isStill = "this page"');
  await ana.stop();
  await page.getByRole('button', { name: EN['app.lost.how'] }).waitFor();
  await settings.click();
  await page.getByText(EN['app.broken.line']).waitFor();
  assert.deepEqual(await app.violations(), []);
  const again = page.getByRole('button', { name: EN['app.broken.again'] });
  await again.click();
  await page.getByText(EN['app.broken.line']).waitFor();
  await settings.waitFor();
  await ana.start();
  await page.getByRole('button', { name: EN['app.lost.how'] }).waitFor({ state: 'detached' });
  await again.click();
  await page.getByRole('heading', { name: EN['settings.title'], level: 1 }).waitFor();
  // With its styles, and no other page than before.
  const display = 'getComputedStyle(document.querySelector("main nav a")).display';
  assert.equal(await page.evaluate(display), 'flex');
  assert.equal(await page.evaluate('window.isStill'), 'this page');
  await app.close();
});

test('locked with a message that is not stored: the passphrase is asked for, and nothing else', async () => {
  const key = new SigningKey(new Secret('identity', randomBytes(32)));
  const text = formatId(key.publicKey);
  const { conversation } = await ana.call('contacts.add', { text, name: 'Bo' });
  await ana.call('lock.set', { next: PASSPHRASE });
  const app = await open(`/c/${conversation}`);
  const { page } = app;
  const asked: string[] = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.dismiss();
  });
  // The daemon never hears of it.
  await page.route('**/messages.send', () => undefined);
  await page.getByRole('textbox', { name: /^Message/ }).fill('still on its way');
  await page.keyboard.press('Enter');
  await page.getByRole('feed').getByText('still on its way').waitFor();
  await ana.call('lock.now', {});
  await page.getByRole('heading', { name: EN['locked.title'] }).waitFor();
  assert.deepEqual(asked, []);
  assert.equal(await page.getByText('still on its way').count(), 0);
  await app.close();
});
