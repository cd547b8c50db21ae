/**
 * Pictures for the README, taken of the real app while two real daemons talk:
 *
 *   npx tsx lab/app/screenshots.ts        writes docs/screenshots/*.png
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { formatId } from '@sotto/core/people/id-text.ts';
import { freshId, pair, type LocalDaemon } from '../bars/a7-daemon.ts';
import { ROOT } from '../bars/bar.ts';
import { openBrowser } from './browser.ts';

const INTO = join(ROOT, 'docs', 'screenshots');
const PORTS = [41_771, 41_772] as const;
const folder = mkdtempSync(join(tmpdir(), 'sotto-pictures-'));

/** Who says what: `a` is Ana, whose screen it is. */
const TALK = [
  'b The draft is ready. Three names still need a second source.',
  'a Good. Which ones?',
  'b The two from **Tuesday**, and the one who only writes at night.',
  'b I would rather not put them in a mail.',
  'a Then not. Bring the notes, I read them on paper.',
  'a See you at 6, platform 4.',
] as const;
const OTHERS = [
  ['Lena Sand', 'Call me when you are back, no hurry.'],
  ['Press room', 'Statement is at ten.'],
  ['Hakon', ''],
  ['Ines Duarte', 'The room is booked for Friday.'],
] as const;

execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs')], { stdio: 'ignore' });
mkdirSync(INTO, { recursive: true });
const [ana, bo] = await pair(folder, PORTS);
try {
  const chat = await talk(ana, bo);
  const browser = await openBrowser(undefined, folder);
  const picture = async (name: string, path: string, width: number, theme: 'light' | 'dark') => {
    const { url } = await ana.call('pages.open', { path });
    const app = await browser.app(url, { width, theme, height: 760 });
    await app.page.getByRole('heading').first().waitFor();
    // Until fonts and rows stand.
    await app.page.waitForTimeout(1_500);
    await app.page.screenshot({ path: join(INTO, `${name}.png`) });
    await app.close();
  };
  await picture('chat-light', `/c/${chat}`, 1280, 'light');
  await picture('route-dark', `/c/${chat}/route`, 1280, 'dark');
  await picture('chats-narrow', '/', 390, 'light');
  await picture('chat-narrow', `/c/${chat}`, 390, 'dark');
  await browser.close();
} finally {
  await ana.stop();
  await bo.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** @returns the conversation of Ana with Bo. */
async function talk(screen: LocalDaemon, other: LocalDaemon): Promise<string> {
  await screen.call('config.set', { key: 'app.welcomed', value: 'true' });
  for (const [name, text] of OTHERS) {
    const key = new SigningKey(new Secret('identity', randomBytes(32)));
    const known = await screen.call('contacts.add', { text: formatId(key.publicKey), name });
    if (text !== '') await say(screen, known.conversation, text);
  }
  for (const line of TALK) {
    const [from, to] = line.startsWith('a') ? [screen, other.name] : [other, screen.name];
    await say(from, to, line.slice(2));
    // So that they stand in this order on both screens.
    await new Promise((done) => setTimeout(done, 300));
  }
  const { conversation } = await screen.call('contacts.rename', {
    to: other.name,
    name: 'Bo Lind',
  });
  const { messages } = await screen.call('messages.list', { to: conversation });
  await screen.call('messages.markRead', { to: conversation, cursor: messages.at(-1)!.cursor });
  await screen.call('contacts.verify', { to: conversation, mark: true });
  return conversation;
}

function say(from: LocalDaemon, to: string, text: string): Promise<unknown> {
  return from.call('messages.send', { to, text, clientId: freshId() });
}
