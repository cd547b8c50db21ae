/**
 * Probes: how many datagrams may go, and how many TCP connections begin, where only a peer's word
 * says that the peer is (PTH-3).
 *
 * ⚑ A contact may name addresses of others as its own. Whatever makes us send to them, be it dials
 * of several of its devices, ever new records, punch slots or openers, one window bounds it all,
 * and one of its own the connections: neither kind makes the other wait.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';

/** Datagrams, and connections, per contact in any window of this length. */
export const PROBES_MAX = 16;
export const CONNECTS_MAX = 16;
export const PROBE_WINDOW_MS = 10_000;
/**
 * What is taken now leaves a little later, on a busy computer the more so, and the next at once: a
 * place is held for longer than the window, so that the window is kept on the wire too.
 */
export const PROBE_HELD_MS = PROBE_WINDOW_MS + 500;
/**
 * While a link to them lives, so many of the window are left for what is surer: by a search for its
 * path for places that they called from, and by the way to a relay of theirs for that search.
 */
export const PROBES_SPARED = { called: 0, search: 6, relay: 10 } as const;
/** Of the connections a search for the path of a link leaves so many for a fresh dial. */
export const CONNECTS_SPARED = 10;
/** Names remembered of each kind; to who had the oldest nothing has left for long. */
const NAMES_MAX = 4_096;

export class Probes {
  /** By name, when the newest ones were taken; rising. */
  readonly #sentAtMs = new BoundedMap<string, readonly number[]>(NAMES_MAX);
  readonly #begunAtMs = new BoundedMap<string, readonly number[]>(NAMES_MAX);

  /**
   * A datagram.
   * @param name of the contact, or of whoever else gave the addresses.
   * @param spare so many of the window are left for what is surer.
   * @returns false where no datagram may leave now.
   */
  take(name: string, nowMs: number, spare = 0): boolean {
    return takeFrom(this.#sentAtMs, name, nowMs, PROBES_MAX - spare);
  }

  /** The same for a connection: false where none may begin now. */
  takeConnect(name: string, nowMs: number, isSearch = false): boolean {
    const most = isSearch ? CONNECTS_MAX - CONNECTS_SPARED : CONNECTS_MAX;
    return takeFrom(this.#begunAtMs, name, nowMs, most);
  }
}

function takeFrom(
  window: BoundedMap<string, readonly number[]>,
  name: string,
  nowMs: number,
  max: number,
): boolean {
  const before = window.get(name) ?? [];
  const recent = before.filter((atMs) => atMs > nowMs - PROBE_HELD_MS);
  const isRoom = recent.length < max;
  window.set(name, isRoom ? [...recent, nowMs] : recent);
  return isRoom;
}
