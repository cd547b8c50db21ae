/**
 * Sizes and leftovers: what makes a file hard to read, or says that it is not finished.
 * @module
 */
import ts from 'typescript';
import { codeFiles, everyNode, isTest, problemAt } from './tree.ts';
import type { Problem, SourceFile, Tree } from './tree.ts';

const FILE_LINES_MAX = 600;
const FUNCTION_LINES_MAX = 70;
const LINE_COLUMNS_MAX = 100;
/** The name of a test is one text on one line. */
const NAME_COLUMNS_MAX = 120;
const TEST_NAME = /^\s*(?:(?:test|it|describe)(?:\.each\(.*\))?\(|\]\)\()?['"`]/;

export function longFiles(tree: Tree): Problem[] {
  return codeFiles(tree).flatMap((file) => {
    const lines = file.text.split('\n').length - 1;
    if (lines <= FILE_LINES_MAX) return [];
    return [{ at: file.path, what: `has ${lines} lines; at most ${FILE_LINES_MAX}` }];
  });
}

/** Lines beyond 100 columns; an address, a vector or a line of a snapshot cannot be broken. */
export function longLines(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  for (const file of codeFiles(tree)) {
    for (const [i, line] of file.text.split('\n').entries()) {
      if (line.length <= LINE_COLUMNS_MAX) continue;
      if (isTest(file.path) && line.length <= NAME_COLUMNS_MAX && TEST_NAME.test(line)) continue;
      if (/https?:\/\/|['"`][^'"`\s]{60,}['"`]|^\s*"[^"]*",?$/.test(line)) continue;
      const what = `has ${line.length} columns; at most ${LINE_COLUMNS_MAX}`;
      problems.push({ at: `${file.path}:${i + 1}`, what });
    }
  }
  return problems;
}

export function longFunctions(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  for (const file of codeFiles(tree)) {
    everyNode(file, (node) => {
      if (!ts.isFunctionLike(node) || !('body' in node) || isGroup(node)) return;
      const lines = linesOf(file, node);
      if (lines <= FUNCTION_LINES_MAX) return;
      const what = `this function has ${lines} lines; at most ${FUNCTION_LINES_MAX}`;
      problems.push(problemAt(file, node, what));
    });
  }
  return problems;
}

/** The function given to `describe`: a group of tests, not a step of thought. */
function isGroup(node: ts.Node): boolean {
  const call = node.parent;
  return ts.isCallExpression(call) && /^describe\b/.test(call.expression.getText());
}

function linesOf(file: SourceFile, node: ts.Node): number {
  const line = (position: number): number =>
    file.syntax.getLineAndCharacterOfPosition(position).line;
  return line(node.getEnd()) - line(node.getStart(file.syntax)) + 1;
}

/** Tests that do not run. */
export function idleTests(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  const call = /\b(?:test|it|describe|suite|t)\.(?:skip|only|todo|skipIf|runIf|fails)\b/;
  const option = /\b(?:test|it|describe)\([^)]*\{[^}]*\b(?:skip|todo|only)\s*:/;
  for (const file of codeFiles(tree)) {
    if (!isTest(file.path)) continue;
    for (const [i, line] of file.text.split('\n').entries()) {
      const found = call.exec(line) ?? option.exec(line);
      if (!found) continue;
      problems.push({ at: `${file.path}:${i + 1}`, what: `${found[0]}: a test runs or is not` });
    }
  }
  return problems;
}

// In two parts, so that this file does not find itself.
const LEFTOVERS = new RegExp(
  `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`,
);
const MACHINE_PATHS = ['/wo' + 'rk/', '/tmp/br' + 'ief', '../sha' + 'red'];

/** Marks of unfinished work, and paths that exist on one machine only. */
export function leftovers(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  for (const file of tree.values()) {
    if (file.path === 'package-lock.json') continue;
    for (const [i, line] of file.text.split('\n').entries()) {
      const at = `${file.path}:${i + 1}`;
      const mark = LEFTOVERS.exec(line);
      if (mark) problems.push({ at, what: `${mark[0]}: do it, or open an issue` });
      const machine = MACHINE_PATHS.find((path) => line.includes(path));
      if (machine) problems.push({ at, what: `names ${machine}, which other machines lack` });
    }
  }
  return problems;
}

/** Files of code that do not say what they are. */
export function withoutModuleComment(tree: Tree): Problem[] {
  return codeFiles(tree).flatMap((file) => {
    if (/\.(test|e2e)\.ts$/.test(file.path) || file.path === 'vitest.config.ts') return [];
    const first = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//.exec(file.text)?.[1] ?? '';
    if (/^\s*\*?\s*@module\b/m.test(first)) return [];
    return [{ at: file.path, what: 'has no doc comment with @module on top: say what it is for' }];
  });
}

/** Addresses of one registry in the lock file: others could not install from it. */
export function lockedAddresses(tree: Tree): Problem[] {
  const lines = (tree.get('package-lock.json')?.text ?? '').split('\n');
  return lines.flatMap((line, i) => {
    if (!/"resolved": "http/.test(line)) return [];
    return [{ at: `package-lock.json:${i + 1}`, what: 'names a registry: leave `resolved` out' }];
  });
}
