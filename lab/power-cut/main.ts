/**
 * Power cut: does the vault keep what it promised, wherever the power fails (VLT-29)?
 *
 *   tsx lab/power-cut/main.ts [--images 5000] [--messages 250] [--seed 1]
 *
 * Records every write and sync of two busy vaults with strace, on a real disk. Then cuts the
 * recording at random events, lets each sector that was not synced survive with probability 0,
 * 0.5, 0.9 or 1 (1: a kill and no power cut), rebuilds the files, opens them and compares them
 * with what had been acknowledged. The same vault with synchronous=NORMAL is the control: it must
 * lose something, or the cuts do not bite.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Prng } from '@sotto/core/base/prng.ts';
import { checkImage, type Found } from './check.ts';
import { Disk } from './disk.ts';
import { type DiskEvent, parseTrace, STRACE_ARGUMENTS } from './trace.ts';

const SURVIVAL = [0, 0.5, 0.9, 1];
const TMPFS = 0x01021994;
/** The control needs no more images than it takes to lose something. */
const CONTROL_IMAGES_MAX = 200;
const REPORTED_FAULTS_MAX = 5;

interface Result {
  readonly images: number;
  /** Images in which something acknowledged was missing. */
  readonly losing: number;
  readonly faults: readonly string[];
  readonly acknowledged: number;
  readonly events: number;
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

if (statfsSync(tmpdir()).type === TMPFS) fail(`${tmpdir()} is tmpfs: set TMPDIR to a real disk`);
if (spawnSync('strace', ['--version']).error) fail('strace is needed, and not installed');

const full = await cutAtRandom('FULL', images);
print('synchronous=FULL', full);
const control = await cutAtRandom('NORMAL', Math.min(images, CONTROL_IMAGES_MAX));
print('synchronous=NORMAL (control)', control);

const kept = full.images === images && full.losing === 0 && full.faults.length === 0;
const bites = control.losing > 0;
if (!kept) fail(`${full.losing} of ${images} images lost something, ${full.faults.length} faulty`);
if (!bites) fail('the control lost nothing: the cuts do not bite');
console.log(`passed: ${images} images, 0 lost; the control lost in ${control.losing}`);

function fail(why: string): never {
  console.log(`failed: ${why}`);
  process.exit(1);
}

function print(name: string, result: Result): void {
  const { acknowledged, events, losing } = result;
  console.log(`${name}: ${events} disk events, ${acknowledged} replies, ${result.images} images`);
  console.log(`  ${losing} images lost an acknowledged change, ${result.faults.length} faulty`);
  for (const fault of result.faults.slice(0, REPORTED_FAULTS_MAX)) console.log(`  ${fault}`);
}

/** Runs the workload under strace and returns what it did to the disk. */
function record(folder: string, synchronous: string): DiskEvent[] {
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
  return events;
}

async function cutAtRandom(synchronous: 'FULL' | 'NORMAL', count: number): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-power-cut-'));
  const events = record(folder, synchronous);
  const acksPath = join(folder, 'acks');
  const lines = events.map((event) =>
    isAck(event, acksPath) ? event.bytes.toString().trim() : '',
  );
  const start = lines.indexOf('start');
  if (start < 0) fail('the recording has no start');
  const random = new Prng(seed);
  const cuts = Array.from({ length: count }, () => random.int(start, events.length - 1));
  cuts.sort((a, b) => a - b);

  // Images are read at once and need no real disk.
  const place = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sotto-image-'));
  const disk = new Disk();
  const found: Found[] = [];
  let done = 0;
  for (const cut of cuts) {
    for (; done <= cut; done++) disk.apply(events[done]!);
    const image = join(place, `${found.length}`);
    disk.writeImage(folder, image, random.pick(SURVIVAL), random);
    found.push(await checkImage(image, lines.slice(0, done).filter(Boolean)));
    rmSync(image, { recursive: true });
  }
  rmSync(place, { recursive: true });
  rmSync(folder, { recursive: true });
  return {
    images: found.length,
    losing: found.filter((one) => one.lost > 0).length,
    faults: found.flatMap((one) => one.faults),
    acknowledged: lines.filter(Boolean).length,
    events: events.length,
  };
}

function isAck(event: DiskEvent, path: string): event is DiskEvent & { type: 'write' } {
  return event.type === 'write' && event.path === path;
}
