/**
 * Calls: openers that the far end of a link can tell from everything else (PTH-28).
 *
 *   offset 0    48  random
 *   offset 48   16  HMAC-SHA256(KDF(exporter of the link, "path call"), bytes 0 to 47), first 16
 *
 * A call opens our own router as an opener does (openers.ts). Where that router gives each
 * destination a port of its own, or where we have an address that we do not know, nobody could
 * have named the place from which it comes: whoever gets it there attaches to that place.
 *
 *   open(name, key, endpoints) --all at 0, 0.5, 1.5 and 3.5 s--> done, or end(name)
 *
 * Sans-IO: after a call of a method drain `poll()`, sleep until `wakeAtMs()`.
 * @module
 */
import { concat } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { earliest, type Random } from '../base/time.ts';
import { kdf, LABELS } from '../crypto/kdf.ts';
import type { Secret } from '../crypto/keys.ts';
import { equalSecret, HmacKey } from '../crypto/mac.ts';
import { OPENER_BYTES, type Opener } from './openers.ts';

const TAG_BYTES = 16;
const NONCE_BYTES = OPENER_BYTES - TAG_BYTES;
/** The first flights of the other side leave at once too; the rest is for packets that are lost. */
export const CALLS_AT_MS = [0, 500, 1_500, 3_500];

/** What calls of one link are made and known by. */
export class CallKey {
  readonly #mac: HmacKey;

  constructor(exporter: Secret<'link exporter'>) {
    this.#mac = new HmacKey(kdf(exporter.reveal(), LABELS.pathCall));
  }

  seal(random: Random): Uint8Array {
    const nonce = random(NONCE_BYTES);
    return concat(nonce, this.#tag(nonce));
  }

  /** Did the far end of the link make this? It says nothing of who sent it on to us. */
  opens(bytes: Uint8Array): boolean {
    if (bytes.length !== OPENER_BYTES) return false;
    return equalSecret(this.#tag(bytes.subarray(0, NONCE_BYTES)), bytes.subarray(NONCE_BYTES));
  }

  #tag(nonce: Uint8Array): Uint8Array {
    return this.#mac.mac(nonce).subarray(0, TAG_BYTES);
  }
}

interface Run {
  readonly key: CallKey;
  readonly to: readonly Endpoint[];
  readonly startedAtMs: number;
  round: number;
}

export interface CallsDeps {
  readonly random: Random;
  /** May a datagram leave to where the bearer of this name says that it is (PTH-3)? */
  mayProbe(name: string, nowMs: number): boolean;
}

export class Calls {
  readonly #runs = new Map<string, Run>();
  #out: Opener[] = [];

  constructor(private readonly deps: CallsDeps) {}

  poll(): Opener | undefined {
    return this.#out.shift();
  }

  wakeAtMs(): number | undefined {
    let soonest: number | undefined;
    for (const run of this.#runs.values()) soonest = earliest(soonest, dueAtMs(run));
    return soonest;
  }

  /** From now on; replaces what was under way for this name. */
  open(name: string, key: CallKey, to: readonly Endpoint[], nowMs: number): void {
    this.#runs.set(name, { key, to, startedAtMs: nowMs, round: 0 });
    this.handleTimeout(nowMs);
  }

  /** Nothing more leaves for this name. */
  end(name: string): void {
    this.#runs.delete(name);
  }

  handleTimeout(nowMs: number): void {
    for (const [name, run] of this.#runs) {
      if (nowMs < dueAtMs(run)) continue;
      run.round++;
      for (const to of run.to) {
        if (!this.deps.mayProbe(name, nowMs)) break;
        this.#out.push({ to, bytes: run.key.seal(this.deps.random) });
      }
      if (run.round >= CALLS_AT_MS.length) this.#runs.delete(name);
    }
  }
}

function dueAtMs({ round, startedAtMs }: Run): number {
  return startedAtMs + CALLS_AT_MS[round]!;
}
