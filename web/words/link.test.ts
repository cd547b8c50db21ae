import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findLinks, type Link } from './link.ts';

const links = (text: string): readonly Link[] =>
  findLinks(text).filter((piece) => typeof piece !== 'string');
const only = (text: string): Link => {
  const [link, ...more] = links(text);
  expect(more).toEqual([]);
  return link!;
};

describe('what becomes a link', () => {
  test('http, https, mailto and sotto, and nothing else', () => {
    expect(only('see https://example.org/a?b=c#d.')).toEqual({
      kind: 'web',
      text: 'https://example.org/a?b=c#d',
      href: 'https://example.org/a?b=c#d',
      host: undefined,
      drawn: undefined,
      suspicious: false,
    });
    expect(only('HTTP://EXAMPLE.org')).toMatchObject({ href: 'http://example.org/' });
    expect(only('<mailto:ana@example.org>')).toMatchObject({ kind: 'mail' });
    expect(only(`sotto:${'a'.repeat(56)}`)).toMatchObject({ kind: 'sotto' });
    const not = ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'ftp://a.b'];
    for (const text of [...not, 'www.example.org', 'https://', 'xhttps://a.b', 'sotto:abc']) {
      expect(links(text), text).toEqual([]);
    }
  });

  test('signs after it belong to the sentence, brackets to what they open', () => {
    expect(only('(https://a.example/b)').text).toBe('https://a.example/b');
    expect(only('https://a.example/b_(c)').text).toBe('https://a.example/b_(c)');
    expect(only('**https://a.example/**').text).toBe('https://a.example/');
  });

  test('what is invisible ends it', () => {
    expect(only('https://a.example/\u202egpj.exe').text).toBe('https://a.example/');
    expect(only('https://a.exam\u200bple/').text).toBe('https://a.exam');
  });
});

describe('hosts that look like others', () => {
  test('both forms of a host that is not ASCII', () => {
    expect(only('https://bücher.example/a')).toMatchObject({
      host: 'xn--bcher-kva.example',
      drawn: undefined,
      suspicious: false,
    });
    expect(only('https://xn--bcher-kva.example/a')).toMatchObject({
      host: undefined,
      drawn: 'bücher.example',
      suspicious: false,
    });
  });

  test('whole words of look-alikes, and mixed scripts, ask first', () => {
    const bad = ['аррӏе.com', 'xn--80ak6aa92e.com', 'pаypal.com', 'gοοgle.com', 'exаmple.org'];
    for (const host of bad) expect(only(`https://${host}/`).suspicious, host).toBe(true);
    const good = ['пример.испытание', '例え.jp', 'παράδειγμα.gr', 'münchen.de', 'example.org'];
    for (const host of good) expect(only(`https://${host}/`).suspicious, host).toBe(false);
  });

  test('a name before the host asks first, and the real host is told', () => {
    expect(only('https://paypal.com@evil.example/a')).toMatchObject({
      host: 'evil.example',
      suspicious: true,
    });
    expect(only('https://example.org\\@evil.example/')).toMatchObject({ host: undefined });
    expect(only('http://0x7f.1/')).toMatchObject({ host: '127.0.0.1' });
  });
});

test('any text: the pieces are the text, and every target is of an allowed kind', () => {
  const part = fc.oneof(
    fc.constantFrom(
      'https://',
      'http://a.b',
      'mailto:',
      '@',
      'sotto:',
      'javascript:',
      '://',
      'xn--',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const text = parts.join('');
      const pieces = findLinks(text);
      const again = pieces.map((piece) => (typeof piece === 'string' ? piece : piece.text));
      expect(again.join('')).toBe(text);
      for (const piece of pieces) {
        if (typeof piece !== 'string') expect(piece.href).toMatch(/^(https?:|mailto:|sotto:)/i);
      }
    }),
    { numRuns: 500 },
  );
});
