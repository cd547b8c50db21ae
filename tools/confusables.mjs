/**
 * Makes core/people/confusables.ts from Unicode's confusables.txt (UTS #39):
 *
 *   node tools/confusables.mjs confusables.txt > core/people/confusables.ts
 *
 * Left out are characters that no clean name holds and those that NFKC changes: they never reach
 * the table.
 * @module
 */
import { readFileSync } from 'node:fs';

const COLUMNS = 98;
const LINE = /^([0-9A-F]{4,6}) ;\s*([0-9A-F ]+) ;\s*MA/;
const NEVER_IN_NAMES = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{White_Space}]/u;

const text = readFileSync(process.argv[2], 'utf8');
const version = /^# Version: ([\d.]+)$/m.exec(text)[1];
const groups = new Map();
for (const line of text.split('\n')) {
  const [, source, target] = LINE.exec(line) ?? [];
  if (source === undefined) continue;
  const char = String.fromCodePoint(parseInt(source, 16));
  if (NEVER_IN_NAMES.test(char) || char.normalize('NFKC') !== char) continue;
  const key = target.trim().replaceAll(' ', '+').toLowerCase();
  groups.set(key, [...(groups.get(key) ?? []), source.toLowerCase()]);
}

/** A target with many sources is named once for every so many of them. */
const SOURCES_EACH = 12;
const words = [...groups].flatMap(([target, sources]) =>
  Array.from({ length: Math.ceil(sources.length / SOURCES_EACH) }, (_, i) =>
    [target, ...sources.slice(i * SOURCES_EACH, (i + 1) * SOURCES_EACH)].join(','),
  ),
);
const lines = [''];
for (const word of words) {
  if (lines.at(-1).length + word.length + 1 > COLUMNS - 6) lines.push('');
  lines[lines.length - 1] += lines.at(-1) === '' ? word : ` ${word}`;
}
process.stdout.write(`/**
 * Characters that look alike (Unicode ${version}, UTS #39 confusables, "MA"), made by
 * tools/confusables.mjs. A word is \`target,source,source...\`: code points in hex, several of a
 * target joined by \`+\`. Data © Unicode, Inc., Unicode License V3.
 * @module
 */
export const CONFUSABLES =
${lines.map((line, i) => `  '${line}${i < lines.length - 1 ? ' ' : ''}'`).join(' +\n')};
`);
