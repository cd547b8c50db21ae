import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const CSS = readFileSync(new URL('../web/style/tokens.css', import.meta.url), 'utf8');

/** Colours of a theme: those of the light one, and what the theme has of its own. */
function themeOf(selector: string): ReadonlyMap<string, string> {
  const blocks = [':root {', selector].map((start) => {
    const from = CSS.indexOf(start);
    if (from < 0) throw new Error(`no ${start}`);
    return CSS.slice(from, CSS.indexOf('\n}', from));
  });
  const found = blocks.join('\n').matchAll(/--([a-z0-9-]+): (#[0-9a-f]{6});/g);
  return new Map([...found].map(([, name, colour]) => [name!, colour!]));
}

/** WCAG 2.2: relative luminance of sRGB. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

const TEXTS = ['ink', 'ink-2', 'ink-3', 'accent', 'ok', 'warn', 'danger'];
const ROUTES = ['route-direct', 'route-lan', 'route-relay', 'route-mailbox', 'route-waiting'];
const GROUNDS = ['bg', 'surface', 'sunk'];
const OTHER_TEXTS = [
  ['on-accent', 'accent'],
  ['on-accent', 'accent-hover'],
  ['bg', 'ink'],
  ['ink', 'mention'],
  ['ink-2', 'mention'],
  ...['ink', 'ink-2', 'ink-3', 'accent', 'warn', 'danger'].map((text) => [text, 'bubble-own']),
] as const;

describe.each([
  ['light', ':root {'],
  ['dark', ":root[data-theme='dark'] {"],
  ['contrast', ":root[data-theme='contrast'] {"],
])('%s', (_, selector) => {
  const theme = themeOf(selector);
  const between = (a: string, b: string): number => contrast(theme.get(a)!, theme.get(b)!);
  const below = (pairs: readonly (readonly string[])[], least: number): string[] =>
    pairs
      .filter(([a, b]) => !(between(a!, b!) >= least))
      .map(([a, b]) => `${a} on ${b}: ${between(a!, b!).toFixed(2)}`);

  test('every text stands out from what is behind it by 4.5', () => {
    const pairs = TEXTS.flatMap((text) => GROUNDS.map((ground) => [text, ground]));
    expect(below([...pairs, ...OTHER_TEXTS], 4.5)).toEqual([]);
  });

  test('borders of controls, threads and the mark of focus do by 3', () => {
    const shapes = ['line-strong', 'focus', ...ROUTES];
    const grounds = [...GROUNDS, 'bubble-own'];
    expect(
      below(
        shapes.flatMap((a) => grounds.map((b) => [a, b])),
        3,
      ),
    ).toEqual([]);
  });
});

test('the contrasts are those that the design computed', () => {
  const light = themeOf(':root {');
  expect(contrast(light.get('ink')!, light.get('bg')!)).toBeCloseTo(15.0, 0);
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
});
