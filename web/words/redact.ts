/**
 * Redaction: what a report or a log must not say when it is shown to others. IDs, invites, keys,
 * conversations, addresses, and the names of people go; words and numbers stay.
 * @module
 */

const REPLACED: readonly (readonly [pattern: RegExp, by: string])[] = [
  // Texts of ours, whole, cut, or in groups of four: 20 such characters are no word.
  [/sotto:(?:[\s-]?[a-z2-7]{4})+[a-z2-7]*(\?from=\S+)?/gi, '[id]'],
  [/\bc_[0-9a-z]+\b/g, '[chat]'],
  [/\b[0-9a-f]{16,}\b/gi, '[id]'],
  [/\b(?=[a-z]*[2-7])[a-z2-7]{20,}\b/gi, '[id]'],
  // IPv4 and IPv6, with a port or without.
  [/\b\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?\b/g, '[address]'],
  [/\[[0-9a-f:.%]*:[0-9a-f:.%]*\](:\d{1,5})?/gi, '[address]'],
  [/(?<![\w:.])(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f:]{3,}(?:\d{1,3}(?:\.\d{1,3}){3})?/gi, '[address]'],
  // Folders name the person whose they are.
  [/(\/(home|Users)\/)[^/\s]+/g, '$1[user]'],
  [/([A-Z]:\\Users\\)[^\\\s]+/g, '$1[user]'],
];

/** @param names of people, ours among them: wherever they stand as a word. */
export function redact(text: string, names: readonly string[] = []): string {
  // Longest first: "Ana Ruiz" before "Ana".
  const known = [...new Set(names.map((name) => name.trim()))]
    .filter((name) => name.length > 1)
    .sort((a, b) => b.length - a.length);
  let redacted = text;
  for (const name of known) {
    const whole = new RegExp(`(?<![\\p{L}\\p{N}])${escaped(name)}(?![\\p{L}\\p{N}])`, 'giu');
    redacted = redacted.replace(whole, '[name]');
  }
  for (const [pattern, by] of REPLACED) redacted = redacted.replace(pattern, by);
  return redacted;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
