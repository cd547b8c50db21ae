/**
 * Wanted: a device that somebody wants a link to, as its connections keep it.
 * @module
 */
import type { DialFailure, GateKey, LinkTarget } from '../link/contract.ts';
import type { Route } from '../path/candidates.ts';
import type { Dialer } from '../path/dialer.ts';
import type { Improvement } from '../path/improvement.ts';
import type { Learned } from '../path/learned.ts';

/** A link, who dialled it, and where its path leads. */
export interface Linked {
  readonly link: number;
  readonly initiator: boolean;
  readonly route: Route;
}

/** A device that is to be linked, and how far that is. */
export interface Wanted {
  readonly dialer: Dialer;
  target: LinkTarget;
  /**
   * The gates by which it may let us in, the one told last first: that of an invite, and that of
   * its record. Until both hold the pair secret nobody knows which side has forgotten what, so
   * failed dials take turns.
   */
  gates: readonly GateKey[];
  routes: readonly Route[];
  /** When a link through a relay is tried nearer. */
  readonly improvement: Improvement;
  /** The link that leads there now. */
  linked: Linked | undefined;
  /** Why the last dial led nowhere. */
  failure: DialFailure | undefined;
  /** Where an opener came from that nobody had named. */
  readonly learned: Learned;
}

export function isOfInvite({ kind }: GateKey): boolean {
  return kind === 'invite';
}

/** A renewed gate keeps its place but not its secret. */
export function sameGate(a: GateKey, b: GateKey): boolean {
  return a.kind === b.kind && a.id === b.id && a.secret.equals(b.secret);
}
