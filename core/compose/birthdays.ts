/**
 * Birthdays: the one birthday punch that may be under way (path/birthday.ts), for whoever asks for
 * it: a link that leads through a relay (syncing.ts), or a slot of two who are not linked.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { Birthday, type Birth } from '../path/birthday.ts';
import { OPENER_BYTES } from '../path/openers.ts';
import { SLOT_EVERY_MS } from '../path/punch.ts';
import type { Context } from './context.ts';

/** Tries of a pair until only each second slot counts, then each fourth, and so on. */
export const TRIES_PER_LEVEL = 3;
export const CHANCE_LEVEL_MAX = 4;
const NAMES_MAX = 4_096;

export class Birthdays {
  readonly #birthday: Birthday;
  /** By name, in how many slots it was tried since there was any news. */
  readonly #tries = new BoundedMap<string, number>(NAMES_MAX);

  constructor(private readonly context: Context) {
    this.#birthday = new Birthday(context.random);
  }

  /**
   * @param name hex of the contact's identity, or of an invite. @param seal makes one datagram.
   * @returns false where it may not be now.
   */
  start(name: string, birth: Birth, seal: () => Uint8Array): boolean {
    const isBegun = this.#birthday.start(name, birth, seal, this.context.now.monoMs);
    this.#drain();
    return isBegun;
  }

  /**
   * In a slot that both ends share, with openers. The longer it leads nowhere, the rarer it is: in
   * slots with a number that 2, 4, 8, 16 divides. These sets nest, so two ends that have tried for
   * different times meet in all slots of the rarer one.
   * @param atMs of the slot, network time.
   */
  startInSlot(name: string, birth: Birth, atMs: number): void {
    const tries = this.#tries.get(name) ?? 0;
    const level = Math.min(Math.floor(tries / TRIES_PER_LEVEL), CHANCE_LEVEL_MAX);
    if (Math.floor(atMs / SLOT_EVERY_MS) % 2 ** level !== 0) return;
    const { random } = this.context;
    if (this.start(name, birth, () => random(OPENER_BYTES))) this.#tries.set(name, tries + 1);
  }

  /** They were heard of, or somebody waits for them: chance is tried in each slot again. */
  renew(name: string): void {
    this.#tries.delete(name);
  }

  end(name: string): void {
    this.#birthday.end(name);
    this.#drain();
  }

  handleTimeout(): void {
    this.#birthday.handleTimeout(this.context.now.monoMs);
    this.#drain();
  }

  wakeAtMs(): number | undefined {
    return this.#birthday.wakeAtMs();
  }

  #drain(): void {
    for (let out = this.#birthday.poll(); out; out = this.#birthday.poll()) this.context.emit(out);
  }
}
