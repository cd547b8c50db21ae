/**
 * What is taken out of every text before it reaches the log or a report: what could name a person,
 * where on this computer they keep their things and, unless it is allowed, an address (API-16).
 * @module
 */

const STRING_LENGTH_MAX = 200;
/** Replacing takes time: what is longer is no text of ours. */
const LENGTH_READ_MAX = 4096;

const ADDRESSES = [
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g,
  /\[?(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:\]:\d{1,5})?/gi,
];
const SECRETS = [
  /sotto:\S+/gi,
  /\bc_[0-9a-z]+\b/gi, // a conversation is named after its people
  /[0-9a-f]{24,}/gi,
  /[A-Za-z0-9+/_-]{32,}={0,2}/g,
];
/** Absolute paths; between quotes, as the system tells them, there may be blanks. */
const PATHS = [
  /(?<=')(?:\/|[A-Z]:\\).*?(?='(?:[\s,;)]|$))/gi,
  /(?<=file:\/\/|^|[^\w.\]\\/-])(?:\/[^\s/\\'"(),;:]+){2,}\/?/g,
  /\b[A-Z]:\\[^\s'"(),;:]+/gi,
];
/** Deep enough that its last part is no person's own folder. */
const PARTS_MIN = 3;

/** A text without what could name a person or, unless allowed, show a place. */
export function redact(text: string, showsAddresses: boolean): string {
  let clean = text.slice(0, LENGTH_READ_MAX);
  for (const pattern of PATHS) clean = clean.replace(pattern, lastPart);
  for (const pattern of SECRETS) clean = clean.replace(pattern, '[id]');
  if (!showsAddresses) {
    for (const pattern of ADDRESSES) clean = clean.replace(pattern, '[address]');
  }
  return clean.slice(0, STRING_LENGTH_MAX);
}

/** Why something failed: the code where the system says so, whose message shows folders. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/** A home folder is named after its owner, and is where the data lies. */
function lastPart(path: string): string {
  // A key in base64 can look like a path: no half of it may stay.
  if (/^[A-Za-z0-9+/_-]{32,}={0,2}$/.test(path)) return '[id]';
  const parts = path.split(/[/\\]/).filter((part) => part !== '' && !/^[A-Z]:$/i.test(part));
  return parts.length < PARTS_MIN ? '[folder]' : `[folder]/${parts.at(-1)}`;
}
