/**
 * The part of a text in which something was found: some words around it, and the places to mark.
 * Texts of others go on as text, piece by piece.
 * @module
 */
export interface Piece {
  readonly text: string;
  readonly isFound: boolean;
}

/** Shown before the first place; what comes after it fills the line. */
const BEFORE_CHARS = 32;
const SHOWN_CHARS = 220;
const MORE = '…';

export function foundPart(text: string, wanted: string): readonly Piece[] {
  const line = text.replace(/\s+/gu, ' ').trim();
  const first = placesOf(line, wanted)[0];
  const from = first === undefined ? 0 : wordBefore(line, first[0]);
  const to = charEnd(line, from + SHOWN_CHARS);
  const shown = line.slice(from, to);
  const pieces: Piece[] = from > 0 ? [{ text: MORE, isFound: false }] : [];
  let done = 0;
  for (const [start, end] of placesOf(shown, wanted)) {
    if (start > done) pieces.push({ text: shown.slice(done, start), isFound: false });
    pieces.push({ text: shown.slice(start, end), isFound: true });
    done = end;
  }
  if (done < shown.length) pieces.push({ text: shown.slice(done), isFound: false });
  if (to < line.length) pieces.push({ text: MORE, isFound: false });
  return pieces;
}

/** Upper and lower case are the same, as in the daemon's search. */
function placesOf(text: string, wanted: string): [number, number][] {
  const needle = wanted.trim().replace(/\s+/gu, ' ');
  if (needle === '') return [];
  const places: [number, number][] = [];
  const pattern = new RegExp(needle.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'giu');
  for (const { index, 0: found } of text.matchAll(pattern)) {
    places.push([index, index + found.length]);
  }
  return places;
}

/** The beginning of a word, some characters before. */
function wordBefore(text: string, at: number): number {
  if (at <= BEFORE_CHARS) return 0;
  const space = text.indexOf(' ', at - BEFORE_CHARS);
  return space !== -1 && space < at ? space + 1 : charEnd(text, at - BEFORE_CHARS);
}

/** Not within a pair of surrogates. */
function charEnd(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at + 1 : Math.min(at, text.length);
}
