/**
 * Names: what people call themselves and each other, made harmless. Control, format and
 * bidirectional characters could make one name look like another, or break a screen (CON-3).
 * @module
 */
import { utf8 } from '../base/bytes.ts';
import { NAME_BYTES_MAX, NAME_POINTS_MAX } from '../base/limits.ts';

/**
 * A name without control, format (bidi, zero-width), private-use or lone-surrogate characters,
 * white space folded, at most 64 code points and 256 bytes; undefined where nothing is left.
 */
export function cleanName(text: string): string | undefined {
  const plain = text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .replace(/\p{White_Space}+/gu, ' ')
    .trim();
  let name = '';
  let points = 0;
  for (const point of plain) {
    if (points >= NAME_POINTS_MAX || utf8(name + point).length > NAME_BYTES_MAX) break;
    name += point;
    points++;
  }
  name = name.trim();
  return name === '' ? undefined : name;
}

/** How two names are compared when a person types one: case and width do not matter. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
