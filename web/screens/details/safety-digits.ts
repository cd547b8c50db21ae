/**
 * The digits of a safety number as a person typed or pasted it: spaces, dashes and what cannot be
 * seen are forgiven.
 * @module
 */
export const SAFETY_DIGITS = 60;

/** Undefined where anything but digits is in it. The daemon has the last word. */
export function digitsOf(text: string): string | undefined {
  const digits = text.normalize('NFKC').replace(/[\s\p{Cf}\p{Pd}\u2212]/gu, '');
  return /^\d*$/.test(digits) ? digits : undefined;
}
