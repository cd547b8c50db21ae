/**
 * Pseudo-locale: English made longer and accented, so that a text that was forgotten, joined from
 * parts or cut off is seen without knowing another language. Placeholders and ICU syntax stay.
 * @module
 */

const ACCENTED: Readonly<Record<string, string>> = {
  a: 'á', c: 'ç', e: 'ë', i: 'ï', n: 'ñ', o: 'ö', s: 'š', u: 'ü', y: 'ý',
  A: 'Å', C: 'Ç', E: 'É', I: 'Î', N: 'Ñ', O: 'Ø', S: 'Š', U: 'Û', Y: 'Ý',
}; // prettier-ignore
/** Other languages need up to this much more room. */
const LONGER = 0.4;
const RIGHT_TO_LEFT = '\u202b';
const POP = '\u202c';

/** @param message ICU; text inside braces stays as it is, but for the branches of a plural. */
export function pseudo(message: string, direction: 'ltr' | 'rtl'): string {
  let depth = 0;
  let text = '';
  for (const char of message) {
    if (char === '{') depth++;
    // Even depths are text: `{n, plural, one {# message} other {# messages}}`.
    text += depth % 2 === 0 ? (ACCENTED[char] ?? char) : char;
    if (char === '}') depth--;
  }
  const more = '~'.repeat(Math.ceil(message.length * LONGER));
  const padded = `[${text} ${more}]`;
  return direction === 'rtl' ? RIGHT_TO_LEFT + padded + POP : padded;
}
