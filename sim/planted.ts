/**
 * Planted bugs: each breaks one promise of the house from outside of production code, and must be
 * caught by the checkers within SEEDS_MAX seeds. A simulator that misses one has no teeth.
 * @module
 */
import { Reader } from '@sotto/core/discovery/presence-reader.ts';
import type { HostFlaws } from './host.ts';

export const SEEDS_MAX = 200;

export interface PlantedBug {
  readonly name: string;
  readonly flaws?: HostFlaws;
  /** Changes production code in memory, for this process alone; returns how to change it back. */
  readonly patch?: () => () => void;
}

export const PLANTED: readonly PlantedBug[] = [
  { name: 'ack before commit', flaws: { earlyOps: new Set(['open']) } },
  { name: 'send before persist', flaws: { earlyOps: new Set(['seal', 'seal-waiting']) } },
  { name: 'ratchet step skipped', flaws: { vault: { skipStepEvery: 20 } } },
  { name: 'lower seq accepted', patch: acceptLowerSeq },
  { name: 'no per-peer order', flaws: { vault: { noPeerOrder: true } } },
  { name: 'duplicate not receipted', flaws: { mishearDuplicates: true } },
];

/** The bug of the canary: a run with it fails at its first message, or the harness is dead. */
export const CANARY: PlantedBug = { name: 'canary', flaws: { vault: { skipStepEvery: 1 } } };

/** A reader that takes whatever it finds for news. */
function acceptLowerSeq(): () => void {
  const { read } = Reader.prototype;
  Reader.prototype.read = function (this: Reader, item, keys) {
    this.generation = 0;
    return read.call(this, item, keys);
  };
  return () => {
    Reader.prototype.read = read;
  };
}
