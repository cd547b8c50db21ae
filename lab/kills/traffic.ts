/**
 * Traffic: lanes on which one person writes to the other without pause, each waiting until its
 * letter was delivered. So as many letters as lanes are in flight whenever a daemon dies.
 * @module
 */
import { Prng } from '@sotto/core/base/prng.ts';
import type { Journal } from './journal.ts';
import { Latch } from './latch.ts';
import type { Person } from './person.ts';

export const LANES = 26;
const FILLER_CHARS_MAX = 600;

export class Traffic {
  readonly #open = new Latch();
  readonly #random: Prng;
  #ended = false;
  #lanes: Promise<void>[] = [];
  #idle = 0;

  constructor(
    private readonly from: Person,
    private readonly to: string,
    private readonly journal: Journal,
    seed: number,
  ) {
    this.#random = new Prng(seed);
    for (let lane = 0; lane < LANES; lane++) this.#lanes.push(this.#lane(lane));
  }

  flow(): void {
    this.#open.open();
  }

  /** Nothing new is written; what was begun goes on until it is delivered. */
  hold(): void {
    this.#open.shut();
  }

  /** True where every letter of these lanes was delivered. */
  get isIdle(): boolean {
    return this.#idle === LANES;
  }

  end(): void {
    this.#ended = true;
    this.#open.open();
  }

  /** Rejects with what a lane could not bear: a refusal that is no death. */
  async failed(): Promise<never> {
    await Promise.all(this.#lanes);
    return new Promise(() => undefined);
  }

  async #lane(lane: number): Promise<void> {
    for (let number = 0; ; number++) {
      this.#idle++;
      await this.#open.passed();
      if (this.#ended) return;
      this.#idle--;
      const filler = ' '.padEnd(this.#random.int(0, FILLER_CHARS_MAX), 'filler ');
      const letter = this.journal.write(this.from.name, lane, number, filler);
      const { clientId, text } = letter;
      const { event } = await this.from.callAgain('messages.send', { to: this.to, text, clientId });
      letter.acknowledged = true;
      await this.journal.delivered(event);
    }
  }
}
