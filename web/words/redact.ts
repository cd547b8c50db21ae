/**
 * Redaction: what a report or a log must not say when it is shown to others. IDs, invites, keys,
 * conversations and addresses go; words and numbers stay. Names of people cannot be told from
 * words: neither is ever written with them (words/report.ts, the log of the daemon).
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

export function redact(text: string): string {
  let redacted = text;
  for (const [pattern, by] of REPLACED) redacted = redacted.replace(pattern, by);
  return redacted;
}
