/**
 * Limits that more than one part of the house obeys, with their units. A limit that belongs to
 * one module stands in that module. Source of the first values: docs/spec/limits.md.
 * @module
 */

/** Nesting of a bencoded value. */
export const DEPTH_MAX = 16;
/** Entries of one list or dictionary. */
export const LIST_MAX = 1024;
/** Sealed content of one link frame, in bytes. */
export const FRAME_BYTES_MAX = 16 * 1024;
/** One event after sealing, in bytes: the largest padding bucket. */
export const EVENT_BYTES_MAX = 40 * 1024;
/** A text a person writes, in UTF-8 bytes. */
export const TEXT_BYTES_MAX = 32 * 1024;
/** What somebody says who asks to be let in, in UTF-8 bytes: it has to fit into one knock. */
export const KNOCK_TEXT_BYTES_MAX = 480;
/** A name, in code points and UTF-8 bytes. */
export const NAME_POINTS_MAX = 64;
export const NAME_BYTES_MAX = 256;
/** The latest time, ms since 1970: the end of the year 9999, for RFC 3339 has no text beyond. */
export const TIME_MS_MAX = 253_402_300_799_999;
/** A prekey bundle (PQXDH) in bytes, a little more than a real one. */
export const BUNDLE_BYTES_MAX = 2048;
/** Current devices of one person. */
export const DEVICES_MAX = 16;
/** Different events of one author that are stored under one sequence; others are dropped. */
export const FORK_BODIES_MAX = 16;
/** Contacts of one profile. */
export const CONTACTS_MAX = 10_000;
/** Invites kept. Each is a gate until it has expired, and so a hash for every stray datagram. */
export const INVITES_MAX = 32;
/** Messages accepted for one contact and not yet receipted. */
export const OUTBOX_MESSAGES_MAX = 10_000;
export const OUTBOX_BYTES_MAX = 64 * 1024 * 1024;
