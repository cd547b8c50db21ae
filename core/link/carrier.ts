/**
 * Carrier: a path on its way from handshake to link, and the link that counts.
 * @module
 */
import type { DialId } from './contract.ts';
import type { Link } from './link.ts';
import type { Path } from './path.ts';
import type { Resume } from './resume.ts';

/** A path between its handshake and its end, with the link it carries or will carry. */
export interface Carrier {
  readonly path: Path;
  readonly link: Link;
  /** What the peer's START makes of it; undefined once it did. */
  proof: Proof | undefined;
}

export type Proof =
  | { type: 'dialled'; dial: DialId; deadlineMs: number }
  | { type: 'arrived'; payload: Uint8Array; deadlineMs: number }
  | { type: 'attach'; expects: number; rttMs?: number; deadlineMs: number };

/** A link that counts, with the path it has now. */
export interface UpLink {
  readonly link: Link;
  readonly upAtMs: number;
  carrier: Carrier | undefined;
  /** On the initiator's side. */
  readonly resume: Resume | undefined;
}
