/**
 * Target: one decoder under fuzz, with valid inputs to start from and what must hold of each.
 * @module
 */

/** Functions or classes of a source file, by name; `Class.method` names one method. */
export type Covers = Readonly<Record<string, readonly string[]>>;

export interface Target {
  readonly name: string;
  /** Whose branches count as this decoder's own. */
  readonly covers: Covers;
  readonly bytesMax: number;
  /** Pieces that mean something to it, as text or bytes. */
  readonly words: readonly (string | Uint8Array)[];
  /** Where bencode begins in an input; undefined where there is none. */
  readonly bencodeAt?: number;
  /** Makes keys and valid inputs once; `run` is then called for each input. */
  start(): Started;
}

export interface Started {
  /** Each of them is accepted. */
  readonly seeds: readonly Uint8Array[];
  /**
   * Decodes one input.
   * @returns whether it was accepted.
   * @throws whatever escapes the decoder, or an AssertionError where it contradicts itself.
   */
  run(input: Uint8Array): boolean;
}
