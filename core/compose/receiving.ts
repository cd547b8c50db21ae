/**
 * Receiving: what came from devices and the vault has not been asked yet. Of each device a little
 * is under way at a time (DEL-13); the rest waits here in its order, and the credit of its link,
 * which comes with the vault's answer (DEL-12), bounds how much that can be.
 * @module
 */

/** Envelopes of one device that the vault has been given: two commits of it, so that none waits. */
export const OPENING_MAX = 128;
/** Messages of receipts in one request, of at most 256 ids each. */
export const GATHERED_MAX = 64;

/** Ends what was begun; to be called once. */
export type Done = () => void;
type Task = (done: Done) => void;

interface Lane {
  running: number;
  /** One that ends at once lets the loop go on that began it. */
  isStarting: boolean;
  readonly waiting: Task[];
}

/** Tasks by key: of each key few run at a time. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  constructor(private readonly limit: number) {}

  run(key: string, task: Task): void {
    const lane = this.#lanes.get(key) ?? { running: 0, isStarting: false, waiting: [] };
    this.#lanes.set(key, lane);
    lane.waiting.push(task);
    this.#next(key, lane);
  }

  #next(key: string, lane: Lane): void {
    if (lane.isStarting) return;
    lane.isStarting = true;
    while (lane.running < this.limit) {
      const task = lane.waiting.shift();
      if (!task) break;
      lane.running++;
      task(() => {
        lane.running--;
        this.#next(key, lane);
      });
    }
    lane.isStarting = false;
    if (lane.running === 0) this.#lanes.delete(key);
  }
}

/** Messages by key: what comes while one of a key is dealt with is dealt with together. */
export class Gathering<M> {
  /** Of each key that is being dealt with. */
  readonly #waiting = new Map<string, M[]>();

  constructor(private readonly deal: (messages: readonly M[], done: Done) => void) {}

  add(key: string, message: M): void {
    const waiting = this.#waiting.get(key);
    if (waiting) return void waiting.push(message);
    this.#waiting.set(key, []);
    this.deal([message], () => this.#next(key));
  }

  #next(key: string): void {
    const messages = this.#waiting.get(key)!.splice(0, GATHERED_MAX);
    if (messages.length === 0) return void this.#waiting.delete(key);
    this.deal(messages, () => this.#next(key));
  }
}
