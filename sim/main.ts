/**
 * The simulator's command line.
 *
 *   tsx sim/main.ts --seed 42 [--trace] [--bug <name>]   one run, with its outcome or its log
 *   tsx sim/main.ts --seeds 200 [--from 1] [--jobs 2]    many runs, then the canary
 *   tsx sim/main.ts --planted [--jobs 2]                 every planted bug must be caught
 *
 * Every REPEAT_EVERY-th seed runs twice, in two processes, and must give the same hash. The last
 * line is `N passed, N failed`; the exit code is 1 where anything failed.
 * @module
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { CANARY, PLANTED, type PlantedBug, SEEDS_MAX } from './planted.ts';
import { type Outcome, run } from './run.ts';
import { Workers } from './workers.ts';

const REPEAT_EVERY = 20;

interface Options {
  readonly seed: number | undefined;
  readonly seeds: number;
  readonly from: number;
  readonly jobs: number;
  readonly trace: boolean;
  readonly planted: boolean;
  readonly worker: boolean;
  readonly bug: PlantedBug | undefined;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      jobs: { type: 'string', default: String(Math.min(2, availableParallelism())) },
      trace: { type: 'boolean', default: false },
      planted: { type: 'boolean', default: false },
      worker: { type: 'boolean', default: false },
      bug: { type: 'string' },
    },
  });
  const bug = [...PLANTED, CANARY].find(({ name }) => name === values.bug);
  if (values.bug !== undefined && !bug) throw new Error(`no planted bug "${values.bug}"`);
  return {
    seed: values.seed === undefined ? undefined : whole(values.seed),
    seeds: whole(values.seeds ?? '20'),
    from: whole(values.from),
    jobs: whole(values.jobs),
    trace: values.trace,
    planted: values.planted,
    worker: values.worker,
    bug,
  };
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a whole number: ${text}`);
  return value;
}

/** One run as one line: the seed, how it went, and how to see it again. */
function lineOf(outcome: Outcome, bug?: PlantedBug): string {
  const { accepted, entries, faults, hosts, seed, settledMs, violations } = outcome;
  const applied = [...faults.values()].reduce((sum, count) => sum + count, 0);
  const first = violations[0];
  const settled = settledMs === undefined ? 'not settled' : `settled ${settledMs / 1000} s`;
  const facts = `${hosts} people, ${accepted} messages, ${applied} faults of ${faults.size} kinds`;
  if (!first) return `seed ${seed} passed: ${facts}, ${entries} events, ${settled}`;
  const flag = bug ? ` --bug '${bug.name}'` : '';
  return [
    `seed ${seed} FAILED: ${first.check} at ${first.atMs / 1000} s: ${first.detail}`,
    `  ${facts}, ${settled}; replay: npm run sim -- --seed ${seed}${flag} --trace`,
  ].join('\n');
}

function runOne(seed: number, options: Options): number {
  const { bug, trace } = options;
  bug?.patch?.();
  const print = trace ? (line: string) => process.stdout.write(`${line}\n`) : undefined;
  const outcome = run({
    seed,
    ...(print ? { print } : {}),
    ...(bug?.flaws ? { flaws: bug.flaws } : {}),
  });
  for (const { atMs, check, detail } of outcome.violations) {
    console.log(`  ${(atMs / 1000).toFixed(3)} s  ${check}: ${detail}`);
  }
  console.log(lineOf(outcome, bug));
  console.log(`hash ${outcome.hash}`);
  return outcome.violations.length === 0 ? 0 : 1;
}

async function runMany(options: Options): Promise<number> {
  const { from, jobs, seeds } = options;
  const list = Array.from({ length: seeds }, (_, i) => from + i);
  const hashes = new Map<number, string>();
  let failed = 0;
  const fail = (line: string): void => {
    failed++;
    console.log(line);
  };
  await new Workers(jobs).run(list, undefined, (outcome) => {
    hashes.set(outcome.seed, outcome.hash);
    if (outcome.violations.length > 0) fail(lineOf(outcome));
    else if (hashes.size % 50 === 0) console.log(`${hashes.size} of ${seeds} seeds done`);
    return true;
  });
  const repeats = list.filter((seed) => seed % REPEAT_EVERY === 0);
  await new Workers(jobs).run(repeats, undefined, ({ hash, seed }) => {
    if (hash !== hashes.get(seed)) fail(`seed ${seed} FAILED: another hash in another process`);
    return true;
  });
  const caught = await findFirst(CANARY, from, 1, 1);
  if (caught === undefined) fail('the canary FAILED: a run that must fail has passed');
  const checks = seeds + repeats.length + 1;
  console.log(`${checks - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** The outcome of the first seed that fails, with a bug or without, or undefined. */
async function findFirst(
  bug: PlantedBug | undefined,
  from: number,
  seeds: number,
  jobs: number,
): Promise<Outcome | undefined> {
  let caught: Outcome | undefined;
  const list = Array.from({ length: seeds }, (_, i) => from + i);
  await new Workers(jobs).run(list, bug?.name, (outcome) => {
    if (outcome.violations.length > 0) caught ??= outcome;
    return caught === undefined;
  });
  return caught;
}

/** A seed counts where it fails with the bug and passes without it. */
async function runPlanted(options: Options): Promise<number> {
  const { from, jobs } = options;
  let failed = 0;
  for (const bug of PLANTED) {
    let line = `${bug.name}: NOT CAUGHT within ${SEEDS_MAX} seeds`;
    for (let next = from; next < from + SEEDS_MAX;) {
      const caught = await findFirst(bug, next, from + SEEDS_MAX - next, jobs);
      if (!caught) break;
      next = caught.seed + 1;
      if (await findFirst(undefined, caught.seed, 1, 1)) continue;
      line = `${bug.name}: caught by seed ${caught.seed}: ${caught.violations[0]!.check}`;
      break;
    }
    if (line.includes('NOT CAUGHT')) failed++;
    console.log(line);
  }
  console.log(`${PLANTED.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** A child: runs the seeds it is told, and says how each went. */
function serve(): void {
  const patched = new Set<string>();
  process.on('message', ({ bug: name, seed }: { bug: string | undefined; seed: number }) => {
    const bug = [...PLANTED, CANARY].find((one) => one.name === name);
    if (bug?.patch && !patched.has(bug.name)) bug.patch();
    if (bug) patched.add(bug.name);
    const outcome = run({ seed, ...(bug?.flaws ? { flaws: bug.flaws } : {}) });
    process.send!({ ...outcome, faults: [...outcome.faults] });
  });
}

const options = readOptions();
if (options.worker) serve();
else if (options.seed !== undefined) process.exitCode = runOne(options.seed, options);
else process.exitCode = await (options.planted ? runPlanted(options) : runMany(options));
