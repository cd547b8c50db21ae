/**
 * Our own address, by the vote of those who answer us: each reply says where it saw us (`ip`, BEP
 * 42). One network, one vote; a liar needs many networks to win. Only replies to queries of ours
 * count, so nobody votes unasked.
 *
 *   unknown --2 votes alike, no tie--> known --3 votes alike, 3/2 of the next--> known (other)
 *
 * Spec: DHT-14.
 * @module
 */
import { BoundedMap } from '../base/bounded.ts';
import { endpointKey, networkOf, scopeOf, type Endpoint } from '../base/endpoint.ts';

/** The newest votes count; the oldest gives way. */
export const VOTES_MAX = 32;
/** A vote older than this counts no longer. */
export const VOTE_MS = 10 * 60_000;
/** A /48; of IPv4 it is the /24. */
const NETWORK_V6_BYTES = 6;
const FIRST_VOTES_MIN = 2;
const CHANGE_VOTES_MIN = 3;

/** One observation: the voter, and where it saw us. */
export interface Vote {
  readonly voter: Endpoint;
  readonly seen: Endpoint;
  readonly atMs: number;
}

export class IpVote {
  readonly #votes = new BoundedMap<string, Vote>(VOTES_MAX);
  #elected: Endpoint | undefined;
  #changes = 0;

  /** @param saved what an earlier run elected; it stands until enough others say otherwise. */
  constructor(saved?: Endpoint) {
    this.#elected = saved;
  }

  get size(): number {
    return this.#votes.size;
  }

  /** How often a vote said something new. */
  get changes(): number {
    return this.#changes;
  }

  /** The address and port most voters see us at. */
  get elected(): Endpoint | undefined {
    return this.#elected;
  }

  /** The votes still counted, oldest first: samples from which a NAT can be classified. */
  votes(): readonly Vote[] {
    return [...this.#votes.values()];
  }

  /** @returns true where the elected address or port changed. */
  add(voter: Endpoint, seen: Endpoint, nowMs: number): boolean {
    const group = groupOf(voter);
    const before = this.#votes.get(group)?.seen;
    this.#votes.set(group, { voter, seen, atMs: nowMs });
    let expired = false;
    for (const [key, vote] of this.#votes.entries()) {
      if (vote.atMs >= nowMs - VOTE_MS) break;
      this.#votes.delete(key);
      expired = true;
    }
    // Most answers say what their voter said before: nothing to count.
    if (!expired && isSame(before, seen)) return false;
    this.#changes++;
    // Nor does one more for whom we have elected elect another.
    if (!expired && isSame(this.#elected, seen)) return false;
    const host = this.#electHost();
    if (host === undefined) return false;
    const port = this.#electPort(host);
    if (this.#elected?.host === host && this.#elected.port === port) return false;
    this.#elected = { host, port };
    return true;
  }

  /** We are in another network, perhaps: as after a restart, what was elected stands for now. */
  forget(): void {
    this.#votes.clear();
  }

  #electHost(): string | undefined {
    const current = this.#elected?.host;
    const ranked = rank([...this.#votes.values()].map((vote) => vote.seen.host));
    const [first, second] = ranked;
    if (!first || first.value === current) return current;
    const runnerUp = second?.count ?? 0;
    const wins =
      current === undefined
        ? first.count >= FIRST_VOTES_MIN && first.count > runnerUp
        : first.count >= CHANGE_VOTES_MIN && 2 * first.count > 3 * runnerUp;
    return wins ? first.value : current;
  }

  /** Behind a symmetric NAT each voter sees another port; then the one we had stays. */
  #electPort(host: string): number {
    const seen = [...this.#votes.values()].filter((vote) => vote.seen.host === host);
    const [first] = rank(seen.map((vote) => vote.seen.port));
    const current = this.#elected?.host === host ? this.#elected.port : undefined;
    if (first && (current === undefined || first.count >= CHANGE_VOTES_MIN)) return first.value;
    return current ?? 0;
  }
}

function isSame(known: Endpoint | undefined, seen: Endpoint): boolean {
  return known?.host === seen.host && known.port === seen.port;
}

function rank<T>(values: readonly T[]): { value: T; count: number }[] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
}

/** Who shares a vote: a /24 or /48 of the public net; elsewhere a host; on loopback a socket. */
function groupOf(voter: Endpoint): string {
  const scope = scopeOf(voter.host);
  if (scope === 'loopback') return endpointKey(voter);
  if (scope !== 'public') return voter.host;
  return networkOf(voter.host, NETWORK_V6_BYTES);
}
