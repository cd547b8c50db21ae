/**
 * What core must not use, with what to use instead: core is synchronous, and time and entropy
 * come in as arguments, so that a seed replays everything.
 * @module
 */
import ts from 'typescript';
import { importsOf } from './imports.ts';
import { codeFiles, everyNode, isTest, problemAt } from './tree.ts';
import type { Problem, Tree } from './tree.ts';

const TIME = 'take `nowMs` or `Now` as an argument (core/base/time.ts)';
const WAKE = 'say when in `wakeAtMs()` and act in the next `handle*`';
const SYNC = 'core is synchronous: return an effect, take its answer as an input';
const BYTES = 'use Uint8Array and core/base/bytes.ts';

const BANNED_GLOBALS: Readonly<Record<string, string>> = {
  Date: TIME,
  performance: TIME,
  setTimeout: WAKE,
  setInterval: WAKE,
  setImmediate: WAKE,
  queueMicrotask: WAKE,
  Promise: SYNC,
  Buffer: BYTES,
  console: 'return a `log` effect',
  process: 'take what you need as an argument; the daemon reads the process',
  fetch: 'return an effect; the daemon does I/O',
  crypto: 'take `random: Random`; sums of cryptography are in core/crypto',
};
const MATH_RANDOM = 'take `random: Random` (core/base/time.ts)';

/** Uses of banned things in core outside core/crypto. */
export function bannedInCore(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  for (const file of codeFiles(tree)) {
    if (!file.path.startsWith('core/') || file.path.startsWith('core/crypto/')) continue;
    if (isTest(file.path)) continue;
    everyNode(file, (node) => {
      const found = bannedAt(node);
      if (found) problems.push(problemAt(file, node, `${found.name} in core: ${found.instead}`));
    });
  }
  return problems;
}

function bannedAt(node: ts.Node): { name: string; instead: string } | undefined {
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return { name: 'async', instead: SYNC };
  if (ts.isAwaitExpression(node)) return { name: 'await', instead: SYNC };
  if (!ts.isIdentifier(node)) return undefined;
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    const whole = parent.getText();
    return whole === 'Math.random' ? { name: whole, instead: MATH_RANDOM } : undefined;
  }
  const instead = Object.hasOwn(BANNED_GLOBALS, node.text) ? BANNED_GLOBALS[node.text] : undefined;
  if (instead === undefined || isOwnName(node)) return undefined;
  return { name: node.text, instead };
}

/** The name of a member or key, as in `{ process: 1 }`: not the global. */
function isOwnName(node: ts.Identifier): boolean {
  const parent = node.parent;
  const named = parent as ts.Node & { readonly name?: ts.Node };
  return (
    named.name === node &&
    !ts.isShorthandPropertyAssignment(parent) &&
    !ts.isVariableDeclaration(parent)
  );
}

/** Codecs that must store or tell a secret, and why. Nobody else holds its bytes. */
const REVEALERS: Readonly<Record<string, string>> = {
  'daemon/proxy.ts': 'a proxy is told the password, as its protocol says',
  'core/discovery/door-saved.ts': 'writes documents of the vault',
  'core/discovery/presence-saved.ts': 'writes a document of the vault',
  'core/discovery/record.ts': 'tells the gate secret to one contact, sealed for him',
  'core/link/noise.ts': 'mixes the pre-shared key into the handshake',
  'lab/bars/b1-attack.ts': 'tries as keys what an attacker could have',
  'core/relay/server.ts': 'tells the owner of a reservation its key',
  'core/compose/places-saved.ts': 'writes a document of the vault',
  'core/people/contact.ts': 'writes a document of the vault',
  'core/people/gate.ts': 'writes a document of the vault',
  'core/people/knock.ts': 'tells the pair secret to one device, sealed by the ratchet',
  'core/people/request.ts': 'writes a document of the vault',
  'core/people/invite.ts': 'writes a document of the vault',
  'core/people/invite-text.ts': 'writes the invite that a person hands over',
};

/** Uses of `.reveal()` elsewhere, unless the bytes go straight into core/crypto. */
export function reveals(tree: Tree, allowed: Readonly<Record<string, string>> = REVEALERS) {
  const problems: Problem[] = [];
  for (const file of codeFiles(tree)) {
    if (file.path.startsWith('core/crypto/') || isTest(file.path)) continue;
    if (Object.hasOwn(allowed, file.path) || !file.text.includes('.reveal(')) continue;
    const ours = new Set(
      importsOf(file).flatMap(({ target, names }) =>
        target.startsWith('core/crypto/') ? (names ?? []) : [],
      ),
    );
    everyNode(file, (node) => {
      if (!isReveal(node) || (isArgument(node) && ours.has(node.parent.expression.getText()))) {
        return;
      }
      const what = 'reveals a secret: pass it straight to core/crypto, or name the file and why in';
      problems.push(problemAt(file, node, `${what} tools/tidy/banned.ts`));
    });
  }
  return problems;
}

function isReveal(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  return node.expression.name.text === 'reveal';
}

function isArgument(node: ts.Node): node is ts.Node & { readonly parent: ts.CallExpression } {
  return ts.isCallExpression(node.parent) && node.parent.expression !== node;
}
