/**
 * From the start of the process to a contact online: ours, and toxcore's in the same run.
 * @module
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { isOnline, pair, type LocalDaemon } from './a7-daemon.ts';
import { quantile, ROOT, type Report } from './bar.ts';

const ONLINE_MEDIAN_MS = 800;
const TIMES_FASTER = 10;
const OURS_PER_THEIRS = 5;
/** Between two starts: the one that stays has seen the other go. */
const REST_MS = 500;
/** A contact that is not there must not count as online in this time. */
const ABSENT_MS = 3_000;
const PORTS = [41_711, 41_712] as const;
const TOX_PORT = 41_721;

/** From the start of a process to its contact online, ms each. */
export interface StartFigures {
  readonly ours: number[];
  readonly toxcore: number[];
  /** A contact that did not run was not seen online. */
  absentUnseen: boolean;
}

/** Starts of ours between restarts of theirs, `theirs` times. */
export async function startTimes(folder: string, theirs: number): Promise<StartFigures> {
  const figures: StartFigures = { ours: [], toxcore: [], absentUnseen: false };
  const [stays, comes] = await pair(folder, PORTS);
  try {
    for await (const ms of toxTimes(theirs)) {
      figures.toxcore.push(ms);
      for (let i = 0; i < OURS_PER_THEIRS; i++) figures.ours.push(await startedToOnline(comes));
    }
    await stays.stop();
    const alone = await Promise.race([startedToOnline(comes), pause(ABSENT_MS)]);
    figures.absentUnseen = alone === undefined;
  } finally {
    await comes.stop();
    await stays.stop();
  }
  return figures;
}

export async function measureStart(
  report: Report,
  options: { folder: string; theirs: number },
): Promise<void> {
  const { absentUnseen, ours, toxcore } = await startTimes(options.folder, options.theirs);
  report.figures('process start to contact online', ours, 'ms');
  report.figures('the same with toxcore', toxcore, 'ms');
  const [our, their] = [quantile(ours, 0.5), quantile(toxcore, 0.5)];
  report.require(our <= ONLINE_MEDIAN_MS, `start to online: median ≤ ${ONLINE_MEDIAN_MS} ms`);
  const what = `start to online: toxcore takes ${(their / our).toFixed(1)} times as long`;
  report.require(our <= their / TIMES_FASTER, `${what}, ≥ ${TIMES_FASTER} wanted`);
  report.control(absentUnseen, 'a contact that does not run is not online');
}

async function startedToOnline(person: LocalDaemon): Promise<number> {
  await person.stop();
  await pause(REST_MS);
  const startedMs = performance.now();
  await person.start();
  await isOnline(person);
  return performance.now() - startedMs;
}

/** What lab/rivals/tox-online.c measures, one by one. */
async function* toxTimes(count: number): AsyncGenerator<number, void, void> {
  const args = [String(count), String(TOX_PORT)];
  const child = spawn(buildTox(), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    seen++;
    yield (JSON.parse(line) as { ms: number }).ms;
  }
  if (seen < count) throw new Error('toxcore did not get its contact online');
}

/** Compiles it where that has not been done since it last changed. */
function buildTox(): string {
  const source = join(ROOT, 'lab', 'rivals', 'tox-online.c');
  const program = join(ROOT, '.cache', 'tox-online');
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const flags = execFileSync('pkg-config', ['--cflags', '--libs', 'toxcore'], { encoding: 'utf8' });
  execFileSync('gcc', ['-O2', '-Wall', '-o', program, source, ...flags.trim().split(/\s+/)]);
  return program;
}
