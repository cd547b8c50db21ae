/**
 * Matching of names while one types: parts of words count, accents and case do not, and one letter
 * may be wrong in four, two in eight. All of it here, nothing is asked.
 *
 *   query "an ruis"   name "Ana Ruiz"   an: begins a word   ruis: one letter off
 *
 * @module
 */

/** Points of one word of the query; the words of a name must take all of them. */
const WHOLE = 4;
const BEGINS = 3;
const WITHIN = 2;
const NEARLY = 1;
const ONE_WRONG_CHARS = 4;
const TWO_WRONG_CHARS = 8;
/** What is longer than a name is no name. */
const QUERY_CHARS_MAX = 256;

/** Lower case without accents, as far as both sides of a comparison need it. */
export function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

export function wordsOf(text: string): readonly string[] {
  return folded(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** How well it matches; 0 for not at all, and any name matches the empty query. */
export function matchScore(name: string, query: string): number {
  const wanted = wordsOf(query.slice(0, QUERY_CHARS_MAX));
  if (wanted.length === 0) return query.trim() === '' ? 1 : 0;
  const there = wordsOf(name);
  let sum = 0;
  for (const [place, word] of wanted.entries()) {
    let best = 0;
    for (const [at, other] of there.entries()) {
      // The first word of a name is the one that people begin with.
      const points = wordScore(other, word) + (at === 0 && place === 0 ? 0.5 : 0);
      if (points >= 1) best = Math.max(best, points);
    }
    if (best === 0) return 0;
    sum += best;
  }
  return sum / wanted.length;
}

function wordScore(word: string, wanted: string): number {
  if (word === wanted) return WHOLE;
  if (word.startsWith(wanted)) return BEGINS;
  if (word.includes(wanted)) return WITHIN;
  const wrongMax = wrongLetters(wanted);
  return wrongMax > 0 && beginsNearly(word, wanted, wrongMax) ? NEARLY : 0;
}

function wrongLetters(wanted: string): number {
  if (wanted.length < ONE_WRONG_CHARS) return 0;
  return wanted.length < TWO_WRONG_CHARS ? 1 : 2;
}

/**
 * Whether some beginning of `word` is at most `wrongMax` edits from `wanted`: a letter too many,
 * too few, another one, or two in the wrong order (optimal string alignment).
 */
function beginsNearly(word: string, wanted: string, wrongMax: number): boolean {
  const longest = Math.min(word.length, wanted.length + wrongMax);
  let older: number[] = [];
  let before = Array.from({ length: longest + 1 }, (_, at) => at);
  for (let i = 1; i <= wanted.length; i++) {
    const row = [i];
    for (let j = 1; j <= longest; j++) {
      const same = wanted[i - 1] === word[j - 1];
      let edits = Math.min(before[j]! + 1, row[j - 1]! + 1, before[j - 1]! + (same ? 0 : 1));
      const isSwapped = i > 1 && j > 1 && wanted[i - 1] === word[j - 2];
      if (isSwapped && wanted[i - 2] === word[j - 1]) edits = Math.min(edits, older[j - 2]! + 1);
      row.push(edits);
    }
    older = before;
    before = row;
  }
  return Math.min(...before) <= wrongMax;
}
