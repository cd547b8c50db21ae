/**
 * Relay links: how many links to relays there may be, and which of them gives way to a new one.
 *
 * ⚑ Any contact may name relays without end: without a share of its own, one would take the ways to
 * all others. Those where we have, or want, a place do not count here: they are few (RLY-18).
 * @module
 */

/** Links to relays of the people we talk to: who hides needs one for each of them. */
export const RELAY_LINKS_MAX = 64;
/** Of these, to relays that one person named: three entries of a record, and one to come. */
export const RELAY_LINKS_EACH_MAX = 4;

export interface NamedLink {
  /** By whose word the relay is there; undefined for the user's own. */
  readonly namedBy: string | undefined;
}

/**
 * @param links oldest first.
 * @param namedBy whose word the new one is by.
 * @param isUnused may this one be left?
 * @returns which link gives way; 'room' where none has to, 'full' where none can.
 */
export function roomAmong<Link extends NamedLink>(
  links: readonly Link[],
  namedBy: string | undefined,
  isUnused: (link: Link) => boolean,
): Link | 'full' | 'room' {
  const theirs = links.filter((link) => link.namedBy === namedBy);
  const isTheirShare = namedBy !== undefined && theirs.length >= RELAY_LINKS_EACH_MAX;
  if (!isTheirShare && links.length < RELAY_LINKS_MAX) return 'room';
  return (isTheirShare ? theirs : links).find(isUnused) ?? 'full';
}
