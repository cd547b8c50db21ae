/**
 * Power cut: does the vault keep what it promised, wherever the power fails (VLT-29)?
 *
 *   tsx lab/power-cut/main.ts [--images 5000] [--messages 250] [--seed 1]
 *
 * Records every write and sync of two busy vaults with strace, on a real disk. Then cuts the
 * recording at random events, lets each sector that was not synced survive with probability 0,
 * 0.5, 0.9 or 1, rebuilds the files, opens them and compares them with what had been acknowledged.
 * For every tenth of these images there is one more of a process killed at a write, each write in
 * its turn: there everything written survives. The same vault with synchronous=NORMAL is the
 * control: it must lose something, or the cuts do not bite.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Prng } from '@sotto/core/base/prng.ts';
import { ROOT } from '../bars/bar.ts';
import { checkImage, type Found } from './check.ts';
import { Disk } from './disk.ts';
import { type DiskEvent, parseTrace, STRACE_ARGUMENTS } from './trace.ts';

const SURVIVAL = [0, 0.5, 0.9, 1];
const TMPFS = 0x01021994;
/** The control needs no more images than it takes to lose something. */
const CONTROL_IMAGES_MAX = 200;
const REPORTED_FAULTS_MAX = 5;

interface Recording {
  readonly folder: string;
  readonly events: readonly DiskEvent[];
  /** For each event: the line it noted, '' for those that noted none. */
  readonly acks: readonly string[];
  /** The first event after the vaults were set up. */
  readonly start: number;
}

interface Cut {
  /** The last event before it. */
  readonly at: number;
  readonly survival: number;
}

interface Result {
  readonly images: number;
  /** Images in which something acknowledged was missing. */
  readonly losing: number;
  readonly faults: readonly string[];
}

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '5000' },
    messages: { type: 'string', default: '250' },
    seed: { type: 'string', default: '1' },
  },
});
const images = Number(values.images);
const seed = Number(values.seed);

// Not the system's folder for temporary files, which lies in memory on many machines.
const DISK = join(ROOT, '.cache');
mkdirSync(DISK, { recursive: true });
if (statfsSync(DISK).type === TMPFS) fail(`${DISK} lies in memory: a real disk is needed`);
if (spawnSync('strace', ['--version']).error) fail('strace is needed, and not installed');

const random = new Prng(seed);
const full = record('FULL');
const cuts = await examine(full, randomCuts(full, images));
print('power cut, synchronous=FULL', full, cuts);
const kills = await examine(full, killsInTurn(full, Math.ceil(images / 10)));
print('killed at each write in its turn', full, kills);
const normal = record('NORMAL');
const control = await examine(normal, randomCuts(normal, Math.min(images, CONTROL_IMAGES_MAX)));
print('control: power cut, synchronous=NORMAL', normal, control);

for (const { losing, faults, images: count } of [cuts, kills]) {
  if (losing > 0) fail(`${losing} of ${count} images lost what was acknowledged`);
  if (faults.length > 0) fail(`${faults.length} of ${count} images are faulty`);
}
if (control.losing === 0) fail('the control lost nothing: the cuts do not bite');
console.log(
  `passed: ${cuts.images} power cuts and ${kills.images} kills, 0 lost; ` +
    `the control lost in ${control.losing} of ${control.images}`,
);

function fail(why: string): never {
  console.log(`failed: ${why}`);
  process.exit(1);
}

function print(name: string, { events, acks }: Recording, result: Result): void {
  const replies = acks.filter(Boolean).length;
  console.log(`${name}: ${result.images} images of ${events.length} events, ${replies} replies`);
  console.log(`  ${result.losing} images lost something, ${result.faults.length} faults`);
  for (const fault of result.faults.slice(0, REPORTED_FAULTS_MAX)) console.log(`  ${fault}`);
}

/** Runs the workload under strace and reads what it did to the disk. */
function record(synchronous: 'FULL' | 'NORMAL'): Recording {
  const folder = mkdtempSync(join(DISK, 'power-cut-'));
  const trace = `${folder}.trace`;
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const workload = fileURLToPath(new URL('./workload.ts', import.meta.url));
  const program = [process.execPath, '--import', tsx, workload];
  const run = spawnSync(
    'strace',
    [...STRACE_ARGUMENTS, '-o', trace, ...program, folder, synchronous, values.messages],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (run.status !== 0) fail('the workload did not run under strace');
  const events = parseTrace(readFileSync(trace, 'latin1'), folder);
  rmSync(trace);
  rmSync(folder, { recursive: true });
  const notes = join(folder, 'acks');
  const acks = events.map((event) =>
    event.type === 'write' && event.path === notes ? event.bytes.toString().trim() : '',
  );
  const start = acks.indexOf('start');
  if (start < 0) fail('the recording has no start');
  return { folder, events, acks, start };
}

function randomCuts({ events, start }: Recording, count: number): Cut[] {
  const drawn = Array.from({ length: count }, () => ({
    at: random.int(start, events.length - 1),
    survival: random.pick(SURVIVAL),
  }));
  return drawn.sort((a, b) => a.at - b.at);
}

/** A stretch of events, each of them the last that the process lived to see. */
function killsInTurn({ events, start }: Recording, count: number): Cut[] {
  const length = Math.min(count, events.length - start);
  const first = random.int(start, events.length - length);
  return Array.from({ length }, (_, i) => ({ at: first + i, survival: 1 }));
}

/** @param cuts in order. */
async function examine(recording: Recording, cuts: readonly Cut[]): Promise<Result> {
  const { folder, events, acks } = recording;
  // Images are read at once and need no real disk.
  const place = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sotto-image-'));
  const disk = new Disk();
  const found: Found[] = [];
  let done = 0;
  try {
    for (const { at, survival } of cuts) {
      for (; done <= at; done++) disk.apply(events[done]!);
      const image = join(place, `${found.length}`);
      disk.writeImage(folder, image, survival, random);
      found.push(await checkImage(image, acks.slice(0, done).filter(Boolean)));
      rmSync(image, { recursive: true });
    }
  } finally {
    rmSync(place, { recursive: true });
  }
  return {
    images: found.length,
    losing: found.filter((one) => one.lost > 0).length,
    faults: found.flatMap((one) => one.faults),
  };
}
