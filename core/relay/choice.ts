/**
 * Which relays to keep a reservation at (RLY-18): those that work first, guards (RLY-23) before
 * others, the user's own before those of contacts, near before far, and two of different networks,
 * so that one provider's bad day does not take both. Strangers' ones, found in the DHT, only where
 * ours do not suffice (RLY-30).
 * @module
 */
import { networkKey } from './address.ts';
import type { RelayAddress } from './entry.ts';

/** Reservations kept at one time: one may fail. */
export const KEPT = 2;
/** What an unknown relay's round trip counts as, and what being somebody else's does. */
const UNKNOWN_RTT_MS = 150;
const OTHERS_MS = 1_000;
const NO_GUARD_MS = 100_000;
/** More than not being a guard: ours come first, also where a stranger's is one. */
const PUBLIC_MS = 300_000;
/** Relays within such a step count as equally near: nobody moves for a few milliseconds. */
const STEP_MS = 50;

export interface Candidate {
  /** Hex of its key. */
  readonly name: string;
  readonly address: RelayAddress;
  /** On the user's own list. */
  readonly isOwn: boolean;
  readonly rttMs: number | undefined;
  /** Tries in a row that came to nothing. */
  readonly failures: number;
  /** We have a reservation there. */
  readonly isKept: boolean;
  /** One that who hides keeps to (RLY-23). */
  readonly isGuard: boolean;
  /** A stranger's, found in the DHT. */
  readonly isPublic?: boolean;
  /** From 0 to 1: which goes first among equals. */
  readonly rank?: number;
}

/** The best `count` of them; who is kept is preferred among equals. */
export function chooseRelays(candidates: readonly Candidate[], count = KEPT): Candidate[] {
  const sorted = [...candidates].sort((a, b) => costOf(a) - costOf(b) || compareRank(a, b));
  const chosen: Candidate[] = [];
  const networks = new Set<string>();
  const take = (from: readonly Candidate[], isApart: boolean): void => {
    for (const candidate of from) {
      const network = networkKey(candidate.address.endpoint.host);
      const isTaken = chosen.includes(candidate) || (isApart && networks.has(network));
      if (chosen.length >= count || isTaken) continue;
      networks.add(network);
      chosen.push(candidate);
    }
  };
  const working = sorted.filter(({ failures }) => failures === 0);
  const ours = working.filter(({ isPublic }) => isPublic !== true);
  // Better two of one network than one alone, or a stranger's; and one that failed than none.
  take(ours, true);
  take(ours, false);
  take(working, true);
  take(sorted, false);
  return chosen;
}

function costOf({ failures, isGuard, isKept, isOwn, isPublic, rttMs }: Candidate): number {
  const near = Math.round((rttMs ?? UNKNOWN_RTT_MS) / STEP_MS) * STEP_MS;
  const source = (isOwn ? 0 : OTHERS_MS) + (isPublic ? PUBLIC_MS : 0);
  return (
    failures * 1_000_000 + (isGuard ? 0 : NO_GUARD_MS) + source + near - (isKept ? STEP_MS / 2 : 0)
  );
}

function compareRank(a: Candidate, b: Candidate): number {
  return (a.rank ?? 0) - (b.rank ?? 0) || (a.name < b.name ? -1 : 1);
}
