/**
 * Circuit: two ends of a relay and the two ways between them (RLY-6, RLY-7).
 *
 *   waiting --accepted--> open --one end closes--> closing --its last bytes are on--> over
 *      '-------------- either end goes, or time is up ------------------------------> over
 *
 * Nothing of it is kept once it is over.
 * @module
 */
import { earliest } from '../base/time.ts';
import type { Flow } from './flow.ts';
import { CLOSING_MS } from './limits.ts';

/** Which end: 0 asked for the circuit, 1 was asked. */
export type Side = 0 | 1;

/** Where a circuit ends: a client's link, or a stream to another relay. */
export interface CircuitEnd {
  /** Hands bytes on; false where there is no room now. */
  deliver(bytes: Uint8Array): boolean;
  /** So many bytes that this end sent have been passed on. */
  tellTaken(count: number): void;
  tellClosed(): void;
  /** The circuit is over: its number is free. */
  forget(): void;
}

export class Circuit {
  state: 'waiting' | 'open' | 'closing' | 'over' = 'waiting';
  readonly #ends: readonly [CircuitEnd, CircuitEnd];
  /** By the end that sends. */
  readonly #flows: readonly [Flow, Flow];
  /** The end that has closed, and when the other need wait no longer. */
  #closed: { readonly by: Side; readonly giveUpAtMs: number } | undefined;
  readonly #onOver: (circuit: Circuit) => void;
  #isPumping = false;
  #isWanted = false;

  constructor(
    ends: readonly [CircuitEnd, CircuitEnd],
    flows: readonly [Flow, Flow],
    onOver: (circuit: Circuit) => void,
  ) {
    this.#ends = ends;
    this.#flows = flows;
    this.#onOver = onOver;
  }

  /** Bytes that wait here. */
  get waitingBytes(): number {
    return this.#flows[0].waiting + this.#flows[1].waiting;
  }

  get #isOver(): boolean {
    return this.state === 'over';
  }

  /** False where the end breaks the rules. */
  handleData(from: Side, bytes: Uint8Array, nowMs: number): boolean {
    if (this.state !== 'open' || !this.#flows[from].push(bytes)) return this.state === 'closing';
    this.pump(nowMs);
    return true;
  }

  /** The end is done with bytes that it was given; false where it breaks the rules. */
  handleTaken(by: Side, count: number): boolean {
    if (this.state === 'waiting' || !this.#flows[other(by)].taken(count)) return false;
    if (this.#closed?.by !== other(by)) this.#ends[other(by)].tellTaken(count);
    return true;
  }

  /** The end wants no more, or is gone: what it sent before still arrives. */
  handleClosed(by: Side, nowMs: number): void {
    if (this.state === 'over') return;
    this.#ends[by].forget();
    const isOver = this.state !== 'open' || this.#flows[by].isEmpty;
    this.#closed ??= { by, giveUpAtMs: nowMs + CLOSING_MS };
    this.state = 'closing';
    if (isOver) this.#over();
  }

  /**
   * Hands on what may leave now. An end that takes a piece may have room again meanwhile and ask
   * for more: it gets the next one, not the same again.
   */
  pump(nowMs: number): void {
    this.#isWanted = true;
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      this.#handOn(nowMs);
    }
    this.#isPumping = false;
  }

  #handOn(nowMs: number): void {
    for (const from of [0, 1] as const) {
      if (this.#isOver) return;
      if (this.#closed !== undefined && this.#closed.by !== from) continue;
      const flow = this.#flows[from];
      for (let piece = flow.next(nowMs); piece !== undefined; piece = flow.next(nowMs)) {
        if (!this.#ends[other(from)].deliver(piece)) break;
        flow.shift();
        if (this.#isOver) return;
      }
    }
    if (this.#closed !== undefined && this.#flows[this.#closed.by].isEmpty) this.#over();
  }

  handleTimeout(nowMs: number): void {
    if (this.#closed !== undefined && nowMs >= this.#closed.giveUpAtMs) this.#over();
    else if (this.state === 'open' || this.state === 'closing') this.pump(nowMs);
  }

  wakeAtMs(nowMs: number): number | undefined {
    if (this.state === 'waiting' || this.state === 'over') return undefined;
    // Where a bucket would let a piece go now, an end has no room: its link wakes the circuit.
    const ready = this.#flows.map((flow) => flow.readyAtMs(nowMs));
    const later = ready.filter((atMs) => atMs !== undefined && atMs > nowMs);
    return earliest(this.#closed?.giveUpAtMs, ...later);
  }

  /** Ends it at once, whatever waits. */
  abort(): void {
    if (this.state !== 'over') this.#over();
  }

  #over(): void {
    this.state = 'over';
    for (const side of [0, 1] as const) {
      if (this.#closed?.by === side) continue;
      this.#ends[side].tellClosed();
      this.#ends[side].forget();
    }
    this.#onOver(this);
  }
}

function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}
