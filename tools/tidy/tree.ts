/**
 * The tree as tidy sees it: every text file of ours with its parsed syntax. Checks are pure
 * functions from a tree to problems, so that each is also run on small planted trees.
 * @module
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface SourceFile {
  /** Path from the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Parsed lazily; only for .ts, .tsx, .mjs and .js. */
  readonly syntax: ts.SourceFile;
}
export type Tree = ReadonlyMap<string, SourceFile>;

/** What is wrong, where; `path:line` opens it in an editor. */
export interface Problem {
  readonly at: string;
  readonly what: string;
}

const FOREIGN_FOLDERS = new Set(['node_modules', 'dist', '.git', '.cache', 'coverage', 'vectors']);
const TEXT_FILE = /\.(ts|tsx|mjs|js|json|md|py|c|sh|css|html|yml)$|\/(\.ci\/run|bin\/sotto)$/;
const FILES_MAX = 5_000;

/** Reads every text file below `root`; test data and what others wrote are left out. */
export function readTree(root: string): Tree {
  const tree = new Map<string, SourceFile>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!FOREIGN_FOLDERS.has(entry.name)) walk(path);
      } else if (entry.isFile() && TEXT_FILE.test(`/${path}`)) {
        tree.set(path, sourceFile(path, readFileSync(join(root, path), 'utf8')));
      }
    }
  };
  walk('');
  if (tree.size > FILES_MAX) throw new Error(`more than ${FILES_MAX} files: is this our tree?`);
  return tree;
}

/** A tree from texts, for planting problems. */
export function plant(files: Readonly<Record<string, string>>): Tree {
  return new Map(Object.entries(files).map(([path, text]) => [path, sourceFile(path, text)]));
}

function sourceFile(path: string, text: string): SourceFile {
  let parsed: ts.SourceFile | undefined;
  return {
    path,
    text,
    get syntax() {
      parsed ??= ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
      return parsed;
    },
  };
}

/** Our code: workspaces, lab, bench and tools; not the declarations for other people's code. */
export function codeFiles(tree: Tree): SourceFile[] {
  return [...tree.values()].filter(
    (file) => /\.(ts|tsx|mjs)$/.test(file.path) && !file.path.endsWith('.d.ts'),
  );
}

/** Tests, and what only tests use: suites, and helpers named `test...`. */
export function isTest(path: string): boolean {
  return /\.(test|e2e)\.tsx?$/.test(path) || isTestSupport(path);
}

export function isTestSupport(path: string): boolean {
  return (
    /(^|\/)(test-[^/]+|testing(\/.+)?|[^/]+\.suite)\.ts$/.test(path) ||
    /^vault\/contract(-[a-z]+)?\.ts$/.test(path)
  );
}

export function lineOf(file: SourceFile, node: ts.Node): number {
  return file.syntax.getLineAndCharacterOfPosition(node.getStart(file.syntax)).line + 1;
}

export function problemAt(file: SourceFile, node: ts.Node, what: string): Problem {
  return { at: `${file.path}:${lineOf(file, node)}`, what };
}

/** Calls `visit` for every node, parents before children. */
export function everyNode(file: SourceFile, visit: (node: ts.Node) => void): void {
  const walk = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, walk);
  };
  walk(file.syntax);
}
