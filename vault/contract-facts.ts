/**
 * What one case of the contract suite is.
 * @module
 */
import type { Person } from './contract-people.ts';

/** One fact about two people, each with an empty vault, and whom else it needs. */
export type Fact = (alice: Person, bob: Person, another: Another) => Promise<void>;
/** Somebody else with an empty vault; the same seed gives the same identity and device. */
export type Another = (seed: number) => Promise<Person>;

export const ALICE_SEED = 10;
export const BOB_SEED = 20;
