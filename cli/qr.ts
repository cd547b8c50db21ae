/**
 * QR codes on a terminal: two rows of modules per line with half blocks, or two columns per
 * module in ASCII. Light modules are drawn, dark ones left out, because most terminals are dark;
 * where colours are allowed both are set, and the code is right on any background.
 * @module
 */
import { encode } from 'uqr';
import type { Output } from './output.ts';

/** Modules of white around the code; the standard asks for 4, readers are content with 2. */
const BORDER = 2;

export function printQr(out: Output, text: string): void {
  const { data } = encode(text, { ecc: 'L', border: BORDER });
  const rows = out.utf8 ? halfBlocks(data) : ascii(data);
  for (const row of rows) {
    // With colours set, a drawn module is the dark one on a light ground.
    out.line(out.look.colorOut ? { text: invert(row), style: 'dark on light' } : row);
  }
}

const HALVES = ['█', '▀', '▄', ' '] as const;

/** Index: 1 where the upper module is light and the lower dark, 2 the other way, 3 both dark. */
function halfBlocks(data: readonly (readonly boolean[])[]): string[] {
  const rows: string[] = [];
  for (let y = 0; y < data.length; y += 2) {
    const lower = data[y + 1];
    rows.push(
      data[y]!.map((dark, x) => {
        const lowerDark = lower?.[x] ?? true;
        return dark ? (lowerDark ? HALVES[3] : HALVES[2]) : lowerDark ? HALVES[1] : HALVES[0];
      }).join(''),
    );
  }
  return rows;
}

function ascii(data: readonly (readonly boolean[])[]): string[] {
  return data.map((row) => row.map((dark) => (dark ? '  ' : '##')).join(''));
}

const INVERSE: Readonly<Record<string, string>> = {
  '█': ' ',
  '▀': '▄',
  '▄': '▀',
  ' ': '█',
  '#': ' ',
};

function invert(row: string): string {
  if (row.includes('#')) return [...row].map((char) => (char === ' ' ? '#' : ' ')).join('');
  return [...row].map((char) => INVERSE[char] ?? char).join('');
}
