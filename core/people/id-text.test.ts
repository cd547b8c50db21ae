import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { base32, concat, fromHex, hex, utf8 } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { sha256 } from '../crypto/hash.ts';
import { Secret } from '../crypto/keys.ts';
import { formatId, parseId, readText, type IdRead } from './id-text.ts';
import { formatInvite } from './invite-text.ts';

// RFC 8032 7.1, test 1: a public key anyone can make.
const KEY = fromHex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')!;
const ID = 'sotto:ahlvvgabqkyqvn6vjp7nhslea45a5yls6pnkmizfv4bbu2hxa5irvd47';
const BODY = ID.slice('sotto:'.length);
const GROUPED = `sotto: ${BODY.match(/.{4}/g)!.join(' ')}`;

function summary(read: IdRead): string {
  if (read.ok) return hex(read.identity) === hex(KEY) ? 'the key' : 'another key';
  return 'of' in read ? `${read.fault} ${read.characters} of ${read.of}` : read.fault;
}

function read(text: string): string {
  return summary(parseId(text));
}

test('[IDN-1] an ID is sotto: and 56 characters over form, key and check', () => {
  expect(formatId(KEY)).toBe(ID);
  expect(BODY).toHaveLength(56);
  const body = concat(Uint8Array.of(1), KEY);
  const check = sha256(utf8('sotto id'), body).subarray(0, 2);
  expect(ID).toBe(`sotto:${base32(concat(body, check))}`);
});

test('[IDN-1] every key comes back from its ID, and only its own', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const parsed = parseId(formatId(key));
      expect(parsed.ok && hex(parsed.identity)).toBe(hex(key));
    }),
  );
});

test('[IDN-2] 14 groups of 4 read back', () => {
  expect(GROUPED).toMatch(/^sotto:( [a-z2-7]{4}){14}$/);
  expect(read(GROUPED)).toBe('the key');
});

describe('[IDN-3] copying adds things; they are forgiven:', () => {
  const spaced = BODY.match(/.{4}/g)!.join(' ');
  test.each([
    ['upper case', ID.toUpperCase()],
    ['no prefix', BODY],
    ['groups', spaced],
    ['hyphens', BODY.match(/.{4}/g)!.join('-')],
    ['dashes and minus signs', BODY.match(/.{8}/g)!.join(' \u2013 \u2212 ')],
    ['line breaks', `  sotto:\r\n${BODY.slice(0, 30)}\n  ${BODY.slice(30)}\t`],
    ['no-break and thin spaces', BODY.match(/.{4}/g)!.join('\u00a0\u2009')],
    ['zero-width characters', `\ufeff${[...ID].join('\u200b')}\u2060`],
    ['bidirectional marks', `\u202b\u2066${ID}\u2069\u202c\u200f`],
    ['soft hyphens', BODY.match(/.{6}|.+/g)!.join('\u00ad')],
    ['variation selectors', [...ID].join('\ufe0f')],
    [
      'full-width letters',
      [...ID].map((c) => String.fromCodePoint(c.charCodeAt(0) + 0xfee0)).join(''),
    ],
    ['slashes of a link', `sotto://${BODY}`],
    ['a message around', `Hi! This is me: ${ID}. See you, Ana`],
    ['a message right behind', `my id\n${ID}\nsee you there`],
    ['brackets', `<${ID}>`],
  ])('%s', (_, text) => {
    expect(read(text)).toBe('the key');
  });
});

describe('[IDN-4] what is wrong is named:', () => {
  test.each([
    ['nothing', '', 'not an ID'],
    ['words', 'hello there', 'not an ID'],
    ['a sentence', 'Come on over tonight at eight, we will have some food', 'not an ID'],
    ['an address', 'ana@example.org', 'not an ID'],
    ['a phone number', '+44 20 7946 0958', 'not an ID'],
    ['a web address', 'https://example.org/a/b/c?d=ahlvvgabqkyqvn6vjp7nhslea45a', 'not an ID'],
    ['a hash', hex(KEY), 'not an ID'],
    ['the prefix alone', 'sotto:', 'incomplete 0 of 56'],
    ['one character', 'sotto:a', 'incomplete 1 of 56'],
    ['5 missing', ID.slice(0, -5), 'incomplete 51 of 56'],
    ['1 missing', ID.slice(0, -1), 'incomplete 55 of 56'],
    ['5 missing, in groups', GROUPED.slice(0, -6), 'incomplete 51 of 56'],
    ['5 missing, no prefix', BODY.slice(0, -5), 'incomplete 51 of 56'],
    ['cut by a full stop', `${ID.slice(0, -4)}.`, 'incomplete 52 of 56'],
    ['1 too many', `${ID}a`, 'too long 57 of 56'],
    ['twice', `${ID}${BODY}`, 'too long 112 of 56'],
    ['a digit that base32 lacks', ID.replace('q', '0'), 'typing error'],
    ['a wrong group', GROUPED.replace(' vgab', ' 8gab'), 'typing error'],
    ['a letter beyond ASCII', ID.replace('q', 'é'), 'typing error'],
    ['two letters swapped', ID.replace('lv', 'vl'), 'typing error'],
    ['a wrong second letter', ID.replace('ah', 'ai'), 'typing error'],
    ['a wrong first letter', ID.replace('ah', 'bh'), 'typing error'],
    ['a wrong letter without prefix', BODY.replace('lv', 'lw'), 'typing error'],
    ['a document', 'a'.repeat(9000), 'not an ID'],
  ])('%s', (_, text, expected) => {
    expect(read(text)).toBe(expected);
  });
});

test('[IDN-4] of all single wrong characters none passes unseen but one in 65,536', () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz234567';
  const verdicts = new Map<string, number>();
  for (let at = 0; at < BODY.length; at++) {
    for (const letter of letters) {
      if (letter === BODY[at]) continue;
      const verdict = read(`sotto:${BODY.slice(0, at)}${letter}${BODY.slice(at + 1)}`);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    }
  }
  expect([...verdicts.keys()]).toEqual(['typing error']);
  expect(verdicts.get('typing error')).toBe(56 * 31);
});

test('[IDN-5] a form of later versions is told from a typing error by its check', () => {
  const body = concat(Uint8Array.of(3), new Uint8Array(40).fill(7));
  const check = sha256(utf8('sotto id'), body).subarray(0, 2);
  const text = `sotto:${base32(concat(body, check))}`;
  expect(read(text)).toBe('newer version');
  expect(read(text.replace('a', 'b'))).toBe('typing error');
});

test('[IDN-5] an invite is no ID, and text of any kind never throws', () => {
  const random = new Prng(5).bytes;
  const secret = new Secret('invite' as const, random(32));
  const invite = formatInvite({ secret, identity: KEY, expiresMs: 0, reusable: false });
  expect(read(invite)).toBe('not an ID');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      readText(text);
      readText(`sotto:${text}`);
      readText(ID.slice(0, 30) + text);
    }),
    { numRuns: 500 },
  );
});
