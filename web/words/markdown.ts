/**
 * Markdown-lite: the few marks that people type in messages, read into a small tree. Screens make
 * text nodes of it and never HTML. Whatever is no mark stays as it was typed.
 *
 *   **bold**  *italic*  _italic_  ~~strike~~  `code`      inside a paragraph
 *   ``` ... ```                                            lines of code
 *   > quote     - item     1. item                         at the start of a line
 *
 * Linear in the length of the text; marks nest at most NESTING_MAX deep, and a text makes at most
 * NODES_MAX nodes: what comes after stays plain.
 * @module
 */
import { findLinks, type Link } from './link.ts';

export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'link'; readonly link: Link }
  | { readonly kind: Mark; readonly children: readonly Inline[] };
export type Mark = 'bold' | 'italic' | 'strike';

export type Block =
  | { readonly kind: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'quote'; readonly children: readonly Block[] }
  | {
      readonly kind: 'list';
      /** Number of the first item; undefined for a list of dots. */
      readonly start: number | undefined;
      readonly items: readonly (readonly Inline[])[];
    };

/** One of each mark: bold in bold says nothing more. */
export const NESTING_MAX = 3;
export const QUOTES_MAX = 3;
export const NODES_MAX = 1_500;

const FENCE = /^ {0,3}```[\w+#.-]{0,20}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const DOT = /^ {0,3}[-*•] +(?=\S)/;
const NUMBER = /^ {0,3}(\d{1,6})[.)] +(?=\S)/;

/** Nodes that may still be made. */
interface Left {
  nodes: number;
}

export function readMarkdown(text: string): readonly Block[] {
  return readBlocks(text.split(/\r\n?|\n/), 0, { nodes: NODES_MAX });
}

function readBlocks(lines: readonly string[], quotes: number, left: Left): Block[] {
  const blocks: Block[] = [];
  const lastFence = lines.findLastIndex((line) => FENCE.test(line));
  let at = 0;
  /** Lines from `at` on that `test` holds for: at least one, at most `most`. */
  const run = (test: (line: string) => boolean, most = lines.length): readonly string[] => {
    const from = at++;
    while (at < lines.length && at - from < most && test(lines[at]!)) at++;
    return lines.slice(from, at);
  };
  /** Items of a list, without what marks them. */
  const items = (mark: RegExp): (readonly Inline[])[] => {
    const own = run((next) => mark.test(next), left.nodes);
    return own.map((next) => {
      left.nodes--;
      return readInline(next.replace(mark, ''), left);
    });
  };
  while (at < lines.length) {
    const line = lines[at]!;
    left.nodes--;
    if (left.nodes <= 0) {
      blocks.push(plain(run(() => true)));
    } else if (FENCE.test(line) && at < lastFence) {
      const inside = run((next) => !FENCE.test(next)).slice(1);
      blocks.push({ kind: 'code', text: inside.join('\n') });
      at++;
    } else if (QUOTE.test(line) && quotes < QUOTES_MAX) {
      const inside = run((next) => QUOTE.test(next)).map((next) => next.replace(QUOTE, ''));
      blocks.push({ kind: 'quote', children: readBlocks(inside, quotes + 1, left) });
    } else if (DOT.test(line)) {
      blocks.push({ kind: 'list', start: undefined, items: items(DOT) });
    } else if (NUMBER.test(line)) {
      const start = Number(NUMBER.exec(line)![1]);
      blocks.push({ kind: 'list', start, items: items(NUMBER) });
    } else {
      const own = run((next) => !startsBlock(next, quotes));
      blocks.push({ kind: 'paragraph', children: readInline(own.join('\n'), left) });
    }
  }
  return blocks;
}

function startsBlock(line: string, quotes: number): boolean {
  if (FENCE.test(line) || DOT.test(line) || NUMBER.test(line)) return true;
  return quotes < QUOTES_MAX && QUOTE.test(line);
}

function plain(lines: readonly string[]): Block {
  return { kind: 'paragraph', children: [{ kind: 'text', text: lines.join('\n') }] };
}

/** A mark that was opened, and what stands in it so far. */
interface Open {
  readonly mark: Mark | undefined;
  readonly written: string;
  readonly children: Inline[];
}

/** Marks as they are typed. An opening one has no blank after it, a closing one none before it. */
const MARKS = /`[^`\n]+`|\*\*|~~|\*|_/gu;
const MARK_OF: Readonly<Record<string, Mark>> = {
  '**': 'bold',
  '*': 'italic',
  _: 'italic',
  '~~': 'strike',
};

function readInline(text: string, left: Left): readonly Inline[] {
  const stack: Open[] = [{ mark: undefined, written: '', children: [] }];
  const pieces = left.nodes > 0 ? findLinks(text) : [text];
  for (const [i, piece] of pieces.entries()) {
    if (typeof piece === 'string') {
      // Beside a link stands something, at the ends a blank.
      readMarks(
        piece,
        [i > 0 ? SOMETHING : ' ', i + 1 < pieces.length ? SOMETHING : ' '],
        stack,
        left,
      );
    } else {
      left.nodes--;
      add(stack, left.nodes > 0 ? { kind: 'link', link: piece } : textOf(piece.text));
    }
  }
  while (stack.length > 1) giveUp(stack);
  return stack[0]!.children;
}

const SOMETHING = '.';

/** @param beside the characters before and after `text`. */
function readMarks(
  text: string,
  beside: readonly [string, string],
  stack: Open[],
  left: Left,
): void {
  let from = 0;
  for (const match of text.matchAll(MARKS)) {
    if (left.nodes <= 0) break;
    const written = match[0];
    const until = match.index;
    const before = text[until - 1] ?? beside[0];
    const after = text[until + written.length] ?? beside[1];
    if (written.startsWith('`')) {
      addText(stack, text.slice(from, until));
      left.nodes--;
      add(stack, { kind: 'code', text: written.slice(1, -1) });
    } else if (closes(stack, written, before, after)) {
      addText(stack, text.slice(from, until));
      left.nodes--;
      close(stack, written);
    } else if (opens(stack, written, before, after)) {
      addText(stack, text.slice(from, until));
      stack.push({ mark: MARK_OF[written], written, children: [] });
    } else continue;
    from = until + written.length;
  }
  addText(stack, text.slice(from));
}

const BLANK = /\s/;
const WORD = /[\p{L}\p{N}]/u;

function opens(stack: readonly Open[], written: string, before: string, after: string): boolean {
  if (BLANK.test(after) || stack.length > NESTING_MAX) return false;
  // snake_case and 2*3 are no marks.
  if (written.length === 1 && WORD.test(before)) return false;
  return !stack.some(({ mark }) => mark === MARK_OF[written]);
}

function closes(stack: readonly Open[], written: string, before: string, after: string): boolean {
  if (BLANK.test(before) || (written === '_' && WORD.test(after))) return false;
  const open = stack.findLast((one) => one.written === written);
  if (!open) return false;
  // Nothing stands in it yet: `**` is no bold.
  return open !== stack.at(-1) || open.children.length > 0 || before !== written.at(-1);
}

function close(stack: Open[], written: string): void {
  while (stack.at(-1)!.written !== written) giveUp(stack);
  const { mark, children } = stack.pop()!;
  add(stack, { kind: mark!, children });
}

/** It was never closed: it was no mark, and stays as it was typed. */
function giveUp(stack: Open[]): void {
  const { written, children } = stack.pop()!;
  addText(stack, written);
  for (const child of children) add(stack, child);
}

function add(stack: Open[], node: Inline): void {
  const { children } = stack.at(-1)!;
  const last = children.at(-1);
  if (node.kind === 'text' && last?.kind === 'text') {
    children[children.length - 1] = textOf(last.text + node.text);
  } else children.push(node);
}

function addText(stack: Open[], text: string): void {
  if (text !== '') add(stack, textOf(text));
}

function textOf(text: string): Inline {
  return { kind: 'text', text };
}
