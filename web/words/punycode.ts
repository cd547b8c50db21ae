/**
 * Punycode of one label, decoding only (RFC 3492): what a host of `xn--` looks like when it is
 * drawn. Where it cannot be decoded the label stays as it is.
 * @module
 */
const PREFIX = 'xn--';
const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_N = 128;
/** A label of a host has at most 63 characters; numbers stay far below 2^53. */
const LABEL_CHARS_MAX = 63;
const CODE_POINT_MAX = 0x10ffff;

/** `xn--bcher-kva.example` -> `bücher.example`. */
export function hostAsDrawn(asciiHost: string): string {
  return asciiHost
    .split('.')
    .map((label) => decodeLabel(label) ?? label)
    .join('.');
}

/** @returns undefined for what is no punycode. */
function decodeLabel(label: string): string | undefined {
  if (!label.startsWith(PREFIX) || label.length > LABEL_CHARS_MAX) return undefined;
  const text = label.slice(PREFIX.length);
  const basicEnd = text.lastIndexOf('-');
  const points = [...text.slice(0, Math.max(basicEnd, 0))].map((char) => char.codePointAt(0)!);
  let at = basicEnd + 1;
  let n = INITIAL_N;
  let i = 0;
  let bias = INITIAL_BIAS;
  while (at < text.length) {
    const before = i;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = digitOf(text.charCodeAt(at++));
      if (digit === undefined) return undefined;
      i += digit * weight;
      const t = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < t) break;
      weight *= BASE - t;
      if (i > Number.MAX_SAFE_INTEGER / BASE || at >= text.length) return undefined;
    }
    const length = points.length + 1;
    bias = adapted(i - before, length, before === 0);
    n += Math.floor(i / length);
    i %= length;
    if (n > CODE_POINT_MAX || (n >= 0xd800 && n <= 0xdfff)) return undefined;
    points.splice(i++, 0, n);
  }
  return String.fromCodePoint(...points);
}

function digitOf(code: number): number | undefined {
  if (code >= 0x61 && code <= 0x7a) return code - 0x61;
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 26;
  return undefined;
}

function adapted(delta: number, length: number, isFirst: boolean): number {
  let left = isFirst ? Math.floor(delta / DAMP) : delta >> 1;
  left += Math.floor(left / length);
  let k = 0;
  while (left > ((BASE - T_MIN) * T_MAX) >> 1) {
    left = Math.floor(left / (BASE - T_MIN));
    k += BASE;
  }
  return k + Math.floor(((BASE - T_MIN + 1) * left) / (left + SKEW));
}
