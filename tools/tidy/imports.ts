/**
 * Who may import whom: the table of the architecture, with the reason each row prints. Type-only
 * imports count: a type is knowledge too.
 * @module
 */
import { posix } from 'node:path';
import ts from 'typescript';
import { codeFiles, everyNode, isTest, lineOf } from './tree.ts';
import type { Problem, SourceFile, Tree } from './tree.ts';

/** One imported module: its specifier, what it means, and which of its names are taken. */
export interface Import {
  readonly file: SourceFile;
  readonly line: number;
  readonly specifier: string;
  /** `core/base/bytes.ts` for ours, `node:fs` or `npm:zod` for others'. */
  readonly target: string;
  /** Undefined where all names are taken: `import *`, `import()`, a bare import. */
  readonly names: readonly string[] | undefined;
}

/** Every import of a file, of all forms. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, names?: readonly string[]): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const target = resolve(file.path, specifier.text);
    found.push({ file, line: lineOf(file, node), specifier: specifier.text, target, names });
  };
  everyNode(file, (node) => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, importedNames(node));
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, reExportedNames(node));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node, node.argument.literal, typeNames(node));
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node, node.arguments[0]);
    } else if (ts.isNewExpression(node) && node.expression.getText() === 'URL') {
      // new URL('./worker.ts', import.meta.url): how a worker's file is named.
      const [path, base] = node.arguments ?? [];
      if (base?.getText() === 'import.meta.url' && path?.getText().endsWith(".ts'")) {
        add(node, path);
      }
    }
  });
  return found;
}

function importedNames(node: ts.ImportDeclaration): string[] | undefined {
  const clause = node.importClause;
  if (!clause || (clause.namedBindings && ts.isNamespaceImport(clause.namedBindings))) {
    return undefined;
  }
  const names = clause.name ? ['default'] : [];
  for (const element of clause.namedBindings?.elements ?? []) {
    names.push((element.propertyName ?? element.name).text);
  }
  return names;
}

function reExportedNames(node: ts.ExportDeclaration): string[] | undefined {
  if (!node.exportClause || !ts.isNamedExports(node.exportClause)) return undefined;
  return node.exportClause.elements.map((element) => (element.propertyName ?? element.name).text);
}

function typeNames(node: ts.ImportTypeNode): string[] | undefined {
  const first = node.qualifier?.getText().split('.')[0];
  return first === undefined ? undefined : [first];
}

function resolve(from: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  if (specifier.startsWith('@sotto/')) return specifier.slice('@sotto/'.length);
  return specifier.startsWith('node:') ? specifier : `npm:${specifier}`;
}

interface Row {
  readonly from: RegExp;
  readonly may: readonly RegExp[];
  readonly because: string;
}

const CORE_PARTS = 'discovery|path|link|relay|delivery|people|channel|transfer|call';
const BASE_AND_CRYPTO = [/^core\/base\//, /^core\/crypto\//];

/** The first row that fits a file holds for it. Every file may import its own folder. */
const ROWS: readonly Row[] = [
  {
    from: /^core\/base\//,
    may: [],
    because: 'core/base is the ground: it stands on nothing',
  },
  {
    from: /^core\/crypto\//,
    may: [/^core\/base\//, /^node:crypto$/, /^npm:sodium-native$/, /^npm:@noble\//],
    because: 'core/crypto is the only importer of cryptography, and of nothing else',
  },
  {
    from: new RegExp(`^core/(${CORE_PARTS})/`),
    may: BASE_AND_CRYPTO,
    because: 'each protocol can be read, fuzzed and simulated alone: siblings never meet',
  },
  {
    from: /^core\/([^/]+\.ts$|compose\/)/,
    may: [/^core\//],
    because: 'the composition root wires core and knows no I/O and no library',
  },
  {
    from: /^core\//,
    may: [],
    because: 'this folder of core has no row: give it one in tools/tidy/imports.ts',
  },
  {
    from: /^vault\//,
    may: [...BASE_AND_CRYPTO, /^node:/, /^npm:(@signalapp\/libsignal-client|better-sqlite3)/],
    because: 'the vault keeps what must survive and knows no protocol',
  },
  {
    from: /^api\//,
    may: [/^npm:zod$/],
    because: 'the contract is readable without the daemon and runs in any screen',
  },
  {
    from: /^daemon\//,
    may: [/^core\//, /^vault\//, /^api\//, /^node:/, /^npm:(udx-native|ws)$/],
    because: 'the daemon does all I/O and speaks to screens only through api',
  },
  {
    from: /^cli\//,
    may: [/^api\//, /^node:/, /^npm:(commander|uqr)$/],
    because: 'a screen knows the contract only, so that any other screen can do the same',
  },
  {
    from: /^web\/(vite\.config|shell-plugin|text\/catalog-plugin)\.ts$/,
    may: [/^node:/, /^npm:(vite|@vitejs\/plugin-react|@lingui\/message-utils)(\/|$)/],
    because: 'the build of the page knows its bundler and the texts, and no screen',
  },
  {
    from: /^web\//,
    may: [
      /^api\//,
      /^npm:virtual:/,
      /^npm:(react|react-dom|virtua|frimousse|jsqr|uqr|lucide-react|@lingui\/core)(\/|$)/,
      /^npm:(@radix-ui|@fontsource-variable|emojibase-data)\//,
    ],
    because: 'a screen knows the contract only, so that any other screen can do the same',
  },
  {
    from: /^sim\//,
    may: [/^core\//, /^vault\/contract(-[a-z]+)?\.ts$/, /^node:/],
    because: 'the simulator runs the node that ships, on a model that passes the vault suite',
  },
  { from: /^(lab|bench|tools)\//, may: [/./], because: 'tools may look at anything' },
];

/** What tests may import besides the row of their file. */
const TESTS_MAY = [/^sim\//, /^vectors\//, /^node:/, /^npm:(vitest|fast-check|typescript)$/];
const NOBODY_IMPORTS = /^(lab|bench|tools)\//;
/** Of the bench, that measures us beside others, two bars take figures and nobody else. */
const BENCH_BARS = ['lab/bars/b6.ts', 'lab/bars/d7.ts'];

/** Imports that the table does not allow. */
export function forbiddenImports(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  for (const file of codeFiles(tree)) {
    const row = ROWS.find(({ from }) => from.test(file.path));
    if (!row) continue; // eslint.config.js and its like at the root
    for (const { line, target } of importsOf(file)) {
      if (mayImport(file.path, target, row)) continue;
      problems.push({ at: `${file.path}:${line}`, what: `imports ${target}: ${row.because}` });
    }
  }
  return problems;
}

function mayImport(from: string, target: string, row: Row): boolean {
  if (folderOf(target) === folderOf(from)) return true;
  if (isTest(from) && TESTS_MAY.some((allowed) => allowed.test(target))) return true;
  const ownTool = NOBODY_IMPORTS.exec(from);
  if (NOBODY_IMPORTS.test(target) && !ownTool) return false;
  if (target.startsWith('bench/') && !BENCH_BARS.includes(from)) return false;
  return row.may.some((allowed) => allowed.test(target));
}

/** `core/link` for core/link/noise/x.ts, `core` for core/node.ts, `vault` for vault/x/y.ts. */
function folderOf(path: string): string {
  const parts = path.split('/').slice(0, -1);
  return parts.slice(0, parts[0] === 'core' ? 2 : 1).join('/') || path;
}

const WORKSPACE = /^(core|vault|api|daemon|cli|sim|web)\//;

/** Packages that a workspace imports and its package.json does not name: hoisting hides that. */
export function undeclaredImports(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  for (const file of codeFiles(tree)) {
    const workspace = WORKSPACE.exec(file.path)?.[1];
    if (workspace === undefined || isTest(file.path)) continue;
    const declared = declaredBy(tree, workspace);
    for (const { line, specifier } of importsOf(file)) {
      if (/^(\.|node:|virtual:)/.test(specifier)) continue;
      const parts = specifier.split('/');
      const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
      if (declared.has(name) || name === `@sotto/${workspace}`) continue;
      const what = `imports ${name}, which ${workspace}/package.json does not name`;
      problems.push({ at: `${file.path}:${line}`, what });
    }
  }
  return problems;
}

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

function declaredBy(tree: Tree, workspace: string): Set<string> {
  const file = tree.get(`${workspace}/package.json`);
  const manifest = JSON.parse(file?.text ?? '{}') as Manifest;
  // What builds a workspace is declared apart from what runs in it.
  return new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));
}
