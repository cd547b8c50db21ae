import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  NESTING_MAX,
  NODES_MAX,
  QUOTES_MAX,
  readMarkdown,
  type Block,
  type Inline,
} from './markdown.ts';

const text = (value: string): Inline => ({ kind: 'text', text: value });
const paragraph = (...children: Inline[]): Block => ({ kind: 'paragraph', children });
const inline = (value: string): readonly Inline[] => {
  const [block] = readMarkdown(value);
  return block?.kind === 'paragraph' ? block.children : [];
};

describe('marks inside a paragraph', () => {
  test('bold, italic, strike and code', () => {
    expect(inline('a **b** *c* _d_ ~~e~~ `f`')).toEqual([
      text('a '),
      { kind: 'bold', children: [text('b')] },
      text(' '),
      { kind: 'italic', children: [text('c')] },
      text(' '),
      { kind: 'italic', children: [text('d')] },
      text(' '),
      { kind: 'strike', children: [text('e')] },
      text(' '),
      { kind: 'code', text: 'f' },
    ]);
  });

  test('marks nest, and those that are not closed stay as they were typed', () => {
    expect(inline('**a *b* c**')).toEqual([
      {
        kind: 'bold',
        children: [text('a '), { kind: 'italic', children: [text('b')] }, text(' c')],
      },
    ]);
    expect(inline('*a **b*')).toEqual([{ kind: 'italic', children: [text('a **b')] }]);
    expect(inline('**a')).toEqual([text('**a')]);
  });

  test('what people type without meaning a mark', () => {
    for (const typed of ['snake_case_name', '2*3*4', '* ', '**', '____', 'a ** b ** c', '~~']) {
      expect(inline(typed), typed).toEqual([text(typed)]);
    }
  });

  test('nothing inside code is a mark', () => {
    expect(inline('`**a** <b>`')).toEqual([{ kind: 'code', text: '**a** <b>' }]);
  });

  test('marks around a link', () => {
    const [bold] = inline('**https://example.org/a_b_c**');
    expect(bold).toMatchObject({
      kind: 'bold',
      children: [{ kind: 'link', link: { href: 'https://example.org/a_b_c' } }],
    });
  });
});

describe('blocks', () => {
  test('code keeps its lines, its marks and its blanks', () => {
    expect(readMarkdown('a\n```js\n  **x**\n\n> y\n```\nb')).toEqual([
      paragraph(text('a')),
      { kind: 'code', text: '  **x**\n\n> y' },
      paragraph(text('b')),
    ]);
  });

  test('a fence without an end is text', () => {
    expect(readMarkdown('```\na')).toEqual([paragraph(text('```\na'))]);
  });

  test('quotes hold blocks, lists hold lines', () => {
    expect(readMarkdown('> a\n> - b\n- c\n- d\n3. e\n4. f')).toEqual([
      {
        kind: 'quote',
        children: [paragraph(text('a')), { kind: 'list', start: undefined, items: [[text('b')]] }],
      },
      { kind: 'list', start: undefined, items: [[text('c')], [text('d')]] },
      { kind: 'list', start: 3, items: [[text('e')], [text('f')]] },
    ]);
  });

  test('lines of a paragraph stay together', () => {
    expect(readMarkdown('a\r\nb\n\nc')).toEqual([paragraph(text('a\nb\n\nc'))]);
  });
});

/** Depth and number of all nodes. */
function measure(blocks: readonly Block[]): { nodes: number; marks: number; quotes: number } {
  let nodes = 0;
  let marks = 0;
  let quotes = 0;
  const inner = (children: readonly Inline[], depth: number): void => {
    for (const child of children) {
      nodes++;
      marks = Math.max(marks, depth);
      if ('children' in child) inner(child.children, depth + 1);
    }
  };
  const outer = (all: readonly Block[], depth: number): void => {
    quotes = Math.max(quotes, depth);
    for (const block of all) {
      nodes++;
      if (block.kind === 'paragraph') inner(block.children, 0);
      else if (block.kind === 'quote') outer(block.children, depth + 1);
      else if (block.kind === 'list') for (const item of block.items) inner(item, 0);
    }
  };
  outer(blocks, 0);
  return { nodes, marks, quotes };
}

/** Everything that is shown, in order, without marks. */
function shown(blocks: readonly Block[]): string {
  const inner = (children: readonly Inline[]): string =>
    children
      .map((child) => {
        if ('children' in child) return inner(child.children);
        return child.kind === 'link' ? child.link.text : child.text;
      })
      .join('');
  return blocks
    .map((block) => {
      if (block.kind === 'paragraph') return inner(block.children);
      if (block.kind === 'code') return block.text;
      return block.kind === 'quote' ? shown(block.children) : block.items.map(inner).join('');
    })
    .join('');
}

describe('any text', () => {
  const marked = fc
    .array(
      fc.constantFrom(
        ...['*', '**', '_', '~~', '`', '```', '\n', '> ', '- ', '1. ', 'a', 'b c', ' ', '<b>'],
        ...['https://a.b/', 'sotto:', '\u202e', '\u0301', '😀', '\ud800'],
      ),
      { maxLength: 200 },
    )
    .map((parts) => parts.join(''));

  test('no letter is lost, none is added', () => {
    const letters = (value: string): string => value.replace(/[\s*_~`>.\d•-]/g, '');
    fc.assert(
      fc.property(fc.oneof(marked, fc.string({ unit: 'binary' })), (value) => {
        // The language of a fence is not shown.
        fc.pre(!/```[\w+#-]/.test(value));
        expect(letters(shown(readMarkdown(value)))).toBe(letters(value));
      }),
      { numRuns: 500 },
    );
  });

  test('nesting and nodes are bounded', () => {
    fc.assert(
      fc.property(marked, (value) => {
        const { marks, quotes } = measure(readMarkdown(value));
        expect(marks).toBeLessThanOrEqual(NESTING_MAX);
        expect(quotes).toBeLessThanOrEqual(QUOTES_MAX);
      }),
      { numRuns: 500 },
    );
  });

  test('the worst texts of full length', () => {
    const size = 32 * 1024;
    const parts = ['*a', '**', '*a*', '~~a', '_a_ ', '`', '`a`', '> ', '- a\n', '```\n', '>\n'];
    for (const part of [...parts, 'https://a.b ', '\u0301', '(', 'sotto:', '*a **b ~~c ']) {
      const blocks = readMarkdown(part.repeat(size / part.length));
      // Texts between nodes at most double them.
      expect(measure(blocks).nodes, part).toBeLessThanOrEqual(3 * NODES_MAX);
    }
  });
});
