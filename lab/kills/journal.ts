/**
 * Journal: what a client wrote and what the API acknowledged to it. It is the oracle: it lives
 * outside every daemon, and what it says was acknowledged must be there.
 * @module
 */
import { randomBytes } from 'node:crypto';

export interface Letter {
  readonly author: string;
  /** Letters of one lane are written one after the other, each after the last was acknowledged. */
  readonly lane: number;
  readonly number: number;
  readonly clientId: string;
  readonly text: string;
  acknowledged: boolean;
}

/** A message as a screen shows it. */
export interface Shown {
  readonly text: string;
  readonly state: string;
}

/** How often each promise was broken; all of it must be 0. */
export interface Faults {
  /** Acknowledged, and missing at the far side or at its author. */
  readonly lost: number;
  /** Shown more than once at either side. */
  readonly doubled: number;
  /** Shown in another order than the author's, or than it was written in. */
  readonly disordered: number;
  /** Never written by this client. */
  readonly strange: number;
  /** Acknowledged and shown, and still not called delivered. */
  readonly undelivered: number;
}

export class Journal {
  readonly letters: Letter[] = [];
  readonly #delivered = new Set<string>();
  readonly #waiting = new Map<string, () => void>();
  #flying = 0;

  /** A new letter, in flight from now on. */
  write(author: string, lane: number, number: number, filler: string): Letter {
    const clientId = randomBytes(16).toString('hex');
    const text = `${author} ${lane} ${number} ${clientId}${filler}`;
    const letter = { author, lane, number, clientId, text, acknowledged: false };
    this.letters.push(letter);
    this.#flying++;
    return letter;
  }

  /** Written and not yet known to be delivered. */
  get inFlight(): number {
    return this.#flying;
  }

  get acknowledged(): number {
    return this.letters.filter((letter) => letter.acknowledged).length;
  }

  /** The stream of the author says that an event was delivered. */
  noteDelivered(event: string): void {
    this.#delivered.add(event);
    this.#waiting.get(event)?.();
    this.#waiting.delete(event);
  }

  /** Resolves when this event was delivered. */
  async delivered(event: string): Promise<void> {
    if (!this.#delivered.has(event)) {
      await new Promise<void>((resolve) => this.#waiting.set(event, resolve));
    }
    this.#flying--;
  }

  /** @param author whose letters are judged, @param own and @param far in the order shown. */
  judge(author: string, own: readonly Shown[], far: readonly Shown[]): Faults {
    const letters = this.letters.filter((letter) => letter.author === author);
    const known = new Set(letters.map(({ text }) => text));
    const [ownCounts, farCounts] = [countTexts(own), countTexts(far)];
    const due = letters.filter(({ acknowledged }) => acknowledged);
    const more = [...ownCounts, ...farCounts].filter(([, count]) => count > 1);
    const isIn = (counts: Map<string, number>, text: string): boolean => counts.has(text);
    return {
      lost: due.filter(({ text }) => !isIn(ownCounts, text) || !isIn(farCounts, text)).length,
      doubled: more.length,
      disordered: disorder(own, far) + this.#lanesDisordered(letters, own),
      strange: [...own, ...far].filter(({ text }) => !known.has(text)).length,
      undelivered: own.filter(({ state }) => state !== 'delivered').length,
    };
  }

  #lanesDisordered(letters: readonly Letter[], own: readonly Shown[]): number {
    const byText = new Map(letters.map((letter) => [letter.text, letter]));
    const last = new Map<number, number>();
    let disordered = 0;
    for (const { text } of own) {
      const letter = byText.get(text);
      if (!letter) continue;
      if (letter.number <= (last.get(letter.lane) ?? -1)) disordered++;
      last.set(letter.lane, letter.number);
    }
    return disordered;
  }
}

function countTexts(shown: readonly Shown[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { text } of shown) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** Neighbours at the far side that stand the other way round at the author's. */
function disorder(own: readonly Shown[], far: readonly Shown[]): number {
  const place = new Map(own.map(({ text }, i) => [text, i]));
  let last = -1;
  let disordered = 0;
  for (const { text } of far) {
    const at = place.get(text);
    if (at === undefined) continue;
    if (at < last) disordered++;
    last = at;
  }
  return disordered;
}
