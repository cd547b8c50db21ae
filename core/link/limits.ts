/**
 * Times and sizes of the link layer (docs/spec/link.md). Tests make them smaller; nobody else does.
 * @module
 */

/** Outgoing first flights on UDP leave at these times of a dial, each a fresh one (LNK-15). */
export const FLIGHT_TIMES_MS = [0, 500, 1000, 2000, 4000] as const;
/** A dial that got no answer ends here (LNK-15). */
export const DIAL_GIVE_UP_MS = 10_000;
/** What is half open is forgotten after this (LNK-8). */
export const HALF_OPEN_MS = 10_000;
/** Handshakes that passed the gate and wait for the initiator's first frame (LNK-8). */
export const HALF_OPEN_MAX = 256;
/** Accepted streams that showed no valid flight yet; the oldest goes (LNK-8). */
export const ACCEPTED_MAX = 256;
/** Handshakes per address: rate, burst, and addresses remembered (LNK-7). */
export const HANDSHAKES_PER_SECOND = 20;
export const HANDSHAKES_BURST = 5;
export const ADDRESSES_MAX = 4096;
/**
 * Handshakes of all addresses together: a second of them costs an eighth of a slow processor, so
 * that who forges the addresses of many leaves us the rest (LNK-7).
 */
export const HANDSHAKES_PER_SECOND_ALL = 500;
export const HANDSHAKES_BURST_ALL = 300;
/**
 * Datagrams tried at the gates of invites, counted in gates: the direct gates are tried always, so
 * that a flood costs the same however many invites are open (LNK-57).
 */
export const INVITE_TRIALS_PER_SECOND = 10_000;
export const INVITE_TRIALS_BURST = 10_000;
/** Routes that one dial races. */
export const ROUTES_MAX = 16;
/** Endpoints, and circuits beside them, where a link looks for its next path at once (LNK-35). */
export const ATTACH_ROUTES_MAX = 4;
export const ATTACH_CIRCUITS_MAX = 3;
export const DIALS_MAX = 256;
/** First flights of one dial, on all its UDP routes together. */
export const DIAL_FLIGHTS_MAX = 64;
export const LINKS_MAX = 1024;
/** The payload that the caller puts into message 1, in bytes. */
export const PAYLOAD_BYTES_MAX = 768;
/** A body given to `send`; larger than a frame it travels in fragments (LNK-25). */
export const BODY_BYTES_MAX = 64 * 1024;
/** What each frame costs beside its content, so that small ones fill the window too (LNK-27). */
export const FRAME_CHARGE_BYTES = 64;
/** Two links count as dialled at once if the second is up this soon after the first (LNK-18). */
export const SIMULTANEOUS_MS = 10_000;
/** A UDP path is asked sooner while it is young: routers trust what answers for longer (LNK-32). */
export const YOUNG_PATH_MS = 60_000;
export const YOUNG_KEEPALIVE_SHARE = 0.6;

export interface LinkLimits {
  /** Charge that a peer may have outstanding with our consumer (LNK-27). */
  readonly windowBytes: number;
  /** Charge that `send` accepts before the peer acknowledged (LNK-26). */
  readonly sendBufferBytes: number;
  /** Bytes given to a stream and neither drained nor acknowledged (LNK-28). */
  readonly streamBytes: number;
  /** One key seals this many records or bytes, for this long (LNK-30). */
  readonly rekeyRecords: number;
  readonly rekeyBytes: number;
  readonly rekeyMs: number;
  /** A fresh handshake is due after this, and the link ends without one after that (LNK-31). */
  readonly refreshMs: number;
  readonly staleMs: number;
  /** A silent path is probed after this, times 0.8 to 1 (LNK-32). */
  readonly keepaliveMs: number;
  /** A path that owes us an answer for this long is dead (LNK-33). */
  readonly deadPathMs: number;
  /** A path that owes us an answer for this long at least is doubted (LNK-39). */
  readonly doubtMs: number;
  /** A link without a path for this long is down (LNK-35). */
  readonly noPathMs: number;
  /** So is, already now, one whose initiator never showed that it has the link (LNK-58). */
  readonly unheardMs: number;
  /** The longest an acknowledgement waits for company (LNK-24). */
  readonly ackDelayMs: number;
}

export const LINK_LIMITS: LinkLimits = {
  windowBytes: 2 ** 20,
  sendBufferBytes: 2 ** 20,
  streamBytes: 256 * 1024,
  rekeyRecords: 2 ** 20,
  rekeyBytes: 2 ** 30,
  rekeyMs: 600_000,
  refreshMs: 3_600_000,
  staleMs: 7_200_000,
  keepaliveMs: 25_000,
  deadPathMs: 10_000,
  doubtMs: 1_000,
  noPathMs: 30_000,
  unheardMs: 5_000,
  ackDelayMs: 25,
};
