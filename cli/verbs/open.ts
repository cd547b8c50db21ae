/**
 * `open`: the app in the browser, by a link that works once and for a minute.
 *
 *   app not running? start it (locked, where it wants a passphrase: the page asks for it)
 *   pages.open -> http://127.0.0.1:PORT/PATH#k=<key>[&invite=<text>]
 *   a browser and a screen: link file 0600 in the profile's folder -> $BROWSER, xdg-open, open
 *   else, or --print-url:   the link on stdout
 *
 * The link is a secret: in an argument every user of this computer would see it, so the browser is
 * handed a file that leads to it. The app removes the file when the link is used, or its minute is
 * over. A browser out of a snap may read no hidden folder: its file lies in the home folder.
 * Spec: docs/spec/cli.md CLI-36, docs/spec/local-api.md API-25, API-28.
 * @module
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { asFailure, failure, usage } from '../failure.ts';
import type { Session } from '../session.ts';
import { stdinText } from '../stdin-text.ts';
import { startForPage } from './life.ts';

export interface OpenOptions {
  readonly printUrl?: true;
}

/** As long as a page takes it. */
const INVITE_BYTES_MAX = 4096;
/** A program that opens browsers and is still there, or has ended well, has opened one. */
const OPENING_MS = 1_000;
const ASKING_MS = 2_000;

/** @param what an invite or an ID, a file that holds one, or `-`. */
export async function open(
  session: Session,
  what: string | undefined,
  options: OpenOptions,
): Promise<void> {
  const { out } = session;
  const invite = what === undefined ? undefined : await inviteText(session, what);
  const link = await linkTo(session, invite === undefined ? '/' : '/add');
  const url = invite === undefined ? link : `${link}&invite=${encodeURIComponent(invite)}`;
  if (!options.printUrl && (await openInBrowser(session, url))) {
    if (out.look.mode === 'json') return out.json({ opened: true });
    if (out.look.mode === 'plain') return out.record('opened');
    return out.note('Opened in your browser. No page there? sotto open --print-url');
  }
  if (out.look.mode === 'json') return out.json({ opened: false, url });
  if (out.look.mode === 'plain') return out.record(url);
  out.line(url);
  out.note('Open this link in a browser on this computer. It works once, within a minute.');
}

/** A link to a page, by an app that runs now if it did not before. */
async function linkTo(session: Session, path: string): Promise<string> {
  try {
    return (await session.daemon.call('pages.open', { path })).url;
  } catch (error) {
    if (asFailure(error).body.reason !== 'not-running') throw error;
  }
  await startForPage(session);
  return (await session.daemon.call('pages.open', { path })).url;
}

/** @throws Failure `usage`, `unreadable-input`, `not-an-id` */
async function inviteText(session: Session, what: string): Promise<string> {
  const text = /^sotto:/i.test(what) ? what : (await readInvite(session, what)).trim();
  if (!/sotto:/i.test(text) || Buffer.byteLength(text) > INVITE_BYTES_MAX) {
    throw failure('not-an-id');
  }
  return text;
}

async function readInvite({ signal }: Session, what: string): Promise<string> {
  if (what === '-') {
    const read = await stdinText(INVITE_BYTES_MAX, signal);
    return 'text' in read ? read.text : '';
  }
  const file = statSync(what, { throwIfNoEntry: false });
  if (!file) throw usage(`"${what}" is no invite, no ID and no file.`, 'See: sotto open --help');
  try {
    // Files far too long are not read to their end.
    if (!file.isFile() || file.size > 4 * INVITE_BYTES_MAX) return '';
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(what));
  } catch (error) {
    throw failure('unreadable-input', { what: 'The file' }, error);
  }
}

/** @returns false where there is no screen, no browser, or no room for the link's file. */
async function openInBrowser({ folder, out }: Session, url: string): Promise<boolean> {
  const command = browser(process.env, process.platform);
  const key = /#k=([0-9a-f]{64})/.exec(url)?.[1];
  if (!command || key === undefined) return false;
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const inHome = isSnap(command[0]!);
  const name = inHome ? `sotto-open-${hash}.html` : `open-${hash}.html`;
  const file = join(inHome ? homedir() : folder, name);
  try {
    writeFileSync(file, pageTo(url), { mode: 0o600, flag: 'wx' });
  } catch {
    return false;
  }
  const [program = '', ...args] = withFile(command, pathToFileURL(file).href);
  out.debug(`opens ${name} with ${program}`);
  return isStarted(program, args);
}

/** The command that opens a browser; $BROWSER names several, of which the first counts. */
function browser(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string[] | undefined {
  const hasScreen = platform === 'darwin' || env['DISPLAY'] || env['WAYLAND_DISPLAY'];
  if (!hasScreen) return undefined;
  const chosen = env['BROWSER']?.split(':')[0]?.split(' ').filter(Boolean) ?? [];
  if (chosen.length > 0) return chosen;
  return [platform === 'darwin' ? 'open' : 'xdg-open'];
}

/** Does this command open a browser that is shut up in a snap, as Ubuntu's are? */
function isSnap(program: string): boolean {
  if (program !== 'xdg-open') return program.startsWith('/snap/');
  const asked = spawnSync('xdg-settings', ['get', 'default-web-browser'], {
    encoding: 'utf8',
    timeout: ASKING_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Desktop files of snaps are named `<snap>_<program>.desktop`.
  return /^[\w-]+_[\w-]+\.desktop$/.test((asked.stdout ?? '').trim());
}

function withFile(command: readonly string[], file: string): string[] {
  if (!command.some((word) => word.includes('%s'))) return [...command, file];
  return command.map((word) => word.replaceAll('%s', file));
}

function isStarted(program: string, args: readonly string[]): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn(program, args, { detached: true, cwd: '/', stdio: 'ignore' });
    const timer = setTimeout(() => done(true), OPENING_MS);
    const end = (started: boolean): void => {
      clearTimeout(timer);
      done(started);
    };
    child.on('error', () => end(false));
    child.on('exit', (code) => end(code === 0));
    child.unref();
  });
}

/** A page that leads on at once, and loads nothing. */
function pageTo(url: string): string {
  const link = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sotto</title>' +
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'">` +
    '<meta name="referrer" content="no-referrer">' +
    `<meta http-equiv="refresh" content="0;url=${link}"></head>` +
    `<body><p><a href="${link}">Open Sotto</a></p></body></html>\n`
  );
}
