/**
 * Counters for branches, put into the source of decoders before they are bundled, so that the
 * fuzzer sees which input took a new way and the report says which ways were never taken.
 *
 *   construct          branches
 *   if, while, do, for  the condition held, it did not
 *   c ? a : b           a, b
 *   l && r, ||, ??      the left side decided, the right side was asked
 *   a ??= r             r was taken (also &&=, ||=)
 *   case, default       each
 *   catch               entered
 *
 * A branch costs one load and one test once it was taken: `hit[n] || first(n)`. Conditions inside
 * `assert(...)` are not counted: no input may make them fail. `new Uint8Array(size)` is counted
 * too, in bytes, because memory that a length claims and nobody touches costs no time.
 * @module
 */
import ts from 'typescript';

/** One way through the source. `owner` is `function` or `Class.method`. */
export interface Branch {
  readonly file: string;
  readonly line: number;
  readonly owner: string;
  readonly kind: string;
}

const HEADER =
  'const { hit: $h, first: $f, and: $and, or: $or, nil: $nil, bytes: $u8 } = globalThis.fuzz;';
const SHORT = new Map([
  [ts.SyntaxKind.AmpersandAmpersandToken, '$and'],
  [ts.SyntaxKind.BarBarToken, '$or'],
  [ts.SyntaxKind.QuestionQuestionToken, '$nil'],
]);
const ASSIGNING = new Set([
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
]);

/** The source with counters; every branch is appended to `branches`, its index is its counter. */
export function instrument(file: string, source: string, branches: Branch[]): string {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  return HEADER + new Writer(file, source, tree, branches).text(tree);
}

class Writer {
  constructor(
    private readonly file: string,
    private readonly source: string,
    private readonly tree: ts.SourceFile,
    private readonly branches: Branch[],
  ) {}

  /** The text of a node with all that is inside it rewritten. */
  text(node: ts.Node): string {
    if (isAssertion(node)) return this.source.slice(node.pos, node.end);
    const children: { child: ts.Node; text: string }[] = [];
    ts.forEachChild(node, (child) => void children.push({ child, text: this.#child(node, child) }));
    let text = '';
    let at = node.pos;
    for (const { child, text: inside } of children) {
      text += this.source.slice(at, child.pos) + inside;
      at = child.end;
    }
    text += this.source.slice(at, node.end);
    return this.#around(node, text);
  }

  /** What a child becomes because of its place in its parent. */
  #child(parent: ts.Node, child: ts.Node): string {
    const text = this.text(child);
    if (isCondition(parent, child)) {
      const [yes, no] = [this.#hit(child, 'held'), this.#hit(child, 'did not hold')];
      return ` ((${text})?(${yes},true):(${no},false))`;
    }
    if (ts.isConditionalExpression(parent) && child === parent.whenTrue) {
      return ` (${this.#hit(child, '? taken')},${text})`;
    }
    if (ts.isConditionalExpression(parent) && child === parent.whenFalse) {
      return ` (${this.#hit(child, ': taken')},${text})`;
    }
    if (ts.isBinaryExpression(parent)) return this.#operand(parent, child, text);
    return text;
  }

  #operand(parent: ts.BinaryExpression, child: ts.Node, text: string): string {
    const operator = parent.operatorToken.kind;
    const short = SHORT.get(operator);
    if (short !== undefined && child === parent.left) {
      return ` ${short}(${this.#add(child, 'decided alone')},${text})`;
    }
    const counted = short !== undefined || ASSIGNING.has(operator);
    if (counted && child === parent.right) return ` (${this.#hit(child, 'asked')},${text})`;
    return text;
  }

  /** What a node becomes by itself. */
  #around(node: ts.Node, text: string): string {
    if (ts.isCaseOrDefaultClause(node)) {
      const statements = node.statements.pos;
      const head = text.indexOf(':', this.#headLength(node, text)) + 1;
      const hit = this.#add(node, `case, line ${this.#line(statements)}`);
      return `${text.slice(0, head)} ${hitOf(hit)};${text.slice(head)}`;
    }
    if (ts.isCatchClause(node)) {
      const brace = text.indexOf('{') + 1;
      return `${text.slice(0, brace)} ${this.#hit(node, 'caught')};${text.slice(brace)}`;
    }
    if (ts.isNewExpression(node) && /^\s*new Uint8Array[(<]/.test(text)) {
      return text.replace(/new Uint8Array(<\w+>)?\(/, '$$u8(');
    }
    return text;
  }

  /** Where a clause's own colon is to be looked for: behind its expression. */
  #headLength(node: ts.CaseOrDefaultClause, text: string): number {
    if (!ts.isCaseClause(node)) return 0;
    const expression = this.source.slice(node.expression.getStart(), node.expression.end);
    return text.indexOf(expression) + expression.length;
  }

  #hit(node: ts.Node, kind: string): string {
    return hitOf(this.#add(node, kind));
  }

  #add(node: ts.Node, kind: string): number {
    const { file } = this;
    const line = this.#line(node.getStart());
    return this.branches.push({ file, line, owner: ownerOf(node), kind }) - 1;
  }

  #line(at: number): number {
    return this.tree.getLineAndCharacterOfPosition(at).line + 1;
  }
}

function hitOf(branch: number): string {
  return `$h[${branch}]||$f(${branch})`;
}

function isAssertion(node: ts.Node): boolean {
  return ts.isCallExpression(node) && node.expression.getText() === 'assert';
}

function isCondition(parent: ts.Node, child: ts.Node): boolean {
  if (child.kind === ts.SyntaxKind.TrueKeyword) return false;
  if (ts.isForStatement(parent)) return child === parent.condition;
  const asks = ts.isIfStatement(parent) || ts.isWhileStatement(parent) || ts.isDoStatement(parent);
  return asks && child === parent.expression;
}

/** The function, or class and method, that a node stands in. */
function ownerOf(node: ts.Node): string {
  const names: string[] = [];
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) {
    if (isNamed(at) && at.name !== undefined) names.unshift(at.name.getText());
    else if (ts.isConstructorDeclaration(at)) names.unshift('constructor');
  }
  return names.join('.');
}

function isNamed(
  node: ts.Node,
): node is
  ts.FunctionDeclaration | ts.ClassDeclaration | ts.MethodDeclaration | ts.VariableDeclaration {
  const isTopLevel = (): boolean => ts.isSourceFile(node.parent.parent.parent);
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    (ts.isVariableDeclaration(node) && isTopLevel())
  );
}
