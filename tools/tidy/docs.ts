/**
 * Documents that must stay true: each rule of docs/spec has a test that names it, and each name
 * of code in docs/ARCHITECTURE.md exists.
 * @module
 */
import ts from 'typescript';
import { codeFiles, everyNode, isTest, problemAt } from './tree.ts';
import type { Problem, SourceFile, Tree } from './tree.ts';

const RULE = /^- \*\*([A-Z]{3}-\d+)\*\*/;
/** `[LNK-4] ...`, `[LNK-4, LNK-5] ...` or `[LNK-4] [LNK-5] ...` in the name of a test. */
const NAMED_IDS = /\[((?:[A-Z]{3}-\d+)(?:,\s*[A-Z]{3}-\d+)*)\]/g;

/** Rules without a test, tests without a rule, rules told twice. */
export function rulesAndTests(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  const rules = new Map<string, string>();
  for (const page of tree.values()) {
    if (!/^docs\/spec\/[^/]+\.md$/.test(page.path)) continue;
    for (const [i, line] of page.text.split('\n').entries()) {
      const id = RULE.exec(line)?.[1];
      if (id === undefined) continue;
      const at = `${page.path}:${i + 1}`;
      const earlier = rules.get(id);
      if (earlier !== undefined) problems.push({ at, what: `${id} is told twice: ${earlier}` });
      rules.set(id, at);
    }
  }
  const tested = new Set<string>();
  for (const file of codeFiles(tree)) {
    if (!isTest(file.path)) continue;
    for (const { id, node } of idsOf(file)) {
      tested.add(id);
      if (!rules.has(id))
        problems.push(problemAt(file, node, `tests ${id}: no page has that rule`));
    }
  }
  for (const [id, at] of rules) {
    if (!tested.has(id)) problems.push({ at, what: `${id} has no test that names it` });
  }
  return problems;
}

/** Rule ids in the names of tests and groups, and in the names of the cases of a suite. */
function idsOf(file: SourceFile): { id: string; node: ts.Node }[] {
  const found: { id: string; node: ts.Node }[] = [];
  everyNode(file, (node) => {
    const name = nameOfTest(node);
    if (!name || !(ts.isStringLiteralLike(name) || ts.isTemplateExpression(name))) return;
    for (const [, ids] of name.getText().matchAll(NAMED_IDS)) {
      for (const id of ids!.split(/,\s*/)) found.push({ id, node });
    }
  });
  return found;
}

function nameOfTest(node: ts.Node): ts.Node | undefined {
  if (ts.isPropertyAssignment(node) || ts.isMethodDeclaration(node)) return node.name;
  if (!ts.isCallExpression(node)) return undefined;
  return /^(test|it|describe)\b/.test(node.expression.getText()) ? node.arguments[0] : undefined;
}

const PAGE = 'docs/ARCHITECTURE.md';

const PATH = /\b(?:core|vault|api|daemon|cli|sim|lab|bench|tools|docs|vectors)\/[\w./-]*/g;
const MEMBER = /\b[A-Z]\w+\.[a-z]\w+/g;

/**
 * Names that do not exist. In backticks: a path must be a file or folder (`core/base/`,
 * `core/node.ts`); a name such as `handle` or `Outbox.seal` must be a word of the code; what has
 * spaces is prose or a command. In drawings: every path, and every `Class.member`.
 */
export function namesInArchitecture(tree: Tree): Problem[] {
  const page = tree.get(PAGE);
  if (!page) return [{ at: PAGE, what: 'is missing' }];
  const words = wordsOfCode(tree);
  const problems: Problem[] = [];
  let isDrawing = false;
  for (const [i, line] of page.text.split('\n').entries()) {
    if (line.startsWith('```')) isDrawing = !isDrawing;
    const spans = isDrawing
      ? [...(line.match(PATH) ?? []), ...(line.match(MEMBER) ?? [])]
      : [...line.matchAll(/`([^`]+)`/g)].map(([, span]) => span!);
    for (const span of spans) {
      const missing = missingName(span, tree, words);
      if (missing) problems.push({ at: `${PAGE}:${i + 1}`, what: `${missing} does not exist` });
    }
  }
  return problems;
}

const SHELL_COMMANDS = new Set(['ls', 'node', 'npm', 'sotto']);

function missingName(span: string, tree: Tree, words: Set<string>): string | undefined {
  const name = span.replace(/\(.*\)$/, '');
  if (/[\s<>$~]|^-/.test(name) || SHELL_COMMANDS.has(name)) return undefined;
  if (/\/|\.(ts|mjs|md|json)$/.test(name)) {
    const [path, symbol] = name.split('#');
    const isThere = [...tree.keys()].some(
      (file) => file === path || file.startsWith(path!.replace(/\/?\*?$/, '/')),
    );
    if (!isThere && !/^[@.]/.test(name)) return path;
    return symbol === undefined || words.has(symbol) ? undefined : symbol;
  }
  return name.split('.').find((word) => /^[A-Za-z_]\w*$/.test(word) && !words.has(word));
}

/** Every identifier of our code, and every word of its texts: methods are named in both. */
function wordsOfCode(tree: Tree): Set<string> {
  const words = new Set<string>();
  for (const file of codeFiles(tree)) {
    if (isTest(file.path)) continue;
    everyNode(file, (node) => {
      if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) words.add(node.text);
      else if (ts.isStringLiteralLike(node)) {
        for (const word of node.text.split(/[^\w]+/)) words.add(word);
      }
    });
  }
  return words;
}
