/**
 * `npm run bench` measures everything and writes docs/BENCHMARKS.md; `npm run bench -- --short`
 * takes a first look at few samples and writes nothing. Needs root and the Debian packages of
 * docs/HACKING.md; a quiet machine, or the figures are of its other work.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { startTimes } from '../lab/bars/a7-start.ts';
import { ROOT } from '../lab/bars/bar.ts';
import { measureLab } from './lab.ts';
import { measurePipes } from './pipes.ts';
import { figuresTable, type Figures } from './table.ts';

const PAGE = join(ROOT, 'docs', 'BENCHMARKS.md');
const BEGIN = '<!-- measured: begin -->';
const END = '<!-- measured: end -->';

const AMOUNTS = { lab: 104, theirStarts: 5, pipes: { trips: 8_000, flows: 10, connects: 200 } };
const SHORT = { lab: 8, theirStarts: 1, pipes: { trips: 1_000, flows: 2, connects: 20 } };

const short = process.argv.includes('--short');
const amounts = short ? SHORT : AMOUNTS;
const cache = join(ROOT, '.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'bench-'));
try {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs')], { stdio: 'ignore' });
  const loads = [load()];
  const pipes = await measurePipes(amounts.pipes);
  loads.push(load());
  const starts = await startTimes(join(folder, 'starts'), amounts.theirStarts);
  loads.push(load());
  const { items, meetings } = await measureLab(folder, amounts.lab);
  loads.push(load());
  const table = figuresTable({ items, meetings, pipes, starts }, machine(loads));
  process.stdout.write(`${table}\n`);
  if (!short) write(table);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function load(): string {
  return loadavg()[0]!.toFixed(1);
}

function machine(loads: readonly string[]): Figures['machine'] {
  const [first, ...others] = cpus();
  const version = (name: string): string => {
    return execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' });
  };
  const hyperdht = join(ROOT, 'node_modules', 'hyperdht', 'package.json');
  return {
    date: new Date().toISOString().slice(0, 10),
    processors: `${others.length + 1} × ${first!.model.trim()}`,
    system: `Linux ${release()}, Node ${process.versions.node}`,
    rivals: [
      `hyperdht ${(JSON.parse(readFileSync(hyperdht, 'utf8')) as { version: string }).version}`,
      `libtorrent ${version('python3-libtorrent')}`,
      `toxcore ${version('libtoxcore-dev')}`,
    ],
    loads,
  };
}

/** What stands between the marks is measured, the rest is written by people. */
function write(table: string): void {
  const page = readFileSync(PAGE, 'utf8');
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/BENCHMARKS.md has lost ${BEGIN} or ${END}`);
  writeFileSync(PAGE, `${page.slice(0, from)}${BEGIN}\n\n${table}\n\n${page.slice(to)}`);
}
