/**
 * Workers: child processes that run seeds side by side. A fresh set shares nothing with a former
 * one, so a seed run by both must give the same hash twice.
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FaultKind } from './faults.ts';
import type { Outcome } from './run.ts';

/** A run that takes this long hangs: its child is ended and the seed counts as failed. */
const SEED_MS_MAX = 300_000;

type Told = Omit<Outcome, 'faults'> & { readonly faults: readonly [FaultKind, number][] };

export class Workers {
  constructor(private readonly jobs: number) {}

  /**
   * Runs every seed once, in any order of completion.
   * @param bug name of a planted bug, for all of them.
   * @param done is told each outcome; false ends it all.
   */
  async run(
    seeds: readonly number[],
    bug: string | undefined,
    done: (outcome: Outcome) => boolean,
  ): Promise<void> {
    const queue = [...seeds];
    const stop = (): void => {
      queue.length = 0;
    };
    const lanes = Array.from({ length: Math.min(this.jobs, seeds.length) }, async () => {
      for (let seed = queue.shift(); seed !== undefined;) {
        const child = start();
        // One child serves many seeds; a new one takes its place where it died.
        while (seed !== undefined) {
          const outcome = await ask(child, seed, bug);
          if (!done(outcome)) stop();
          seed = queue.shift();
          if (!child.connected) break;
        }
        if (child.connected) child.disconnect();
      }
    });
    await Promise.all(lanes);
  }
}

function start(): ChildProcess {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  return fork(main, ['--worker'], { execArgv: ['--import', 'tsx'] });
}

function ask(child: ChildProcess, seed: number, bug: string | undefined): Promise<Outcome> {
  return new Promise((resolve) => {
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      resolve(outcome);
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      child.disconnect();
      end(lost(seed, `no outcome after ${SEED_MS_MAX / 1000} s`));
    }, SEED_MS_MAX);
    child.once('message', (told: Told) => end({ ...told, faults: new Map(told.faults) }));
    child.once('exit', (code) => end(lost(seed, `its process ended with ${code}`)));
    child.send({ seed, bug });
  });
}

/** A run without an outcome. */
function lost(seed: number, detail: string): Outcome {
  return {
    seed,
    violations: [{ check: 'the run ends', atMs: 0, detail }],
    hash: '',
    entries: 0,
    hosts: 0,
    accepted: 0,
    faults: new Map(),
    settledMs: undefined,
  };
}
