/**
 * Wrong passphrases of a profile, counted over restarts, so that nobody at the keyboard can try
 * many: five are free, then each costs a pause that doubles (API-23).
 *
 *   try --wrong--> 1 .. 4 counted --wrong--> pause 30 s --try, wrong--> pause 60 s .. 15 min
 *   right: all forgotten
 *
 * A try is written down before it is made: a program that is killed has used it up. This slows
 * people, not whoever has a copy of the disk; against them stands the cost of the passphrase.
 * @module
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from './data-folder.ts';
import { StartFailure } from './start-failure.ts';

export const FREE_TRIES = 5;
export const PAUSE_MS = 30_000;
export const PAUSE_MS_MAX = 15 * 60_000;
const FILE = 'tries.json';

interface Tries {
  readonly wrong: number;
  /** Wall clock of the last one. */
  readonly lastMs: number;
}

export class PassphraseTries {
  readonly #path: string;
  readonly #now: () => number;
  #before: Tries;

  constructor(folder: string, now: () => number = Date.now) {
    this.#path = join(folder, FILE);
    this.#now = now;
    this.#before = this.#read();
  }

  /** What a person may still do, and how long they must wait. */
  left(): { triesLeft: number; pauseSeconds: number } {
    const { wrong } = this.#before;
    return {
      triesLeft: Math.max(0, FREE_TRIES - wrong),
      pauseSeconds: Math.ceil(Math.max(0, this.#pauseLeftMs()) / 1000),
    };
  }

  /** Before each try. @throws StartFailure `passphrase-pause` while there is a pause. */
  begin(): void {
    const leftMs = this.#pauseLeftMs();
    if (leftMs > 0) throw paused(leftMs);
    this.#write({ wrong: this.#before.wrong + 1, lastMs: this.#now() });
  }

  /** It was wrong. @returns what to tell. */
  wrong(): StartFailure {
    const wrong = this.#before.wrong + 1;
    const pauseMs = pauseAfter(wrong);
    if (pauseMs > 0) return paused(pauseMs);
    const detail = { tries: FREE_TRIES - wrong, pause: PAUSE_MS / 1000 };
    return new StartFailure('wrong-passphrase', detail);
  }

  right(): void {
    rmSync(this.#path, { force: true });
  }

  /** It was not looked at: something else is wrong. */
  unused(): void {
    if (this.#before.wrong === 0) this.right();
    else this.#write(this.#before);
  }

  #pauseLeftMs(): number {
    const { lastMs, wrong } = this.#before;
    return lastMs + pauseAfter(wrong) - this.#now();
  }

  /**
   * Where the clock went back since the last try, the pause begins anew by the clock of now,
   * written down so that it ends. Whoever sets it back waits all of it, and gets no try back.
   */
  #read(): Tries {
    const tries = read(this.#path);
    const nowMs = this.#now();
    if (tries.lastMs <= nowMs) return tries;
    const anew = { ...tries, lastMs: nowMs };
    this.#write(anew);
    return anew;
  }

  #write(tries: Tries): void {
    try {
      writeWhole(this.#path, `${JSON.stringify(tries)}\n`);
    } catch {
      // A full disk must not lock its owner out.
    }
  }
}

function pauseAfter(wrong: number): number {
  if (wrong < FREE_TRIES) return 0;
  return Math.min(PAUSE_MS * 2 ** Math.min(wrong - FREE_TRIES, 16), PAUSE_MS_MAX);
}

function paused(leftMs: number): StartFailure {
  return new StartFailure('passphrase-pause', { seconds: Math.ceil(leftMs / 1000) });
}

function read(path: string): Tries {
  try {
    const { lastMs, wrong } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Tries>;
    if (Number.isSafeInteger(lastMs) && Number.isSafeInteger(wrong) && wrong! >= 0) {
      return { wrong: wrong!, lastMs: lastMs! };
    }
  } catch {
    // None so far, or not ours.
  }
  return { wrong: 0, lastMs: 0 };
}
