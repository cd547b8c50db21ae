/**
 * Hostile text for every place where a page shows what others wrote: forms of script injection as
 * they are known in public, bent by a seeded generator into as many as are wanted; and names that
 * look like others or turn the text around them.
 * @module
 */
import { Prng } from '@sotto/core/base/prng.ts';

/** What a payload would call: the page of a test has it. */
export const HIT = 'sottoHit';
/** Where a payload would lead: the page must never ask for it. */
export const TRAP = 'http://trap.invalid/';

const CODE = [`${HIT}(1)`, `top.${HIT}(1)`, `window['${HIT}'](1)`, `fetch('${TRAP}')`];
const HTML = [
  (code: string) => `<script>${code}</script>`,
  (code: string) => `<img src=x onerror=${code}>`,
  (code: string) => `<img src="${TRAP}x.png" onload="${code}">`,
  (code: string) => `<svg onload=${code}>`,
  (code: string) => `<svg><script>${code}</script></svg>`,
  (code: string) => `<svg><animate onbegin=${code} attributeName=x dur=1s>`,
  (code: string) => `<iframe srcdoc="<script>parent.${code}</script>"></iframe>`,
  (code: string) => `<iframe src="javascript:${code}"></iframe>`,
  (code: string) => `<a href="javascript:${code}">x</a>`,
  (code: string) => `<a href="java\nscript:${code}">x</a>`,
  (code: string) => `<math><mtext><table><mglyph><style><img src=x onerror=${code}>`,
  (code: string) => `<details open ontoggle=${code}>`,
  (code: string) => `<video><source onerror=${code}></video>`,
  (code: string) => `<input autofocus onfocus=${code}>`,
  (code: string) => `<form action="${TRAP}"><button formaction="javascript:${code}">x</button>`,
  (code: string) => `<object data="javascript:${code}"></object><embed src="${TRAP}">`,
  (code: string) => `<template><script>${code}</script></template><x onclick=${code}>`,
  (code: string) => `"><script>${code}</script>`,
  (code: string) => `'-${code}-'`,
  (code: string) => `\${${code}} {{${code}}} <%= ${code} %>`,
  (code: string) => `</textarea><img src=x onerror=${code}>`,
  (code: string) => `<!--<img src="--><img src=x onerror=${code}//">`,
] as const;
const FETCHING = [
  `<link rel=stylesheet href=${TRAP}a.css>`,
  `<link rel=prefetch href=${TRAP}>`,
  `<meta http-equiv=refresh content="0;url=${TRAP}">`,
  `<base href=${TRAP}>`,
  `<style>@import '${TRAP}a.css'; body{background:url(${TRAP}b)}</style>`,
  `<div style="background:url(${TRAP}c)">x</div>`,
  `<audio src=${TRAP}a autoplay>`,
  `![x](${TRAP}image.png)`,
] as const;
const MARKED = [
  (code: string) => `[x](javascript:${code})`,
  (code: string) => `[x](data:text/html,<script>${code}</script>)`,
  (code: string) => `<javascript:${code}>`,
  (code: string) => `https://example.org/"onmouseover="${code}`,
  (code: string) => `https://example.org/'><img src=x onerror=${code}>`,
  (code: string) => `\`\`\`\n<img src=x onerror=${code}>\n\`\`\``,
  (code: string) => `**<b onclick=${code}>**`,
  (code: string) => `> <svg onload=${code}>`,
  (code: string) => `sotto:javascript:${code}`,
  (code: string) => `mailto:a@b.c?body=<script>${code}</script>`,
  (code: string) => `vbscript:${code} data:text/html;base64,${btoa(`<script>${code}</script>`)}`,
] as const;

/** Names: without colons and line ends a name can hold as much as a text. */
export function* payloads(seed: number): Generator<string, never> {
  const { pick, chance } = choices(seed);
  for (;;) {
    const code = pick(CODE);
    const forms = [...HTML, ...MARKED];
    let text = chance(0.15) ? pick(FETCHING) : pick(forms)(code);
    if (chance(0.3)) text = bentCase(text, () => chance(0.5));
    if (chance(0.2))
      text = text.replace(/</g, () => pick(['<', '&lt;', '\\u003c', '%3C', '\uff1c']));
    if (chance(0.2)) text = text.replace(/ /g, () => pick([' ', '/', '\t', '\n', '\f', '\u00a0']));
    if (chance(0.15)) text = pick(['**', '`', '_', '> ', '- ', '~~', '# ']) + text;
    if (chance(0.15)) text = `${pick(forms)(pick(CODE))}${text}`;
    if (chance(0.1)) text = text.slice(0, -1 - Math.floor(text.length / 7));
    if (chance(0.1)) text = `${text}\u0000\u202e\ufeff`;
    yield text;
  }
}

const TURNING = ['\u202e', '\u202d', '\u2066', '\u2067', '\u2068', '\u061c', '\u200f', '\u200b'];
/** Letters drawn like these, in other scripts. */
const TWINS: Readonly<Record<string, string>> = {
  a: '\u0430', c: '\u0441', e: '\u0435', i: '\u0456', o: '\u03bf', p: '\u0440', s: '\u0455',
  x: '\u0445', y: '\u0443', j: '\u0458', h: '\u04bb', d: '\u0501', l: '\u04cf', w: '\u051d',
  A: '\u0410', B: '\u0412', C: '\u0421', E: '\u0395', H: '\u041d', K: '\u039a', M: '\u039c',
  O: '\u041e', P: '\u0420', T: '\u03a4', X: '\u03a7',
}; // prettier-ignore

/** Names that are drawn like `name` and are written in other letters. */
export function* lookAlikes(name: string, seed: number): Generator<string, never> {
  const { chance } = choices(seed);
  for (;;) {
    let twin = '';
    for (const letter of name) {
      const other = TWINS[letter];
      twin += other !== undefined && chance(0.5) ? other : chance(0.1) ? wide(letter) : letter;
    }
    if (twin !== name) yield twin;
  }
}

/** Names with characters that turn, hide or break what stands beside them. */
export function* turning(name: string, seed: number): Generator<string, never> {
  const { pick, chance } = choices(seed);
  for (;;) {
    const letters = [...name].map((letter) => (chance(0.4) ? pick(TURNING) + letter : letter));
    yield pick(TURNING) + letters.join('') + pick(['', '\u202c', '\u2069', 'gpj.exe']);
  }
}

function wide(letter: string): string {
  const code = letter.codePointAt(0)!;
  return code > 0x20 && code < 0x7f ? String.fromCodePoint(code + 0xfee0) : letter;
}

function bentCase(text: string, up: () => boolean): string {
  // Not the call itself: in capitals it would call nothing.
  return text.replace(/<\/?[a-z]+|on[a-z]+=|javascript:/g, (word) =>
    [...word].map((letter) => (up() ? letter.toUpperCase() : letter)).join(''),
  );
}

function choices(seed: number) {
  const random = new Prng(seed);
  return {
    pick: <T>(from: readonly T[]): T => from[Math.floor(random.unit() * from.length)]!,
    chance: (share: number): boolean => random.unit() < share,
  };
}
