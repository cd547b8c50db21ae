/**
 * `npm run bars` lists the bars; `npm run bars -- A1 A2` measures; `--short` takes a first look;
 * `--part=NAME` measures one part of a bar that has parts; `npm run battery` measures all of them,
 * one after the other.
 * The last line of each bar is its verdict; the exit code is 1 where one was missed.
 * @module
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, runBar, type Bar } from './bar.ts';

/** Every file `a1.ts`, `b2.ts` ... in this folder exports one bar as `bar`. */
async function loadBars(): Promise<Bar[]> {
  const folder = join(ROOT, 'lab', 'bars');
  const files = readdirSync(folder).filter((file) => /^[a-z]\d+\.ts$/.test(file));
  const modules = files.sort().map((file) => import(pathToFileURL(join(folder, file)).href));
  return ((await Promise.all(modules)) as { bar: Bar }[]).map(({ bar }) => bar);
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

const words = process.argv.slice(2);
const short = words.includes('--short');
const bars = await loadBars();
const part = words.find((word) => word.startsWith('--part='))?.slice('--part='.length);
const named = words.filter((word) => !word.startsWith('--')).map((word) => word.toUpperCase());
const wanted = named.includes('ALL') ? bars.map(({ id }) => id) : named;
if (wanted.length === 0) {
  for (const { id, title } of bars) process.stdout.write(`${id}  ${title}\n`);
} else {
  const unknown = wanted.filter((id) => !bars.some((bar) => bar.id === id));
  if (unknown.length > 0) refuse(`no such bar: ${unknown.join(', ')}`);
  const chosen = bars.filter(({ id }) => wanted.includes(id));
  const whole = chosen.find(({ parts = [] }) => part !== undefined && !parts.includes(part));
  if (whole) refuse(`${whole.id} has ${whole.parts?.join(', ') ?? 'no parts'}, not ${part}`);
  let met = true;
  for (const bar of chosen) {
    met = (await runBar(bar, short, part)) && met;
  }
  process.exit(met ? 0 : 1);
}
