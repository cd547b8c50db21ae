/**
 * Write tokens: a node that shows one has received a reply of ours at its address within 10 min.
 *
 *   token = first 8 bytes of HMAC-SHA256(secret, address || target)
 *
 * The secret changes every 5 minutes and the one before it still counts, so a token lives 5 to 10
 * minutes (BEP 5). It is bound to address and target, not to the port: NATs change that. Stateless
 * per requester. Spec: DHT-26.
 * @module
 */
import { parseAddress } from '../base/endpoint.ts';
import { equalSecret, hmac } from '../crypto/mac.ts';
import type { Random } from '../base/time.ts';

export const TOKEN_BYTES = 8;
export const TOKEN_SECRET_MS = 5 * 60_000;
const SECRET_BYTES = 32;

export class Tokens {
  readonly #random: Random;
  #current: Uint8Array;
  #previous: Uint8Array;
  #changedAtMs: number;

  constructor(random: Random, nowMs: number) {
    this.#random = random;
    this.#current = random(SECRET_BYTES);
    this.#previous = random(SECRET_BYTES);
    this.#changedAtMs = nowMs;
  }

  issue(host: string, target: Uint8Array, nowMs: number): Uint8Array {
    this.#rotate(nowMs);
    return make(this.#current, host, target);
  }

  accepts(token: Uint8Array, host: string, target: Uint8Array, nowMs: number): boolean {
    this.#rotate(nowMs);
    return (
      equalSecret(token, make(this.#current, host, target)) ||
      equalSecret(token, make(this.#previous, host, target))
    );
  }

  /** Secrets change when somebody asks, so an idle node needs no timer. */
  #rotate(nowMs: number): void {
    const age = nowMs - this.#changedAtMs;
    if (age < TOKEN_SECRET_MS) return;
    this.#previous = age < 2 * TOKEN_SECRET_MS ? this.#current : this.#random(SECRET_BYTES);
    this.#current = this.#random(SECRET_BYTES);
    this.#changedAtMs = nowMs - (age % TOKEN_SECRET_MS);
  }
}

function make(secret: Uint8Array, host: string, target: Uint8Array): Uint8Array {
  return hmac(secret, parseAddress(host) ?? new Uint8Array(0), target).subarray(0, TOKEN_BYTES);
}
