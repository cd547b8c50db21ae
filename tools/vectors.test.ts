/**
 * Every file of test data says where it comes from, and every file that is told of is there.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../vectors/', import.meta.url));

test('vectors/README.md has one line for each file, with its source and licence', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/README\.md$|\.ts$/.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll('//', '/'))
    .map((path) => path.slice(folder.length))
    .sort();
  const page = readFileSync(`${folder}README.md`, 'utf8');
  const told = [...page.matchAll(/^- `([^`]+)`: (.+)$/gm)].map(([, path]) => path!);
  expect(files.length).toBeGreaterThan(5);
  expect(told.sort()).toEqual(files);
  for (const section of page.split('\n## ').slice(1)) {
    expect(section).toMatch(
      /AGPL-3\.0|Apache-2\.0|BSD-3-Clause|MIT|Unlicense|Public domain|IETF Trust/,
    );
  }
});
