/**
 * The limits that docs/spec/limits.md publishes are those of the code.
 */
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = new URL('..', import.meta.url);
const page = readFileSync(new URL('docs/spec/limits.md', root), 'utf8');
const ROW = /^\| `(\w+)` \| ([\d,]+) \| (\S+) \|/gm;
const rows = [...page.matchAll(ROW)].map(([, name, value, file]) => ({
  name: name!,
  value: Number(value!.replaceAll(',', '')),
  file: file!,
}));

/** Numeric constants of a file: literals and sums of them, by name. */
function constantsOf(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const value = (node: ts.Expression): number | undefined => {
    if (ts.isNumericLiteral(node)) return Number(node.text.replaceAll('_', ''));
    if (ts.isParenthesizedExpression(node)) return value(node.expression);
    if (ts.isIdentifier(node)) return found.get(node.text);
    if (!ts.isBinaryExpression(node)) return undefined;
    const [left, right] = [value(node.left), value(node.right)];
    if (left === undefined || right === undefined) return undefined;
    const operators: Record<string, number> = {
      '*': left * right,
      '+': left + right,
      '-': left - right,
      '/': left / right,
      '**': left ** right,
    };
    return operators[node.operatorToken.getText()];
  };
  const source = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      const number = initializer && value(initializer);
      if (number !== undefined) found.set(name.getText(), number);
    }
  }
  return found;
}

function constantsIn(file: string): Map<string, number> {
  return constantsOf(readFileSync(new URL(file, root), 'utf8'));
}

test('[LIM-1] every limit of the page has its name and value in the code', () => {
  expect(rows.length).toBeGreaterThan(25);
  const inCode = rows.map(({ name, file }) => ({ name, value: constantsIn(file).get(name), file }));
  expect(inCode).toEqual(rows);
});

test('[LIM-3] the page lists all of core/base/limits.ts', () => {
  const shared = 'core/base/limits.ts';
  const listed = rows.filter(({ file }) => file === shared).map(({ name }) => name);
  expect(listed.sort()).toEqual([...constantsIn(shared).keys()].sort());
});

test('[LIM-1] the reader of constants reads sums and refuses what is none', () => {
  const text =
    'export const A = 16 * 1_024; const B = (A + 2 ** 3) / 2; const C = f(); const D = C;';
  expect([...constantsOf(text)]).toEqual([
    ['A', 16384],
    ['B', 8196],
  ]);
});
