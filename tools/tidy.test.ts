/**
 * Tidy: the house rules as tests over the whole tree, and beside each a small planted tree that
 * shows that the check bites. The checks are in tools/tidy/.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { LABELS } from '@sotto/core/crypto/kdf.ts';
import { bannedInCore, reveals } from './tidy/banned.ts';
import { deadExports, deadFiles } from './tidy/dead.ts';
import { namesInArchitecture, rulesAndTests } from './tidy/docs.ts';
import { forbiddenImports, undeclaredImports } from './tidy/imports.ts';
import {
  idleTests,
  leftovers,
  lockedAddresses,
  longFiles,
  longFunctions,
  longLines,
  withoutModuleComment,
} from './tidy/size.ts';
import { plant, readTree } from './tidy/tree.ts';
import type { Problem, Tree } from './tidy/tree.ts';

const tree = readTree(fileURLToPath(new URL('..', import.meta.url)));

type Check = (tree: Tree) => readonly Problem[];

/** One line per problem: what a person reads when the test fails. */
function report(check: Check, files: Tree): string[] {
  return check(files).map(({ at, what }) => `${at} ${what}`);
}

function planted(check: Check, files: Readonly<Record<string, string>>): string[] {
  return report(check, plant(files));
}

/** Only where: for checks whose messages would themselves be found in this file. */
function places(check: Check, files: Readonly<Record<string, string>>): string[] {
  return check(plant(files)).map(({ at }) => at);
}

describe('the tree', () => {
  test('is really read', () => {
    expect(tree.has('core/base/bytes.ts')).toBe(true);
    expect(tree.has('package.json')).toBe(true);
    expect(tree.size).toBeGreaterThan(50);
  });

  test('[CRY-1] imports only what the table of the architecture allows', () => {
    expect(report(forbiddenImports, tree)).toEqual([]);
  });

  const checks: [string, Check][] = [
    ['names every package it imports in package.json', undeclaredImports],
    ['uses no clock, chance, promise or global in core', bannedInCore],
    ['reveals secrets only where their bytes are needed', reveals],
    ['has no long file', longFiles],
    ['has no long function', longFunctions],
    ['has no long line', longLines],
    ['has no test that does not run', idleTests],
    ['has no mark of unfinished work and no path of one machine', leftovers],
    ['has a doc comment on top of every module', withoutModuleComment],
    ['has no dead file', deadFiles],
    ['has no dead export', deadExports],
    ['tests every rule of docs/spec, and tests no other', rulesAndTests],
    ['has every name that docs/ARCHITECTURE.md speaks of', namesInArchitecture],
    ['locks its dependencies to no registry', lockedAddresses],
  ];
  test.each(checks)('%s', (_, check) => {
    expect(report(check, tree)).toEqual([]);
  });

  test('[CRY-3] has no label of key derivation twice, and none that another begins with', () => {
    const labels: string[] = Object.values(LABELS);
    expect(new Set(labels).size).toBe(labels.length);
    for (const label of labels) expect(label).toMatch(/^[a-z][a-z -]*[a-z]$/);
  });
});

describe('each check bites', () => {
  test('forbidden imports', () => {
    const files = {
      'core/base/a.ts': `import '../crypto/k.ts';`,
      'core/link/b.ts': `import type { X } from '../delivery/x.ts'; import '../base/y.ts';`,
      'core/link/c.ts': `let x: import('@noble/curves').Y; import './deep/own.ts';`,
      'core/link/d.test.ts': `import 'vitest'; import '../../sim/net.ts'; import '../path/p.ts';`,
      'core/new/x.ts': `import '../base/y.ts';`,
      'cli/main.ts': `import '@sotto/core/base/x.ts'; import 'node:fs'; import '@sotto/api/x.ts';`,
      'daemon/main.ts': `await import('@sotto/core/node.ts'); export { x } from '../lab/x.ts';`,
      'lab/bars/b6.ts': `import '../../bench/lab.ts';`,
      'lab/bars/b7.ts': `import '../../bench/lab.ts';`,
    };
    expect(planted(forbiddenImports, files)).toMatchInlineSnapshot(`
      [
        "core/base/a.ts:1 imports core/crypto/k.ts: core/base is the ground: it stands on nothing",
        "core/link/b.ts:1 imports core/delivery/x.ts: each protocol can be read, fuzzed and simulated alone: siblings never meet",
        "core/link/c.ts:1 imports npm:@noble/curves: each protocol can be read, fuzzed and simulated alone: siblings never meet",
        "core/link/d.test.ts:1 imports core/path/p.ts: each protocol can be read, fuzzed and simulated alone: siblings never meet",
        "core/new/x.ts:1 imports core/base/y.ts: this folder of core has no row: give it one in tools/tidy/imports.ts",
        "cli/main.ts:1 imports core/base/x.ts: a screen knows the contract only, so that any other screen can do the same",
        "daemon/main.ts:1 imports lab/x.ts: the daemon does all I/O and speaks to screens only through api",
        "lab/bars/b7.ts:1 imports bench/lab.ts: tools may look at anything",
      ]
    `);
  });

  test('undeclared imports', () => {
    const files = {
      'cli/package.json': '{"dependencies":{"uqr":"1.0.0","@sotto/api":"0.1.0"}}',
      'cli/a.ts': `import 'uqr'; import 'commander'; import '@sotto/api/x.ts'; import 'node:fs';`,
      'cli/b.ts': `import '@sotto/core/x.ts'; import '@scope/name/deep.ts'; import './a.ts';`,
    };
    expect(planted(undeclaredImports, files)).toMatchInlineSnapshot(`
      [
        "cli/a.ts:1 imports commander, which cli/package.json does not name",
        "cli/b.ts:1 imports @sotto/core, which cli/package.json does not name",
        "cli/b.ts:1 imports @scope/name, which cli/package.json does not name",
      ]
    `);
  });

  test('banned in core', () => {
    const files = {
      'core/link/a.ts': [
        'const at = Date.now() + new Date().getTime() + performance.now();',
        'const chance = Math.random() * Math.floor(2);',
        'async function f() { await Promise.resolve(); }',
        'setTimeout(f, 1); setInterval(f, 2); console.log(Buffer.from(process.argv[0]));',
        'const fine = { process: 1, x: fine.console }; // Date.now()',
      ].join('\n'),
      'core/crypto/k.ts': 'Date.now();',
      'core/link/a.test.ts': 'Date.now();',
      'daemon/a.ts': 'Date.now();',
    };
    expect(planted(bannedInCore, files)).toMatchInlineSnapshot(`
      [
        "core/link/a.ts:1 Date in core: take \`nowMs\` or \`Now\` as an argument (core/base/time.ts)",
        "core/link/a.ts:1 Date in core: take \`nowMs\` or \`Now\` as an argument (core/base/time.ts)",
        "core/link/a.ts:1 performance in core: take \`nowMs\` or \`Now\` as an argument (core/base/time.ts)",
        "core/link/a.ts:2 Math.random in core: take \`random: Random\` (core/base/time.ts)",
        "core/link/a.ts:3 async in core: core is synchronous: return an effect, take its answer as an input",
        "core/link/a.ts:3 await in core: core is synchronous: return an effect, take its answer as an input",
        "core/link/a.ts:3 Promise in core: core is synchronous: return an effect, take its answer as an input",
        "core/link/a.ts:4 setTimeout in core: say when in \`wakeAtMs()\` and act in the next \`handle*\`",
        "core/link/a.ts:4 setInterval in core: say when in \`wakeAtMs()\` and act in the next \`handle*\`",
        "core/link/a.ts:4 console in core: return a \`log\` effect",
        "core/link/a.ts:4 Buffer in core: use Uint8Array and core/base/bytes.ts",
        "core/link/a.ts:4 process in core: take what you need as an argument; the daemon reads the process",
      ]
    `);
  });

  test('revealed secrets', () => {
    const files = {
      'core/link/a.ts': [
        `import { kdf } from '../crypto/kdf.ts';`,
        'kdf(key.reveal());',
        'use(key.reveal());',
      ].join('\n'),
      'core/link/known.ts': 'use(key.reveal());',
      'core/crypto/k.ts': 'use(key.reveal());',
      'core/link/a.test.ts': 'use(key.reveal());',
    };
    const check: Check = (files) => reveals(files, { 'core/link/known.ts': 'it must' });
    expect(planted(check, files)).toMatchInlineSnapshot(`
      [
        "core/link/a.ts:3 reveals a secret: pass it straight to core/crypto, or name the file and why in tools/tidy/banned.ts",
      ]
    `);
  });

  test('sizes', () => {
    const body = (lines: number): string => `f(() => {\n${'x;\n'.repeat(lines - 2)}});\n`;
    const files = {
      'a.ts': 'x;\n'.repeat(601),
      'b.ts': 'x;\n'.repeat(600),
      'c.ts': body(70) + body(71),
      'd.test.ts': `describe.each([1])('x', () => {\n${'x;\n'.repeat(90)}});\n`,
      'e.ts': `${'x'.repeat(101)}\n${'x'.repeat(100)}\nf('${'a'.repeat(120)}');\n`,
      'g.test.ts': ['test(', '  it(', '])(', '  ']
        .map((at) => `${at}'[ABC-1] ${'x '.repeat(47)}'\n`)
        .join(''),
      'h.ts': `test('[ABC-1] ${'x '.repeat(47)}'\n`,
      'f.ts': `// see https://example.org/${'a'.repeat(120)}\n`,
    };
    const all: Check = (files) => [
      ...longFiles(files),
      ...longFunctions(files),
      ...longLines(files),
    ];
    expect(planted(all, files)).toMatchInlineSnapshot(`
      [
        "a.ts has 601 lines; at most 600",
        "c.ts:71 this function has 71 lines; at most 70",
        "e.ts:1 has 101 columns; at most 100",
        "h.ts:1 has 109 columns; at most 100",
      ]
    `);
  });

  test('idle tests', () => {
    const idle = (mark: string): string => `test.${mark}('x', () => {});\n`;
    const files = {
      'a.test.ts': ['sk' + 'ip', 'on' + 'ly', 'to' + 'do'].map(idle).join(''),
      'b.e2e.ts': `test('x', { ${'sk' + 'ip'}: true }, () => {});\nt.${'sk' + 'ip'}();\n`,
      'c.test.ts': `test('it runs', () => list.${'sk' + 'ip'}(1));\n`,
    };
    expect(places(idleTests, files)).toEqual([
      'a.test.ts:1',
      'a.test.ts:2',
      'a.test.ts:3',
      'b.e2e.ts:1',
      'b.e2e.ts:2',
    ]);
  });

  test('leftovers', () => {
    const files = {
      'a.ts': `// ${'TO' + 'DO'} later\n// ${'FIX' + 'ME'}\n// the XXpsk0 pattern\n`,
      'docs/b.md': `${'X' + 'XX'}\nsee ${'/wo' + 'rk/x'}\nand ${'../sha' + 'red/y'}\n`,
    };
    expect(places(leftovers, files)).toEqual([
      'a.ts:1',
      'a.ts:2',
      'docs/b.md:1',
      'docs/b.md:2',
      'docs/b.md:3',
    ]);
  });

  test('missing module comments', () => {
    const files = {
      'a.ts': '/** What it is.\n * @module\n */\nexport {};\n',
      'b.mjs': '#!/usr/bin/env node\n/**\n * What.\n * @module\n */\n',
      'c.ts': '// What it is.\nexport {};\n',
      'd.ts': 'export {};\n/** @module */\n',
    };
    expect(planted(withoutModuleComment, files)).toMatchInlineSnapshot(`
      [
        "c.ts has no doc comment with @module on top: say what it is for",
        "d.ts has no doc comment with @module on top: say what it is for",
      ]
    `);
  });

  test('dead files', () => {
    const files = {
      'daemon/main.ts': `import { a } from './a.ts'; new URL('./worker.ts', import.meta.url);`,
      'daemon/a.ts': `import type { B } from '@sotto/core/base/b.ts';`,
      'daemon/worker.ts': '',
      'core/base/b.ts': '',
      'core/base/b.test.ts': `import './b.ts'; import './alone.ts'; import './test-help.ts';`,
      'core/base/test-help.ts': '',
      'core/base/test-nobody.ts': '',
      'core/base/alone.ts': '',
    };
    expect(planted(deadFiles, files)).toMatchInlineSnapshot(`
      [
        "core/base/test-nobody.ts no program and no entry point reaches this file",
        "core/base/alone.ts no program and no entry point reaches this file",
      ]
    `);
  });

  test('dead exports', () => {
    const files = {
      'daemon/main.ts': `import { a, type T } from './a.ts'; export const fine = 1;`,
      'daemon/a.ts': [
        'export const a = 1;',
        'export type T = U;',
        'export interface U {}',
        'export const LIMIT = 2; f(LIMIT);',
        'export function onlyTests() {}',
        'export const onlyHere = 3; f(onlyHere);',
        'export class Nobody {}',
      ].join('\n'),
      'daemon/a.test.ts': `import { LIMIT, onlyTests } from './a.ts';`,
    };
    expect(planted(deadExports, files)).toMatchInlineSnapshot(`
      [
        "daemon/a.ts:5 exports onlyTests, which nothing but tests takes",
        "daemon/a.ts:6 exports onlyHere, which only this file uses: drop \`export\`",
        "daemon/a.ts:7 exports Nobody, which nothing but tests takes",
      ]
    `);
  });

  test('rules and tests', () => {
    const files = {
      'docs/spec/link.md': '- **LNK-1** a\n- **LNK-2** b\n- **LNK-3** c\n- **LNK-3** d\n',
      'core/link/a.test.ts': [
        `test('[LNK-1] a', () => {});`,
        `test.each([1])('[LNK-3, LNK-9] %s', () => {}); // [LNK-2] is not a name`,
      ].join('\n'),
      'vault/contract-order.ts': `const cases = { '[LNK-8] a': () => {}, async '[LNK-3] b'() {} };`,
    };
    expect(planted(rulesAndTests, files)).toMatchInlineSnapshot(`
      [
        "docs/spec/link.md:4 LNK-3 is told twice: docs/spec/link.md:3",
        "core/link/a.test.ts:2 tests LNK-9: no page has that rule",
        "vault/contract-order.ts:1 tests LNK-8: no page has that rule",
        "docs/spec/link.md:2 LNK-2 has no test that names it",
      ]
    `);
  });

  test('names in the architecture', () => {
    const files = {
      'docs/ARCHITECTURE.md': [
        '`core/node.ts` calls `handle(input)` and `Outbox.seal`; `messages.send` comes in.',
        '`core/gone.ts`, `core/link/`, `lost()`, `npm run x` and `core/node.ts#absent`.',
        '```',
        'core   core/node.ts  Outbox.seal   ->   vault/worker.ts   Outbox.open',
        '```',
      ].join('\n'),
      'core/node.ts': `class Outbox { seal() {} handle() { return 'messages.send'; } }`,
    };
    expect(planted(namesInArchitecture, files)).toMatchInlineSnapshot(`
      [
        "docs/ARCHITECTURE.md:2 core/gone.ts does not exist",
        "docs/ARCHITECTURE.md:2 core/link/ does not exist",
        "docs/ARCHITECTURE.md:2 lost does not exist",
        "docs/ARCHITECTURE.md:2 absent does not exist",
        "docs/ARCHITECTURE.md:4 vault/worker.ts does not exist",
        "docs/ARCHITECTURE.md:4 open does not exist",
      ]
    `);
  });

  test('locked addresses', () => {
    const text = '{\n"resolved": "api",\n"resolved": "https://registry.example/x.tgz"\n}\n';
    expect(planted(lockedAddresses, { 'package-lock.json': text })).toMatchInlineSnapshot(`
      [
        "package-lock.json:3 names a registry: leave \`resolved\` out",
      ]
    `);
  });
});
