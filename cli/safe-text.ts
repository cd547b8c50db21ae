/**
 * Text from other people on a terminal: nothing in it may act. Names and messages can hold
 * escape sequences, bidirectional overrides and invisible letters; here they become visible.
 *
 *   C0, DEL, C1, lone surrogates        \u{1b}      would drive the terminal
 *   bidi overrides, embeddings, marks   \u{202e}    would reorder what stands beside them
 *   separators, invisible letters       \u{2028}    would break lines, or make two names look equal
 *   right-to-left text                  isolated    between U+2068 and U+2069, put there by us
 *   all but ASCII, where the locale     \u{e9}      bytes of UTF-8 are C1 controls to an
 *   is not UTF-8                                    eight-bit terminal
 *
 * Kept: joiners that scripts and emoji need, variation selectors. Spec: docs/spec/cli.md CLI-20.
 * @module
 */

/** Code units that must not reach a terminal. Tabs and newlines are among them. */
const ACTING = new RegExp(
  '[' +
    '\\u0000-\\u001f\\u007f-\\u009f' + // C0, DEL, C1
    '\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f' + // soft hyphen, marks, zero-width space
    '\\u2028-\\u202e\\u2060-\\u206f' + // separators, embeddings, overrides, isolates
    '\\ufeff\\ufff9-\\ufffb' + // byte order mark, annotations
    '\\u{e0000}-\\u{e007f}' + // tags: a hidden alphabet
    '\\ud800-\\udfff' + // with the u flag: surrogates that stand alone
    ']',
  'gu',
);
const NOT_ASCII = /[^\x20-\x7e]/gu;
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

/** One line of text in which nothing acts; applying it twice changes nothing more. */
export function visible(text: string, utf8: boolean): string {
  return text.replace(utf8 ? ACTING : NOT_ASCII, escape);
}

/** Keeps right-to-left text from reordering what stands left and right of it. */
export function isolated(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? ISOLATE + text + POP_ISOLATE : text;
}

/** One field of a `--plain` record: reversible, without tabs and newlines. */
export function plainField(text: string, utf8: boolean): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return visible(escaped, utf8);
}

/** JSON in which nothing acts on a terminal: escapes that every parser reads back. */
export function safeJson(value: unknown, utf8: boolean): string {
  const acting = utf8 ? ACTING : NOT_ASCII;
  return JSON.stringify(value).replace(acting, (char) => {
    const units = Array.from({ length: char.length }, (_, i) => char.charCodeAt(i));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

/** Shortens to `columns`, never inside a letter with its accents or an emoji with its parts. */
export function truncated(text: string, columns: number, utf8: boolean): string {
  if (columnsOf(text) <= columns) return text;
  const more = utf8 ? '…' : '...';
  const room = columns - more.length;
  let used = 0;
  let kept = '';
  for (const { segment } of new Intl.Segmenter('en').segment(text)) {
    used += columnsOf(segment);
    if (used > room) break;
    kept += segment;
  }
  return kept + more;
}

/** Fills up with spaces to `columns`. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/**
 * Columns a terminal gives to a text: two for East Asian wide letters and emoji, none for what
 * combines. An estimate (terminals differ), used for layout only.
 */
export function columnsOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const char of text) columns += COMBINES.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return columns;
}

const COMBINES = /^[\p{Mn}\p{Me}\u200c\u200d\ufe00-\ufe0f\u2068\u2069]$/u;
const WIDE = new RegExp(
  '^[' +
    '\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\u4dbf\\u4e00-\\u9fff\\ua000-\\ua4cf' +
    '\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe4f\\uff00-\\uff60\\uffe0-\\uffe6' +
    '\\u{1f300}-\\u{1f64f}\\u{1f680}-\\u{1f6ff}\\u{1f900}-\\u{1f9ff}\\u{20000}-\\u{3fffd}' +
    ']$',
  'u',
);

function escape(char: string): string {
  return `\\u{${char.codePointAt(0)!.toString(16)}}`;
}
