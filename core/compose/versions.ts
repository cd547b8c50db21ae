/**
 * What this build speaks: told in records, hellos and handshakes (docs/spec/link.md).
 * @module
 */

/** Protocol versions, rising; the highest common one is used. */
export const VERSIONS: readonly number[] = [1];
/** Feature bits; none is defined yet. */
export const FEATURES = 0;
