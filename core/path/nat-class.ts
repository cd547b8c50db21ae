/**
 * NAT class: what the router in front of us does with the port of our UDP socket, told from where
 * others see us (PTH-13).
 *
 *   fewer than 4 samples                        unknown, or what an earlier run found
 *   3/4 see one endpoint, and it is our own     open
 *   3/4 see one endpoint, of a router           independent: one mapping for all destinations
 *   no endpoint is seen by half of them         random: another mapping for each
 *   between these (the mapping has just changed, or some lie)   as before
 *
 * Who may send to a mapping (filtering) cannot be told from votes; nobody needs to know it to try.
 * @module
 */
import { endpointKey, type Endpoint, type Family } from '../base/endpoint.ts';

const CLASSES = ['unknown', 'open', 'independent', 'random'] as const;
export type NatClass = (typeof CLASSES)[number];

/** Fewer networks than this say nothing. */
export const NAT_SAMPLES_MIN = 4;
const AGREE_SHARE = 3 / 4;
const SCATTER_SHARE = 1 / 2;
const FAMILIES: readonly Family[] = ['v4', 'v6'];

export interface NatSample {
  /** Where one network sees us. */
  readonly seen: Endpoint;
  readonly atMs: number;
}

export interface OwnSocket {
  readonly addresses: readonly string[];
  readonly udpPort: number | undefined;
}

/** @param samples one of each network that answered us. @param former what was so before. */
export function natClassOf(
  samples: readonly NatSample[],
  own: OwnSocket,
  former: NatClass = 'unknown',
): NatClass {
  if (samples.length < NAT_SAMPLES_MIN) return former;
  const counts = new Map<string, { seen: Endpoint; count: number }>();
  for (const { seen } of samples) {
    const entry = counts.get(endpointKey(seen)) ?? { seen, count: 0 };
    entry.count++;
    counts.set(endpointKey(seen), entry);
  }
  const [most] = [...counts.values()].sort((a, b) => b.count - a.count);
  const share = most!.count / samples.length;
  if (share < SCATTER_SHARE) return 'random';
  if (share < AGREE_SHARE) return former;
  const isOwn = own.addresses.includes(most!.seen.host) && most!.seen.port === own.udpPort;
  return isOwn ? 'open' : 'independent';
}

/** The classes of both families, as they change. */
export class NatWatch {
  readonly #classes: Record<Family, NatClass>;
  #sinceMs = -Infinity;

  /** @param saved what `encode` made in an earlier run. */
  constructor(saved?: Uint8Array) {
    const [v4, v6] = FAMILIES.map((_, i) => CLASSES[saved?.[i] ?? 0] ?? 'unknown');
    this.#classes = { v4: v4!, v6: v6! };
  }

  of(family: Family): NatClass {
    return this.#classes[family];
  }

  /** @returns true where the class is another now. */
  update(family: Family, samples: readonly NatSample[], own: OwnSocket): boolean {
    const former = this.#classes[family];
    const newer = samples.filter(({ atMs }) => atMs >= this.#sinceMs);
    this.#classes[family] = natClassOf(newer, own, former);
    return this.#classes[family] !== former;
  }

  /** Another network, perhaps: what was seen so far says nothing about it. */
  handleMove(nowMs: number): void {
    this.#sinceMs = nowMs;
    for (const family of FAMILIES) this.#classes[family] = 'unknown';
  }

  encode(): Uint8Array {
    return Uint8Array.from(FAMILIES, (family) => CLASSES.indexOf(this.#classes[family]));
  }
}

/**
 * The class that a candidate of ours is published with. Behind a random NAT the voted port is
 * nobody's; it is published all the same, since the host opens filters that look at no port.
 * @param outside where those who answer us see us, in the candidate's family.
 */
export function natOfCandidate(
  candidate: { readonly transport: string; readonly endpoint: Endpoint },
  outside: Endpoint | undefined,
  nat: NatClass,
): NatClass {
  const { endpoint, transport } = candidate;
  if (transport !== 'udp' || endpoint.host !== outside?.host) return 'unknown';
  // Another port of the outside address is one that a router was asked to map for everybody.
  return endpoint.port === outside.port ? nat : 'open';
}

/**
 * May two ends meet by sending to each other's candidates at one time? Where each has another
 * mapping for each destination neither knows the port that the other will have: only a relay helps.
 * A port-restricted router and a random one meet no more, but that the first filters by port
 * nobody can tell before.
 */
export function isWorthPunching(ours: NatClass, theirs: NatClass): boolean {
  return ours !== 'random' || theirs !== 'random';
}

/** Does a path between these lead through openings that two routers made? */
export function isPunched(ours: NatClass, theirs: NatClass): boolean {
  const isBehind = (nat: NatClass): boolean => nat === 'independent' || nat === 'random';
  return isBehind(ours) && isBehind(theirs);
}
