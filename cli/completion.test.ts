import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { script } from './completion-scripts.ts';
import { ANA } from './fake-daemon.suite.ts';
import { SHELLS } from './shell-commands.ts';
import { ended, Terminal } from './terminal.suite.ts';

/** A name as a hostile person might choose it. */
const EVIL = '$(touch pwned)';
const names = ['Ana Ruiz', 'Bo', EVIL];

let terminal: Terminal;
let bin: string;
beforeAll(() => {
  terminal = new Terminal();
  bin = join(terminal.root, 'bin');
  mkdirSync(bin);
  const file = join(bin, 'sotto');
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${terminal.program}' "$@"\n`);
  chmodSync(file, 0o755);
});
afterEach(() => terminal.closeDaemons());
afterAll(() => terminal.close());

const people = {
  'contacts.list': () => ({ contacts: names.map((name) => ({ ...ANA, name })) }),
};
/** What may stand last, without descriptions. */
async function values(...words: string[]): Promise<string[]> {
  const { code, stderr, stdout } = await terminal.run(['complete', '--', ...words]);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0]!]));
}

async function shell(program: string, ...args: string[]): Promise<string> {
  const env = terminal.env({ PATH: `${bin}:${process.env['PATH']}`, ZDOTDIR: terminal.root });
  const child = spawn(program, args, { cwd: terminal.root, env, stdio: ['pipe', 'pipe', 'pipe'] });
  const { stdout } = await ended(child, '');
  return stdout;
}

describe('[CLI-34] what may stand next', () => {
  test('commands, options and choices come from the program', async () => {
    const tops = await values('');
    expect(tops).toEqual(expect.arrayContaining(['start', 'contacts', 'doctor', 'completion']));
    expect(tops).not.toContain('complete');
    expect(await values('contacts', 'v')).toEqual(['verify']);
    expect(await values('contacts', 'verify', '--')).toEqual(
      expect.arrayContaining(['--qr', '--compare', '--json', '--help']),
    );
    expect(await values('send', 'ana', 'hi', '--wait', '')).toEqual(['queued', 'delivered']);
    expect(await values('completion', '')).toEqual([...SHELLS]);
    expect(await values('help', 'contacts', 'ver')).toEqual(['verify']);
    expect(await values('--data-dir', '')).toEqual([':files']);
    expect(await values('send', '--', '-')).toEqual([]);
  });

  test('names and settings come from the app, and nothing where it does not run', async () => {
    expect(await values('send', '')).toEqual([]);
    await terminal.daemon(people);
    expect(await values('send', '')).toEqual(names);
    expect(await values('contacts', 'show', 'an')).toEqual(['Ana Ruiz']);
    expect(await values('send', '"ana r')).toEqual(['Ana Ruiz']);
    expect(await values('doctor', '--with', 'b')).toEqual(['Bo']);
    expect(await values('doctor', '--with', '=', 'b')).toEqual(['Bo']);
    expect(await values('config', 'get', '')).toEqual(['net.port']);
    expect(await values('config', 'set', 'net.port', '')).toEqual(['20000']);
    expect(await values('--data-dir', '/nonexistent', 'send', '')).toEqual([]);
  });

  test('a name that would act on the terminal is not offered', async () => {
    const bad = ['a\u001b[2J', 'a\tb', 'a\u202eb'];
    const contacts = bad.map((name) => ({ ...ANA, name }));
    await terminal.daemon({ 'contacts.list': () => ({ contacts }) });
    expect(await values('send', '')).toEqual([]);
  });
});

describe('[CLI-34] the shells themselves', () => {
  test('bash: quotes what it inserts, and runs none of it', async () => {
    await terminal.daemon(people);
    writeFileSync(join(terminal.root, 'rc.bash'), script('bash'));
    const at = (...words: string[]): string =>
      `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; ` +
      `_sotto sotto "\${COMP_WORDS[COMP_CWORD]}" x; printf '%s\\n' "\${COMPREPLY[@]}" --`;
    const lines = ['source rc.bash', at('sotto', 'contacts', 'ver'), at('sotto', 'send', "''")];
    lines.push(at('sotto', 'send', `'"a'`), 'ls');
    const said = await shell('bash', '--norc', '-c', lines.join('; '));
    const [verbs, people_, quoted, files] = said.split('--\n');
    expect(verbs).toBe('verify\n');
    expect(people_).toBe('Ana\\ Ruiz\nBo\n\\$\\(touch\\ pwned\\)\n');
    expect(quoted).toBe('Ana Ruiz\n');
    expect(files).not.toContain('pwned');
    execFileSync('bash', ['-n', join(terminal.root, 'rc.bash')]);
  });

  test('zsh: at a terminal of its own', async () => {
    await terminal.daemon(people);
    writeFileSync(join(terminal.root, 'rc.zsh'), script('zsh'));
    const typed = (keys: string): string =>
      `zpty -w z $'${keys}'; sleep 0.2; zpty -r -t z line; ` +
      `for i in {1..100}; do sleep 0.1; zpty -r -t z more && line+=$more; ` +
      `[[ $line == *DONE* ]] && break; done; print -r -- "$line"`;
    const lines = [
      'zmodload zsh/zpty',
      `zpty z zsh -f -i`,
      typed("PS1=; autoload -U compinit; compinit -u -D; source rc.zsh; echo DO\\'\\'NE"),
      typed('sotto contacts ver\\t; echo DO\\"\\"NE'),
    ];
    const said = await shell('zsh', '-f', '-c', lines.join('\n'));
    expect(said).toContain('sotto contacts verify');
  }, 60_000);

  test('fish: lists values with what they mean', async () => {
    await terminal.daemon(people);
    writeFileSync(join(terminal.root, 'rc.fish'), script('fish'));
    const ask = (line: string): string => `complete -C "${line}"; echo ==`;
    const lines = ['source rc.fish', ask('sotto contacts ver'), ask('sotto send '), 'ls'];
    const said = await shell('fish', '--no-config', '-c', lines.join('; '));
    const [verbs, people_, files] = said.split('==\n');
    expect(verbs).toMatch(/^verify\tthe safety number/);
    expect(people_!.trim().split('\n')).toEqual([...names].sort());
    expect(files).not.toContain('pwned');
    execFileSync('fish', ['--no-execute', join(terminal.root, 'rc.fish')]);
  });

  test('PowerShell, which Debian has not: brackets and quotes close', () => {
    const open: string[] = [];
    const pairs: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
    const bare = script('pwsh')
      .replace(/^\s*#.*$/gm, '')
      .replace(/'(?:[^']|'')*'|"[^"]*"/g, '');
    for (const char of bare.match(/[()[\]{}]/g) ?? []) {
      if (pairs[char] === undefined) open.push(char);
      else expect(open.pop()).toBe(pairs[char]);
    }
    expect(open).toEqual([]);
    expect(bare).not.toMatch(/['"]/);
    expect(script('pwsh')).not.toMatch(/Invoke-Expression|iex\b/i);
  });

  test('the command prints the script as it is', async () => {
    const { code, stdout } = await terminal.run(['completion', 'bash']);
    expect([code, stdout]).toEqual([0, script('bash')]);
    expect((await terminal.run(['completion', 'tcsh'])).code).toBe(2);
  });
});
