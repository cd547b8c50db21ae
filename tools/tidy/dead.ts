/**
 * Dead code: files that no program reaches, and exports that nobody takes. An export that only
 * tests take is alive where its own file uses it too (half of a codec); code that lives for tests
 * alone is dead.
 * @module
 */
import ts from 'typescript';
import { importsOf } from './imports.ts';
import { codeFiles, everyNode, isTest, isTestSupport, problemAt } from './tree.ts';
import type { Problem, SourceFile, Tree } from './tree.ts';

/** Where programs begin. Tools, lab and bench are started by hand or by their tests. */
const ENTRIES = [
  /^(daemon|cli|sim)\/main\.ts$/,
  /^vault\/worker\.ts$/,
  /^web\/(main\.tsx|service-worker\.ts|vite\.config\.ts)$/,
  /^(lab|bench|tools)\//,
  /^[^/]+\.(ts|mjs|js)$/,
];

/** Files that stand ready for what comes next, each with its reason. */
const KEPT: Readonly<Record<string, string>> = {};

export function deadFiles(tree: Tree): Problem[] {
  const files = codeFiles(tree);
  const reached = new Set<string>();
  const reach = (path: string): void => {
    const file = tree.get(path);
    if (!file || reached.has(path)) return;
    reached.add(path);
    for (const { target } of importsOf(file)) reach(target);
  };
  const entries = files.filter(({ path }) => ENTRIES.some((entry) => entry.test(path)));
  for (const { path } of entries) reach(path);
  for (const path of Object.keys(KEPT)) reach(path);
  // What only tests use is alive by them; anything else that only tests reach is dead.
  for (const { path } of files) {
    if (!isTest(path)) continue;
    for (const { target } of importsOf(tree.get(path)!)) {
      if (isTestSupport(target) || target.startsWith('sim/')) reach(target);
    }
  }
  return files.flatMap(({ path }) => {
    if (reached.has(path) || (isTest(path) && !isTestSupport(path))) return [];
    return [{ at: path, what: 'no program and no entry point reaches this file' }];
  });
}

/** Every name of every file that some other file takes, and whether code or only tests do. */
interface Takers {
  readonly byCode: Set<string>;
  readonly byTests: Set<string>;
  readonly wholeByCode: Set<string>;
}

function takers(tree: Tree): Takers {
  const found: Takers = { byCode: new Set(), byTests: new Set(), wholeByCode: new Set() };
  for (const file of codeFiles(tree)) {
    for (const { target, names } of importsOf(file)) {
      if (names === undefined) found.wholeByCode.add(target);
      for (const name of names ?? []) {
        (isTest(file.path) ? found.byTests : found.byCode).add(`${target}#${name}`);
      }
    }
  }
  return found;
}

export function deadExports(tree: Tree): Problem[] {
  const taken = takers(tree);
  const problems: Problem[] = [];
  for (const file of codeFiles(tree)) {
    if (/\.(test|e2e)\.ts$/.test(file.path) || Object.hasOwn(KEPT, file.path)) continue;
    if (ENTRIES.some((entry) => entry.test(file.path)) || taken.wholeByCode.has(file.path))
      continue;
    const uses = countNames(file);
    for (const { name, node, isType } of exportsOf(file)) {
      const key = `${file.path}#${name}`;
      if (taken.byCode.has(key)) continue;
      const usedHere = (uses.get(name) ?? 0) > 1;
      if (isTestSupport(file.path) && (usedHere || taken.byTests.has(key))) continue;
      // A type that a taken signature names is part of it; a limit is what the spec pages quote.
      const isPublic = isType || /^[A-Z][A-Z0-9_]+$/.test(name) || taken.byTests.has(key);
      if (usedHere && isPublic) continue;
      const what = usedHere
        ? `exports ${name}, which only this file uses: drop \`export\``
        : `exports ${name}, which nothing but tests takes`;
      problems.push(problemAt(file, node, what));
    }
  }
  return problems;
}

interface Export {
  readonly name: string;
  readonly node: ts.Node;
  readonly isType: boolean;
}

function exportsOf(file: SourceFile): Export[] {
  return file.syntax.statements.flatMap((statement): Export[] => {
    if (!ts.canHaveModifiers(statement)) return [];
    const modifiers = ts.getModifiers(statement) ?? [];
    if (!modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name }) =>
        ts.isIdentifier(name) ? [{ name: name.text, node: name, isType: false }] : [],
      );
    }
    const { name } = statement as unknown as { readonly name?: ts.Identifier };
    if (!name) return [];
    const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
    return [{ name: name.text, node: name, isType }];
  });
}

function countNames(file: SourceFile): Map<string, number> {
  const uses = new Map<string, number>();
  everyNode(file, (node) => {
    if (ts.isIdentifier(node)) uses.set(node.text, (uses.get(node.text) ?? 0) + 1);
  });
  return uses;
}
