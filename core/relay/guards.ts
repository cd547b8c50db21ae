/**
 * Guards: the few relays that may be the first of two hops (RLY-23). Each of them learns the
 * address of somebody who hides, so that they are few, and stay the same, matters more than how
 * fast they are: who watches many relays would else be chosen sooner or later.
 *
 *   a relay that is up --fewer than 2--> guard --60 days--> replaced, where there is another
 *                                          |-- 48 h not up while others were --> replaced
 *                                          |-- a stranger's, and one of ours is up --> replaced
 *                                          '-- not ours any more --> gone at once
 *   all guards away for 10 minutes while another relay is up --> a third one, never a fourth
 *
 * Pure but for what it remembers; times are ms since 1970, `nowMs` may jump.
 * @module
 */

export const GUARDS = 2;
/** With those added while the others were away. */
export const GUARDS_MAX = 3;
export const GUARD_MS = 60 * 24 * 3_600_000;
/** Time during which another relay was up and this one was not: then it is gone for long. */
export const GONE_MS = 48 * 3_600_000;
/** Every guard away for so long: one more is pinned. */
export const ALL_AWAY_MS = 600_000;
/** Between two looks at most so much counts: a computer that slept could see nobody. */
const STEP_MS = 120_000;

export interface Guard {
  /** Hex of its key. */
  readonly name: string;
  /** Hex of the identity whose relay it is; undefined for the own list. */
  readonly owner: string | undefined;
  readonly sinceMs: number;
  /** How long it was away while others were there. */
  readonly awayMs: number;
  /** A stranger's, found in the DHT: it stays until one of ours is there. */
  readonly isPublic?: true;
}

/** A relay of ours, as it is now; the best first. */
export interface Pinnable {
  readonly name: string;
  readonly owner: string | undefined;
  /** Relays of one network fall, or are watched, together. */
  readonly network: string;
  readonly isUp: boolean;
  readonly isPublic?: true;
}

export class Guards {
  #all: readonly Guard[];
  #lookedAtMs: number | undefined;

  /** @param saved those of an earlier run. */
  constructor(saved: readonly Guard[] = []) {
    this.#all = saved.slice(0, GUARDS_MAX);
  }

  get all(): readonly Guard[] {
    return this.#all;
  }

  has(name: string): boolean {
    return this.#all.some((guard) => guard.name === name);
  }

  /**
   * @param relays those that we may use now.
   * @param isOurs whether a guard is still one that we chose, or of somebody we show ourselves to.
   * @returns true where there are other guards than before.
   */
  update(relays: readonly Pinnable[], isOurs: (guard: Guard) => boolean, nowMs: number): boolean {
    const before = this.#all.map(({ name }) => name).join();
    const isUp = (name: string): boolean => relays.some((one) => one.name === name && one.isUp);
    this.#age(
      relays.some((one) => one.isUp),
      isUp,
      nowMs,
    );
    this.#all = this.#all.filter(isOurs);
    const spare = relays.filter((one) => one.isUp && !this.has(one.name));
    for (const guard of this.#all) {
      const isOld = Math.abs(nowMs - guard.sinceMs) >= GUARD_MS || guard.awayMs >= GONE_MS;
      const isOver = isOld || (guard.isPublic && spare.some((one) => !one.isPublic));
      const others = this.#all.filter((one) => one !== guard);
      if (isOver) this.#pin(spare, others, relays, nowMs);
    }
    while (this.#all.length < GUARDS && this.#pin(spare, this.#all, relays, nowMs));
    const areAway = this.#all.every(({ awayMs }) => awayMs >= ALL_AWAY_MS);
    if (areAway && this.#all.length < GUARDS_MAX) this.#pin(spare, this.#all, relays, nowMs);
    return this.#all.map(({ name }) => name).join() !== before;
  }

  #age(isAnyUp: boolean, isUp: (name: string) => boolean, nowMs: number): void {
    const passedMs = nowMs - (this.#lookedAtMs ?? nowMs);
    this.#lookedAtMs = nowMs;
    const stepMs = Math.min(Math.max(passedMs, 0), STEP_MS);
    this.#all = this.#all.map((guard) => {
      if (isUp(guard.name)) return guard.awayMs === 0 ? guard : { ...guard, awayMs: 0 };
      return isAnyUp ? { ...guard, awayMs: guard.awayMs + stepMs } : guard;
    });
  }

  /** One more beside those who stay: ours first, then of another network than theirs. */
  #pin(
    spare: Pinnable[],
    stay: readonly Guard[],
    relays: readonly Pinnable[],
    nowMs: number,
  ): boolean {
    const networks = relays.flatMap((one) =>
      stay.some((guard) => guard.name === one.name) ? [one.network] : [],
    );
    const all = spare.filter((one) => !stay.some((guard) => guard.name === one.name));
    const ours = all.filter(({ isPublic }) => !isPublic);
    const free = ours.length > 0 ? ours : all;
    const chosen = free.find((one) => !networks.includes(one.network)) ?? free[0];
    if (!chosen) return false;
    const { isPublic, name, owner } = chosen;
    spare.splice(spare.indexOf(chosen), 1);
    const guard = { name, owner, sinceMs: nowMs, awayMs: 0 };
    this.#all = [...stay, isPublic ? { ...guard, isPublic } : guard];
    return true;
  }
}
