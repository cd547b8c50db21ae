/**
 * Invites as people hand them over: the link that the daemon made, and who it is from. The name
 * is a courtesy for whoever reads it, as on an envelope: it proves nothing, and what reads the
 * link stops before it (docs/spec/identity.md IDN-3).
 *
 *   sotto:aiqh...7xk?from=Ana
 *
 * @module
 */
import { shownName } from './name.ts';

const FROM = /sotto:[^?#]*\?from=([^\s&#"'<>]{1,400})/i;
const NAME_CHARS_MAX = 64;

export function linkFrom(link: string, name: string): string {
  const cut = [...name.trim()].slice(0, NAME_CHARS_MAX).join('');
  return cut === '' ? link : `${link}?from=${encodeURIComponent(cut)}`;
}

/** Who a pasted invite says it is from; undefined where it does not. Never throws. */
export function fromOf(text: string): string | undefined {
  const given = FROM.exec(text)?.[1];
  if (given === undefined) return undefined;
  try {
    const name = shownName(decodeURIComponent(given)).trim();
    return name === '' ? undefined : [...name].slice(0, NAME_CHARS_MAX).join('');
  } catch {
    // Cut in the middle of a letter.
    return undefined;
  }
}
