/**
 * What travels over a link or stream that is measured: bodies, whose first byte says what to do.
 * @module
 */
/** Sent back whole, with 0 in its place. */
export const ECHO = 1;
/** Counted. */
export const PART = 2;
/** Answered by one byte, 0: everything before it has come. */
export const LAST = 3;

export const TRIP_BYTES = 64;
export const FLOW_BODY_BYTES = 32_768;
