/**
 * Links inside messages. Only http, https, mailto and `sotto:` become links; the text of a link is
 * always the address as it was written, so no text can claim another target. What the eye could
 * take for another host is told beside it, and the worst of it asks first.
 *
 *   https://example.org/a        a link
 *   https://bücher.example       a link, with (xn--bcher-kva.example) after it
 *   https://paypal.com@evil.org  asks first, with (evil.org) after it
 *   https://аррӏе.com            asks first: letters that look like Latin ones and are not
 *   sotto:...                    an ID or an invite: opens the page that adds people
 *
 * @module
 */
import { hostAsDrawn } from './punycode.ts';

export interface Link {
  readonly kind: 'web' | 'mail' | 'sotto';
  /** As it was written. */
  readonly text: string;
  /** Where it leads, in ASCII. */
  readonly href: string;
  /** The host in ASCII, where what was written looks different. */
  readonly host: string | undefined;
  /** The host as it is drawn, where it was written in punycode. */
  readonly drawn: string | undefined;
  /** A person could take it for another host. */
  readonly suspicious: boolean;
}

/** A message full of links stays cheap. */
const LINK_CHARS_MAX = 2_048;
/** Blanks, controls, what acts on the text around it, and what never stands in an address. */
const ENDS =
  '\\s<>"`\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e' +
  '\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb';
const START = new RegExp(
  `(?<![\\p{L}\\p{N}_])(?:https?://[^${ENDS}]+|mailto:[^${ENDS}]+@[^${ENDS}]+|` +
    `sotto:(?://)?[a-z2-7]{56,160}(?![a-z2-7]))`,
  'giu',
);
/** Ends of sentences and closing brackets belong to the text around a link. */
const TRAILING = /[.,;:!?'*_~)\]}»”’]+$/u;

export type Piece = string | Link;

/** Cuts a text into links and what stands between them. Linear in its length. */
export function findLinks(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(START)) {
    const written = trimmed(match[0]);
    const link = readLink(written);
    if (!link) continue;
    if (match.index > from) pieces.push(text.slice(from, match.index));
    pieces.push(link);
    from = match.index + written.length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

/** A closing bracket stays where its opening one is inside. */
function trimmed(written: string): string {
  const tail = TRAILING.exec(written)?.[0] ?? '';
  const short = written.slice(0, written.length - tail.length);
  return tail.startsWith(')') && short.includes('(') ? `${short})` : short;
}

function readLink(text: string): Link | undefined {
  if (text.length > LINK_CHARS_MAX) return undefined;
  const plain = { text, host: undefined, drawn: undefined, suspicious: false };
  if (/^sotto:/i.test(text)) return { ...plain, kind: 'sotto', href: text };
  const url = readUrl(text);
  if (!url) return undefined;
  if (url.protocol === 'mailto:') return { ...plain, kind: 'mail', href: url.href };
  if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '') {
    return undefined;
  }
  const drawn = hostAsDrawn(url.hostname);
  const written = writtenHost(text);
  const hasUser = url.username !== '' || url.password !== '';
  return {
    kind: 'web',
    text,
    href: url.href,
    host: written === url.host && !hasUser ? undefined : url.host,
    drawn: drawn !== url.hostname && written === url.host ? drawn : undefined,
    suspicious: hasUser || looksLikeAnother(drawn),
  };
}

function readUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** What stands where a person looks for the host. */
function writtenHost(text: string): string {
  const after = text.slice(text.indexOf('//') + 2);
  return after.split(/[/?#\\]/, 1)[0]!.toLowerCase();
}

const SCRIPTS = [
  ...['Latin', 'Greek', 'Cyrillic', 'Armenian', 'Hebrew', 'Arabic', 'Devanagari', 'Thai'],
  ...['Georgian', 'Hangul', 'Hiragana', 'Katakana', 'Bopomofo', 'Han', 'Cherokee', 'Ethiopic'],
] as const;
const SCRIPT_TESTS = SCRIPTS.map((name) => [name, new RegExp(`\\p{Script=${name}}`, 'u')] as const);
/** Scripts that are written together, after "highly restrictive" of UTS 39. */
const TOGETHER: readonly ReadonlySet<string>[] = [
  new Set(['Latin', 'Han', 'Hiragana', 'Katakana']),
  new Set(['Latin', 'Han', 'Bopomofo']),
  new Set(['Latin', 'Han', 'Hangul']),
];
/** Letters of other scripts that are drawn like Latin ones. */
const LIKE_LATIN = /^[асеорхуіјѕԁһӏցոսвкмнтгьпзաοαιυνρτκχωεηβγ0-9-]+$/u;
const ASCII = /^[\u0000-\u007f]*$/;

/** True where a label mixes scripts, or is written in look-alikes of Latin letters only. */
function looksLikeAnother(drawn: string): boolean {
  return drawn.split('.').some((label) => {
    if (ASCII.test(label)) return false;
    if (LIKE_LATIN.test(label)) return true;
    const used = new Set<string>();
    for (const char of label) {
      if (!/\p{L}/u.test(char)) continue;
      used.add(SCRIPT_TESTS.find(([, test]) => test.test(char))?.[0] ?? 'another');
    }
    if (used.size <= 1) return used.has('another') && !/^\p{L}[\p{L}\p{M}\p{N}-]*$/u.test(label);
    return !TOGETHER.some((set) => [...used].every((script) => set.has(script)));
  });
}
