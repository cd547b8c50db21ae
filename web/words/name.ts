/**
 * Names and other people's words inside sentences: nothing in them may act on what stands beside
 * them, and nothing invisible stays invisible.
 * @module
 */

/** What would reorder, hide or break the text around it. */
const ACTING = new RegExp(
  '[' +
    '\\u0000-\\u001f\\u007f-\\u009f' + // controls
    '\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f' + // soft hyphen, marks, zero-width space
    '\\u2028-\\u202e\\u2060-\\u206f' + // separators, embeddings, overrides, isolates
    '\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}' + // byte order mark, annotations, tags
    '\\ud800-\\udfff' + // surrogates that stand alone
    ']',
  'gu',
);
const ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

/** A name alone on its element, which has `dir="auto"` or is a `<bdi>`. */
export function shownName(name: string): string {
  return name.replace(ACTING, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}

/** A name inside a sentence. */
export function nameIn(name: string): string {
  return ISOLATE + shownName(name) + POP_ISOLATE;
}
