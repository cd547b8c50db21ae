import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Command } from 'commander';
import { manualPage } from './manual.ts';
import { build, run } from './program.ts';

const program = build(() => Promise.resolve());
let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-man-'));
  file = join(folder, 'sotto.1');
  writeFileSync(file, manualPage(program));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function leaves(command: Command): Command[] {
  const { commands } = command;
  return commands.length === 0 ? [command] : commands.flatMap(leaves);
}

test('[CLI-33] groff shows every command, option and exit code, without a warning', () => {
  const script = `groff -man -ww -Tascii -P -c -rLL=200n '${file}' 2>&1 | col -b`;
  const page = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
  expect(page).not.toContain('warning:');
  for (const command of leaves(program)) {
    if (command.name() === 'complete') continue;
    const name = command.parent === program ? '' : `${command.parent!.name()} `;
    expect(page).toContain(`sotto ${name}${command.name()}`);
    for (const { long, short } of command.options) expect(page).toContain(long ?? short);
  }
  for (const { long } of program.options) expect(page).toContain(long);
  expect(page).toContain('sotto send ana "See you at 6" --wait delivered');
  expect(page).toMatch(/^ +130 +Interrupted\.$/m);
  expect(page).not.toMatch(/\bcomplete\b.*asked by/);
});

test('[CLI-33] mandoc finds no fault', () => {
  // Without a date it makes a remark: the page belongs to a version and not to a day.
  const said = execFileSync('sh', ['-c', `mandoc -T lint '${file}' || true`], { encoding: 'utf8' });
  const faults = said.split('\n').filter((line) => line !== '' && !/missing date/.test(line));
  expect(faults).toEqual([]);
});

test('[CLI-33] help with words is the help of that command', async () => {
  const shown = async (...words: string[]): Promise<string> => {
    let text = '';
    const write = process.stdout.write.bind(process.stdout);
    process.stdout.write = (chunk: string | Uint8Array) => {
      text += String(chunk);
      return true;
    };
    try {
      expect(await run(words)).toBe(0);
    } finally {
      process.stdout.write = write;
    }
    return text;
  };
  expect(await shown('help', 'contacts', 'verify')).toBe(
    await shown('contacts', 'verify', '--help'),
  );
  expect(await shown('help')).toBe(await shown('--help'));
  expect(await shown('help', 'send')).toContain('sotto send ana "See you at 6"');
});
