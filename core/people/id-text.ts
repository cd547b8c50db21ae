/**
 * Text forms: what people copy, paste, type and scan (IDN-1 to IDN-5).
 *
 *   `sotto:` + base32 of        offset  size  field
 *                               0       1     form: 01 an ID, 02 an invite (invite-text.ts)
 *                               1       n     payload; of an ID: the identity key, n = 32
 *                               n + 1   2     check: first bytes of H("sotto id" form payload)
 *
 * An ID has 56 characters, of which screens may show 14 groups of 4. Reading forgives what copying
 * adds: case, white space, hyphens, invisible and bidirectional characters, a missing prefix, words
 * around it. It never guesses: what does not check is named, so that a person knows what to do.
 * @module
 */
import { assert } from '../base/assert.ts';
import { base32, concat, equal, fromBase32, utf8 } from '../base/bytes.ts';
import { sha256 } from '../crypto/hash.ts';

export const ID_CHARACTERS = 56;
export const INVITE_CHARACTERS = 116;
/** More than this is a document, not something pasted here. */
export const PASTED_CHARACTERS_MAX = 8_192;

const PREFIX = 'sotto:';
const CHECK_BYTES = 2;
const FORM_ID = 1;
const FORM_INVITE = 2;
const CHARACTERS_OF: Readonly<Record<number, number>> = {
  [FORM_ID]: ID_CHARACTERS,
  [FORM_INVITE]: INVITE_CHARACTERS,
};

/** Why a text is refused; `characters` of `of` were there. */
export type TextFault =
  | { readonly fault: 'incomplete' | 'too long'; readonly characters: number; readonly of: number }
  | { readonly fault: 'typing error' | 'not an ID' | 'newer version' };
export type TextRead =
  | { readonly ok: true; readonly form: 'id' | 'invite'; readonly payload: Uint8Array }
  | ({ readonly ok: false } & TextFault);
export type IdRead =
  { readonly ok: true; readonly identity: Uint8Array } | ({ readonly ok: false } & TextFault);

/** The ID of an identity key (32 bytes), as one word: what is copied. */
export function formatId(identity: Uint8Array): string {
  assert(identity.length === 32, 'an identity key is 32 bytes');
  return writeText('id', identity);
}

/** Reads an ID; an invite is "not an ID" here. */
export function parseId(text: string): IdRead {
  const read = readText(text);
  if (!read.ok) return read;
  return read.form === 'id'
    ? { ok: true, identity: read.payload }
    : { ok: false, fault: 'not an ID' };
}

/** The text of a payload in one of the forms. */
export function writeText(form: 'id' | 'invite', payload: Uint8Array): string {
  const body = concat(Uint8Array.of(form === 'id' ? FORM_ID : FORM_INVITE), payload);
  return PREFIX + base32(concat(body, checkOf(body)));
}

function checkOf(body: Uint8Array): Uint8Array {
  return sha256(utf8('sotto id'), body).subarray(0, CHECK_BYTES);
}

/** Reads whichever form is there. Never throws. */
export function readText(text: string): TextRead {
  if (text.length > PASTED_CHARACTERS_MAX) return { ok: false, fault: 'not an ID' };
  const plain = text
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Variation_Selector}]/gu, '')
    .toLowerCase();
  const at = plain.indexOf(PREFIX);
  const rest = at < 0 ? plain : plain.slice(at + PREFIX.length);
  return at < 0 ? readBare(rest) : readAfterPrefix(rest);
}

const SPACING = /[\s\p{Pd}\u2212]+/gu;
const NOT_BODY = /[^a-z2-7\s\p{Pd}\u2212]/u;

/** After the prefix comes the body and then, perhaps, the rest of a message. */
function readAfterPrefix(rest: string): TextRead {
  const from = rest.replace(/^[\s/]+/, '');
  const run = from.split(NOT_BODY, 1)[0]!;
  const body = run.replace(SPACING, '');
  const of = CHARACTERS_OF[formOf(body)];
  if (of !== undefined && body.length > of && endsWord(run, of)) {
    return readBody(body.slice(0, of), 'typing error');
  }
  // A letter or digit that no text of ours has, where the body should go on.
  const isMistyped = /^[\p{L}\p{N}]/u.test(from.slice(run.length));
  if (isMistyped && body.length < (of ?? ID_CHARACTERS)) {
    return { ok: false, fault: 'typing error' };
  }
  if (body.length < 2) {
    return { ok: false, fault: 'incomplete', characters: body.length, of: ID_CHARACTERS };
  }
  return readBody(body, 'typing error');
}

/** Without the prefix nothing but the body may be there, and it must look like one. */
function readBare(text: string): TextRead {
  const body = text.replace(SPACING, '');
  const wrong = body.replace(/[a-z2-7]/g, '').length;
  // Forms below 8 begin with `a`; names and words of any language are not 20 such characters.
  const looksRight = body.startsWith('a') && body.length >= 20 && wrong <= 2;
  if (!looksRight) return { ok: false, fault: 'not an ID' };
  if (wrong > 0) return { ok: false, fault: 'typing error' };
  return readBody(body, 'not an ID');
}

/** Does a word of `run` end exactly behind its first `count` body characters? */
function endsWord(run: string, count: number): boolean {
  let seen = 0;
  for (const character of run) {
    const isBody = /[a-z2-7]/.test(character);
    if (seen === count) return !isBody;
    if (isBody) seen++;
  }
  return seen === count;
}

/** The form byte: the first 8 of the 10 bits of two characters. */
function formOf(body: string): number {
  return fromBase32(`${body.slice(0, 2)}aaaaaa`)?.[0] ?? 0;
}

/** @param otherwise the fault of what has no known form. */
function readBody(body: string, otherwise: 'typing error' | 'not an ID'): TextRead {
  const form = formOf(body);
  const of = CHARACTERS_OF[form];
  const bytes = fromBase32(body);
  const checks =
    bytes !== undefined &&
    bytes.length > 1 + CHECK_BYTES &&
    equal(checkOf(bytes.subarray(0, -CHECK_BYTES)), bytes.subarray(-CHECK_BYTES));
  if (of === undefined) {
    if (checks) return { ok: false, fault: 'newer version' };
    return { ok: false, fault: body.length >= ID_CHARACTERS ? 'typing error' : otherwise };
  }
  if (body.length === of) {
    if (!checks) return { ok: false, fault: 'typing error' };
    const payload = bytes.slice(1, -CHECK_BYTES);
    return { ok: true, form: form === FORM_ID ? 'id' : 'invite', payload };
  }
  // An ID whose second character is mistyped reads as a short invite.
  if (body.length === ID_CHARACTERS) return { ok: false, fault: 'typing error' };
  const fault = body.length < of ? 'incomplete' : 'too long';
  return { ok: false, fault, characters: body.length, of };
}
