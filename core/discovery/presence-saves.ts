/**
 * Saves: which documents of presence must go to the vault, and which are on their way.
 *
 *   dirty --2 s, or with an item that waits to be put--> under way --stored--> clean
 *                                                            '--failed--> dirty, 30 s
 *
 * An item's save carries our own document too, so that no generation is ever put that the vault
 * does not know (DSC-15).
 * @module
 */
import { utf8 } from '../base/bytes.ts';
import type { DocChange } from '../base/vault.ts';
import { SELF_NAME } from './presence-saved.ts';

const SAVE_AFTER_MS = 2000;
const SAVE_RETRY_MS = 30_000;
export const DOCS_PER_SAVE_MAX = 64;

export interface SaveRequest {
  readonly type: 'save';
  readonly token: number;
  readonly docs: readonly DocChange[];
}

export class Saves {
  readonly #dirty = new Set<string>();
  readonly #underWay = new Map<number, readonly string[]>();
  readonly #encode: (name: string) => Uint8Array | undefined;
  readonly #say: (request: SaveRequest) => void;
  #nextToken = 1;
  #atMs: number | undefined;

  /** @param encode the document of this name; undefined deletes it. */
  constructor(
    encode: (name: string) => Uint8Array | undefined,
    say: (request: SaveRequest) => void,
  ) {
    this.#encode = encode;
    this.#say = say;
  }

  get dirty(): number {
    return this.#dirty.size;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  get wakeAtMs(): number | undefined {
    return this.#atMs;
  }

  /** This document has changed. */
  mark(name: string, nowMs: number): void {
    this.#dirty.add(name);
    this.#atMs ??= nowMs + SAVE_AFTER_MS;
  }

  /** Saves this document now, with ours. @returns the token that will be answered. */
  now(name: string): number {
    this.#dirty.delete(name);
    this.#dirty.delete(SELF_NAME);
    return this.#request([SELF_NAME, name]);
  }

  /** Saves what has waited long enough. */
  flush(nowMs: number): void {
    if (this.#atMs === undefined || nowMs < this.#atMs) return;
    const names = [...this.#dirty].slice(0, DOCS_PER_SAVE_MAX);
    for (const name of names) this.#dirty.delete(name);
    this.#atMs = this.#dirty.size > 0 ? nowMs : undefined;
    if (names.length > 0) this.#request(names);
  }

  /** The vault answered. */
  handleStored(token: number, ok: boolean, nowMs: number): void {
    const names = this.#underWay.get(token);
    this.#underWay.delete(token);
    if (!names || ok) return;
    for (const name of names) this.#dirty.add(name);
    this.#atMs = nowMs + SAVE_RETRY_MS;
  }

  #request(names: readonly string[]): number {
    const token = this.#nextToken++;
    this.#underWay.set(token, names);
    const docs = names.map((name) => ({
      space: 'record' as const,
      key: utf8(name),
      value: this.#encode(name),
    }));
    this.#say({ type: 'save', token, docs });
    return token;
  }
}
