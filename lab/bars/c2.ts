/**
 * C2: nothing that a screen reader would stumble over, on any page, in any state, theme, width and
 * direction; and everything that people do, by keyboard alone.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { formatId } from '@sotto/core/people/id-text.ts';
import { openBrowser, type AppPage, type LabBrowser, type Look } from '../app/browser.ts';
import { byKeyboard } from '../app/keyboard.ts';
import { freshId, LocalDaemon } from './a7-daemon.ts';
import type { Bar, Report } from './bar.ts';

const THEMES = ['light', 'dark', 'contrast'] as const;
const LANGUAGES = ['en', 'pseudo', 'pseudo-rtl'] as const;
const WIDTHS = [1280, 800, 320] as const;
/** Looks that are walked at a time. */
const WALKERS = 3;
const SECTIONS = [
  'profile', 'privacy', 'routes', 'security', 'appearance', 'keyboard', 'language', 'network',
  'advanced', 'help',
] as const; // prettier-ignore
const STARTED = ['echo.enabled=true', 'dht.enabled=false', 'net.bind=127.0.0.1'];

export const bar: Bar = {
  id: 'C2',
  title: 'accessible on every page, state, theme and direction; all of it by keyboard',
  async run(report, { folder, short }) {
    const you = new LocalDaemon(folder, 'You', STARTED);
    const fresh = new LocalDaemon(folder, 'New', STARTED);
    await Promise.all([you.start(), fresh.start()]);
    const browser = await openBrowser(undefined, folder);
    try {
      await byKeyboard(report, browser, await linkOf(fresh));
      const pages = await livedIn(you);
      const looks = everyLook().filter((_, i) => !short || i % 7 === 0);
      const seen = { pages: 0, violations: [] as string[] };
      for (const theme of THEMES) {
        await you.call('config.set', { key: 'app.theme', value: theme });
        const same = looks.filter(({ app }) => app === theme);
        const walkers = Array.from({ length: WALKERS }, async () => {
          for (let look = same.pop(); look; look = same.pop()) {
            await walk(browser, you, pages, look, seen);
          }
        });
        await Promise.all(walkers);
      }
      await states(browser, you, seen);
      for (const one of [...new Set(seen.violations)].slice(0, 20)) report.say(`  ${one}`);
      report.say(`${seen.pages} pages looked at, in ${looks.length} looks`);
      report.require(seen.violations.length === 0, 'axe finds nothing on any page');
      await planted(report, browser, you);
    } finally {
      await browser.close();
      await you.stop();
      await fresh.stop();
    }
  },
};

interface Seen {
  pages: number;
  violations: string[];
}

type Theme = (typeof THEMES)[number];
type WholeLook = Look & { readonly app: Theme };

function everyLook(): WholeLook[] {
  return THEMES.flatMap((app) =>
    LANGUAGES.flatMap((language) => WIDTHS.map((width) => ({ app, language, width, height: 700 }))),
  );
}

/** A profile with something in every state that one computer alone can have. */
async function livedIn(you: LocalDaemon): Promise<string[]> {
  await you.call('config.set', { key: 'app.welcomed', value: 'true' });
  const { conversations } = await you.call('conversations.list', {});
  const echo = conversations[0]!.conversation;
  for (const text of BODIES) await send(you, echo, text);
  const stranger = await addById(you, 'Jason Wexley');
  await send(you, stranger, 'a message that waits');
  await send(you, stranger, 'and another');
  await you.call('drafts.set', { to: stranger, text: 'not yet sent' });
  const twin = await addById(you, 'J\u0430son Wexley');
  await you.call('route.set', { to: twin, policy: 'hidden' });
  await send(you, twin, 'a message that no rule lets out');
  const blocked = await addById(you, 'Somebody with a name so long that no list has room for it');
  await you.call('contacts.block', { to: blocked });
  await you.call('invites.create', { reusable: true });
  const { messages } = await you.call('messages.list', { to: echo });
  const chats = [echo, stranger, twin, blocked].flatMap((id) =>
    ['', '/info', '/route', '/verify', '/reading'].map((panel) => `/c/${id}${panel}`),
  );
  return [
    ...['/', '/add', '/requests', '/search', '/network', '/settings', '/profiles', '/nowhere'],
    ...SECTIONS.map((section) => `/settings/${section}`),
    ...chats,
    `/c/${echo}/message/${messages[0]!.cursor}`,
    `/c/${echo}/at/${messages[0]!.cursor}`,
  ];
}

const BODIES = [
  'Hello',
  '**bold**, _italic_, ~~struck~~, `code` and https://example.org/a?b=c',
  '> a quote\n\n- one\n- two\n\n```\ncode\n```',
  '\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd, and English after it',
  `many marks: a${'\u0301'.repeat(500)}`,
  'https://\u0440\u0430ypal.com looks like another',
  'w'.repeat(600),
];

function send(you: LocalDaemon, to: string, text: string): Promise<unknown> {
  return you.call('messages.send', { to, text, clientId: freshId() });
}

async function addById(you: LocalDaemon, name: string): Promise<string> {
  const key = new SigningKey(new Secret('identity', randomBytes(32)));
  return (await you.call('contacts.add', { text: formatId(key.publicKey), name })).conversation;
}

async function walk(
  browser: LabBrowser,
  you: LocalDaemon,
  paths: readonly string[],
  look: WholeLook,
  seen: Seen,
): Promise<void> {
  const app = await browser.app(await linkOf(you), look);
  // Who leaves before the browser was let in has used the link up.
  await app.page.getByRole('link').first().waitFor();
  for (const path of paths) {
    await app.page.goto(new URL(path, app.page.url()).href);
    await settled(app);
    await judge(app, `${path} ${look.app} ${look.language} ${look.width}`, seen);
  }
  await app.close();
}

/** Until the page of the address stands. */
async function settled(app: AppPage): Promise<void> {
  await app.page.getByRole('heading').first().waitFor();
  await app.page.waitForLoadState('networkidle', { timeout: 400 }).catch(() => undefined);
}

async function judge(app: AppPage, where: string, seen: Seen): Promise<void> {
  seen.pages++;
  // A refusal that the page tells of, Chromium tells of too; that we were not let in is no such.
  const problems = app.problems.splice(0).filter((line) => !/status of 503/.test(line));
  for (const one of [...(await app.violations()), ...problems]) {
    seen.violations.push(`${where}: ${one}`);
  }
}

/** What stands when the daemon is away, does not know this browser, or is locked. */
async function states(browser: LabBrowser, you: LocalDaemon, seen: Seen): Promise<void> {
  const origin = new URL(await linkOf(you)).origin;
  const stranger = await browser.app(`${origin}/`);
  await settled(stranger);
  stranger.problems.length = 0; // the refusal itself, as Chromium tells it
  await judge(stranger, 'refused', seen);
  await stranger.close();
  const app = await browser.app(await linkOf(you));
  await settled(app);
  await you.stop();
  await app.page.waitForTimeout(1_500);
  app.problems.length = 0;
  await judge(app, 'away', seen);
  await app.close();
  await you.start();
}

async function planted(report: Report, browser: LabBrowser, you: LocalDaemon): Promise<void> {
  const app = await browser.app(await linkOf(you));
  await settled(app);
  await app.page.evaluate(
    `document.querySelector('main').append(document.createElement('button'))`,
  );
  const found = await app.violations();
  report.control(found.length > 0, 'a button without a name');
  await app.close();
}

async function linkOf(person: LocalDaemon): Promise<string> {
  return (await person.call('pages.open', {})).url;
}
