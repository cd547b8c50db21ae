/**
 * Carrier: a path on its way from handshake to link, and the link that counts.
 * @module
 */
import type { DialId, GateKey } from './contract.ts';
import type { Agreed } from './handshake.ts';
import type { Link } from './link.ts';
import type { Established, MixOffer } from './mix.ts';
import type { Path } from './path.ts';
import type { Resume } from './resume.ts';
import type { Caller } from './call.ts';

/** A path between its handshake and its end, with the link it carries. */
export interface Carrier {
  readonly path: Path;
  /** Undefined while the path is to make one. */
  link: Link | undefined;
  /** What the peer's START makes of it; undefined once it did. */
  proof: Proof | undefined;
}

export type Proof = Dialled | Arrived | Attaching;

/** Our START is out; the peer's brings the mixed keys, and a record under them the link. */
export interface Dialled {
  readonly type: 'dialled';
  readonly dial: DialId;
  readonly gate: GateKey;
  /** When the dial began. */
  readonly startedAtMs: number;
  readonly offer: MixOffer;
  /** What the peer's START gave: not a link before a record proves that both have it. */
  established?: Established;
  readonly deadlineMs: number;
}

/** The initiator's START, and the key in it, make the link. */
export interface Arrived {
  readonly type: 'arrived';
  readonly gate: GateKey;
  /** When its first flight came. */
  readonly startedAtMs: number;
  readonly payload: Uint8Array;
  readonly agreed: Agreed;
  readonly deadlineMs: number;
}

/** A further path of a link. */
export interface Attaching {
  readonly type: 'attach';
  readonly link: Link;
  /** Of the flight that began it. */
  readonly opening: Uint8Array;
  readonly expects: number;
  readonly rttMs?: number;
  readonly deadlineMs: number;
}

/** Overwrites the secrets of what came to nothing. */
export function wipeProof(proof: Proof): void {
  if (proof.type === 'dialled') {
    proof.offer.wipe();
    proof.established?.attach.root.wipe();
    proof.established?.exporter.wipe();
  }
  if (proof.type === 'arrived') proof.agreed.secret.wipe();
}

/** A link that counts, with the path it has now. */
export interface UpLink {
  readonly link: Link;
  readonly upAtMs: number;
  carrier: Carrier | undefined;
  /** On the initiator's side. */
  readonly resume: Resume | undefined;
  /** On the responder's side. */
  readonly caller: Caller | undefined;
}
