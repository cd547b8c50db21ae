import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PAGE_KEY } from './fake-daemon.suite.ts';
import { readApiFile } from './profile.ts';
import { bundle, Terminal } from './terminal.suite.ts';

const URL_OF_APP = `http://127.0.0.1:7340/#k=${PAGE_KEY}`;
const INVITE = 'sotto:i/abc&def<"g">';
/** First half of the SHA-256 of the key's text: the same on both sides. */
const LINK_FILE = 'open-0e53aae2eabd5755.html';

let terminal: Terminal;
let browser: string;
beforeAll(() => {
  terminal = new Terminal();
  bundle(new URL('./fake-program.suite.ts', import.meta.url), join(terminal.root, 'daemon.mjs'));
  // Notes what it was called with; asked to, it fails or stays.
  browser = join(terminal.root, 'browser');
  const script = [
    '#!/bin/sh',
    'echo "$0 $*" > "$HOME/called"',
    'case $BROWSER_HOW in fail) exit 3;; stay) exec sleep 3;; esac',
  ];
  writeFileSync(browser, `${script.join('\n')}\n`);
  chmodSync(browser, 0o700);
});
afterEach(async () => {
  const pid = readApiFile(terminal.folder)?.pid;
  if (pid !== undefined && pid !== process.pid) process.kill(pid, 'SIGKILL');
  await terminal.closeDaemons();
});
afterAll(() => terminal.close());

const screen = (changes: Record<string, string> = {}): Record<string, string> => ({
  DISPLAY: ':99',
  BROWSER: browser,
  ...changes,
});
const called = (): string => readFileSync(join(terminal.root, 'home', 'called'), 'utf8').trimEnd();
const linkFiles = (): string[] =>
  readdirSync(terminal.folder).filter((name) => name.startsWith('open-'));

describe('[CLI-36] open', () => {
  test('hands the browser a file of this user that leads to the link', async () => {
    await terminal.daemon();
    const opened = await terminal.run(['open'], { env: screen() });
    expect(opened).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Opened in your browser. No page there? sotto open --print-url\n',
    });
    expect(linkFiles()).toEqual([LINK_FILE]);
    const file = join(terminal.folder, LINK_FILE);
    expect(called()).toBe(`${browser} file://${file}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain(`content="0;url=${URL_OF_APP}"`);
  });

  test('a browser may want its words around the file, or stay in the foreground', async () => {
    await terminal.daemon();
    const env = screen({ BROWSER: `${browser} --new %s --end:other`, BROWSER_HOW: 'stay' });
    const { stderr } = await terminal.run(['open'], { env });
    expect(stderr).toContain('Opened in your browser');
    const file = join(terminal.folder, LINK_FILE);
    expect(called()).toBe(`${browser} --new file://${file} --end`);
  });

  test('without a screen, without a browser, or asked to, it prints the link', async () => {
    await terminal.daemon();
    const printed = {
      code: 0,
      stdout: `${URL_OF_APP}\n`,
      stderr: 'Open this link in a browser on this computer. It works once, within a minute.\n',
    };
    expect(await terminal.run(['open'])).toEqual(printed);
    expect(await terminal.run(['open'], { env: { BROWSER: browser } })).toEqual(printed);
    expect(await terminal.run(['open', '--print-url'], { env: screen() })).toEqual(printed);
    expect(linkFiles()).toEqual([]);
    for (const changes of [{ BROWSER: '/nowhere/browser' }, { BROWSER_HOW: 'fail' }]) {
      await terminal.closeDaemons();
      await terminal.daemon();
      expect(await terminal.run(['open'], { env: screen(changes) })).toEqual(printed);
    }
    expect((await terminal.run(['open', '--plain'])).stdout).toBe(`${URL_OF_APP}\n`);
    expect(JSON.parse((await terminal.run(['open', '--json'])).stdout)).toEqual({
      v: 1,
      ok: true,
      data: { opened: false, url: URL_OF_APP },
    });
  });

  test('a browser out of a snap, which reads no hidden folder, gets its file in the home', async () => {
    await terminal.daemon();
    const tools = join(terminal.root, 'tools');
    mkdirSync(tools, { recursive: true });
    const put = (name: string, line: string): void => {
      writeFileSync(join(tools, name), `#!/bin/sh\n${line}\n`, { mode: 0o700 });
    };
    put('xdg-settings', 'echo "$DEFAULT_BROWSER"');
    put('xdg-open', 'echo "$*" > "$HOME/called"');
    const env = (browser: string): Record<string, string> => ({
      DISPLAY: ':99',
      PATH: `${tools}:${process.env['PATH']}`,
      DEFAULT_BROWSER: browser,
    });
    const home = join(terminal.root, 'home');
    await terminal.run(['open'], { env: env('firefox_firefox.desktop') });
    const file = join(home, `sotto-${LINK_FILE}`);
    expect(called()).toBe(`file://${file}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await terminal.run(['open'], { env: env('org.mozilla.firefox.desktop') });
    expect(called()).toBe(`file://${join(terminal.folder, LINK_FILE)}`);
  });

  test('an invite goes along in the fragment: as an argument, in a file, by standard input', async () => {
    const daemon = await terminal.daemon();
    const url = `http://127.0.0.1:7340/add#k=${PAGE_KEY}&invite=${encodeURIComponent(INVITE)}`;
    const file = join(terminal.root, 'invite.txt');
    writeFileSync(file, `\n${INVITE}\n`);
    expect((await terminal.run(['open', INVITE])).stdout).toBe(`${url}\n`);
    expect((await terminal.run(['open', file])).stdout).toBe(`${url}\n`);
    const piped = await terminal.run(['open', '-'], { input: `${INVITE}\n` });
    expect(piped.stdout).toBe(`${url}\n`);
    expect(daemon.calls.map(({ params }) => params)).toEqual([
      { path: '/add' },
      { path: '/add' },
      { path: '/add' },
    ]);
    expect(JSON.stringify(daemon.calls)).not.toContain('sotto:');
    await terminal.run(['open', file], { env: screen() });
    const page = readFileSync(join(terminal.folder, LINK_FILE), 'utf8');
    expect(page).toContain(url.replaceAll('&', '&amp;'));
    expect(called()).not.toContain('invite=');
  });

  test('what is no invite opens nothing', async () => {
    const daemon = await terminal.daemon();
    const other = join(terminal.root, 'other.txt');
    writeFileSync(other, 'hello');
    writeFileSync(join(terminal.root, 'long.txt'), `sotto:${'x'.repeat(5000)}`);
    writeFileSync(join(terminal.root, 'bytes.txt'), Buffer.from([0xff, 0xfe]));
    mkdirSync(join(terminal.root, 'folder'), { recursive: true });
    const exits = [];
    for (const word of ['nothing', other, 'long.txt', 'bytes.txt', 'folder']) {
      const { code, stderr, stdout } = await terminal.run(['open', word]);
      exits.push([stdout, code, /\[(E\d+)\]/.exec(stderr)?.[1]]);
    }
    expect(exits).toEqual([
      ['', 2, 'E45'],
      ['', 2, 'E19'],
      ['', 2, 'E19'],
      ['', 2, 'E48'],
      ['', 2, 'E19'],
    ]);
    expect(daemon.calls).toEqual([]);
  });

  test('starts the app where it does not run; a passphrase is for the page to ask', async () => {
    const { code, stdout } = await terminal.run(['open', '--set', 'net.port=1']);
    expect([code, stdout]).toEqual([0, `${URL_OF_APP}\n`]);
    const [args] = JSON.parse(readFileSync(join(terminal.folder, 'argv.json'), 'utf8')) as [
      string[],
    ];
    expect(args).toContain('--locked');
    expect((await terminal.run(['open'])).stdout).toBe(`${URL_OF_APP}\n`);
  });

  test('[CLI-24] the link is in no debug output', async () => {
    await terminal.daemon();
    const { stderr } = await terminal.run(['open', '-d'], { env: screen() });
    expect(stderr).toContain(LINK_FILE);
    expect(stderr).not.toContain(PAGE_KEY);
  });
});
