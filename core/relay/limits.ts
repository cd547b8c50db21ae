/**
 * What a relay gives to strangers, with units (docs/spec/relay.md, RLY-9).
 * @module
 */

/** Bytes of one `data` message: with its dictionary it fits one frame of the link. */
export const DATA_BYTES_MAX = 16_000;
/** What one way of a circuit may have between its sender and the far end's `taken`. */
export const WINDOW_BYTES = 128 * 1024;
/** A free slot, each way: 1 Mbit/s. */
export const SLOT_BYTES_PER_S = 125_000;
/** What may pass at once after silence: a quarter of a second's worth. */
export const SLOT_BURST_BYTES = 32_000;

/** Every request that comes to nothing is answered after this, whatever the cause (RLY-6). */
export const ERROR_AFTER_MS = 3_000;
/** What waits for the far end of a closed circuit is given up after this. */
export const CLOSING_MS = 5_000;
/** Circuits of a client whose link has had no path for so long end: the client gave them up. */
export const PATHLESS_MS = 5_000;
/** A client that neither has a reservation nor a circuit is sent away after this. */
export const IDLE_MS = 60_000;

/** Links of clients: a relay's own contacts need room beside them. */
export const CLIENTS_MAX = 512;
/** So many one address has always; how many more, `shareOf` (room.ts) says. */
export const CLIENTS_ASSURED = 16;
export const RESERVATIONS_MAX = 256;
export const RESERVATIONS_ASSURED = 8;
/** Streams to other relays: each may hold a window of the link inside, a mebibyte. */
export const EXTENDED_MAX = 64;
export const EXTENDED_ASSURED = 4;
/** Circuits of a whole relay: each may hold two windows. */
export const CIRCUITS_MAX = 256;
export const CIRCUITS_PER_RESERVATION_MAX = 32;
export const CIRCUITS_PER_CLIENT_MAX = 32;
/** Requests of one client that wait for their error. */
export const PENDING_PER_CLIENT_MAX = 16;
/** Circuits that one client opens: per second, and at once. */
export const OPENS_PER_S = 2;
export const OPENS_BURST = 16;
/** Slots that the owner of a reservation may have revoked; then a new reservation is due. */
export const REVOKED_MAX = 256;

/** Extensions of one client: one a second, ten a minute (RLY-12). */
export const EXTENDS_PER_MINUTE = 10;
export const EXTEND_EVERY_MS = 1_000;
/** Relays that were verified by a handshake stay so for this long. */
export const VERIFIED_MS = 3_600_000;
export const VERIFIED_MAX = 256;

/** Questions to the DHT that one client may ask: per second, at once, and under way (RLY-21). */
export const QUESTIONS_PER_S = 1;
export const QUESTIONS_BURST = 32;
export const QUESTIONS_PER_CLIENT_MAX = 16;
/** The same of all clients together: each costs the relay some thirty queries. */
export const QUESTIONS_IN_ALL_PER_S = 4;
export const QUESTIONS_IN_ALL_BURST = 64;
export const QUESTIONS_MAX = 32;
/** The relay looks no longer than this. */
export const QUESTION_GIVE_UP_MS = 45_000;
/** The client waits for so long: the rest is the way there and back. */
export const ASKED_GIVE_UP_MS = 50_000;
