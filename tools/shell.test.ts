import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { shell } from '../web/shell-plugin.ts';

const folder = mkdtempSync(join(tmpdir(), 'sotto-shell-'));
writeFileSync(join(folder, 'icon.svg'), '<svg/>');
afterAll(() => rmSync(folder, { recursive: true }));

const WORKER = 'const build = __BUILD__; const files = __SHELL__;';

interface Built {
  readonly build: string;
  readonly files: readonly string[];
}

/** The worker as it comes out of a build of these files. */
function built(files: Readonly<Record<string, string>>): Built {
  const worker = { type: 'chunk', code: WORKER };
  const assets = Object.entries(files).map(([name, source]) => [name, { type: 'asset', source }]);
  const bundle = Object.fromEntries([...assets, ['sw.js', worker]]);
  const plugin = shell(folder) as unknown as {
    generateBundle: { handler: (options: object, bundle: object) => void };
  };
  plugin.generateBundle.handler({}, bundle);
  const [, build, list] = /build = ("\w+"); const files = (\[.*\]);/.exec(worker.code)!;
  return { build: JSON.parse(build!) as string, files: JSON.parse(list!) as string[] };
}

const FILES = { 'index.html': 'a', 'assets/index-1.js': 'b', 'assets/pseudo-2.js': 'c' };

test('the worker keeps every file of its build, but for texts of tests', () => {
  expect(built(FILES).files).toEqual(['/assets/index-1.js', '/icon.svg']);
});

test('the same build makes the same worker, and any other file another one', () => {
  const { build } = built(FILES);
  expect(built(FILES).build).toBe(build);
  expect(built({ ...FILES, 'index.html': 'other' }).build).not.toBe(build);
  expect(built({ ...FILES, 'assets/new-3.js': '' }).build).not.toBe(build);
  writeFileSync(join(folder, 'icon.svg'), '<svg></svg>');
  expect(built(FILES).build).not.toBe(build);
});
