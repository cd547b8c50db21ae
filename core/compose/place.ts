/**
 * Place: where this device stands in the network: what routers do with its ports, as told from
 * what others see (path/nat-class.ts), and so our candidates and what stands beside them (PTH-13).
 * @module
 */
import { equal, utf8 } from '../base/bytes.ts';
import { endpointKey, familyOf, scopeOf, type Endpoint, type Family } from '../base/endpoint.ts';
import type { Policy } from '../base/policy.ts';
import type { Doc } from '../base/vault.ts';
import { decodeRecord, type RecordCandidate } from '../discovery/record.ts';
import type { Listening } from '../effects.ts';
import type { OwnAddresses, Route } from '../path/candidates.ts';
import { judgeMaps, type MapJudgement } from '../path/mapped.ts';
import {
  isPunched,
  natOfCandidate,
  NatWatch,
  type NatClass,
  type OwnSocket,
} from '../path/nat-class.ts';
import { candidatesFor } from '../path/policy.ts';
import type { PortMap } from '../path/port-map/contract.ts';
import type { Context } from './context.ts';
import type { Finding } from './finding.ts';

/** Beside the routing table. */
const NAT_KEY = utf8('nat');

export class Place {
  readonly #nat: NatWatch;

  constructor(
    private readonly context: Context,
    docs: readonly Doc[],
  ) {
    const saved = docs.find(({ key, space }) => space === 'dht' && equal(key, NAT_KEY));
    this.#nat = new NatWatch(saved?.value);
  }

  nat(family: Family): NatClass {
    return this.#nat.of(family);
  }

  /** This computer has other addresses: it may be in another network. */
  handleMove(): void {
    this.#nat.handleMove(this.context.now.monoMs);
  }

  /** What the ports are worth that routers say they send on to us. */
  judge(finding: Outside, listen: Listening, maps: readonly PortMap[]): MapJudgement {
    const { external, external6 } = finding;
    return judgeMaps(maps, {
      // An address of an earlier run says nothing of the network of today.
      external: witnessed(finding, 'v4', external)?.host,
      external6: external6?.host,
      local: listen.addresses,
      allowReserved: this.context.profile.allowReserved,
    });
  }

  /** Where this device may be reached, by all that is known. */
  own(finding: Outside, listen: Listening, mapped: MapJudgement): OwnAddresses {
    const { addresses: local, networks, proxied, tcpPort, udpPort } = listen;
    const { allowReserved } = this.context.profile;
    const [external, external6] = [today(finding, 'v4', local), today(finding, 'v6', local)];
    const outside = { external, external6, mapped };
    return { local, udpPort, tcpPort, ...outside, allowReserved, networks, proxied };
  }

  /**
   * The same for judging who is in a network with us (PTH-2): an outside address that nobody has
   * seen since we came here may be that of a network which we left.
   */
  seen(finding: Outside, own: OwnAddresses): OwnAddresses {
    const external = witnessed(finding, 'v4', own.external);
    return { ...own, external, external6: witnessed(finding, 'v6', own.external6) };
  }

  /** Our candidates as our record names them to somebody for whom this is our policy. */
  candidates(policy: Policy, finding: Outside, own: OwnAddresses): RecordCandidate[] {
    this.#look(finding, { addresses: own.local, udpPort: own.udpPort });
    const { external, external6 } = finding;
    return candidatesFor(policy, own).map((route) => {
      const family = familyOf(route.endpoint);
      const outside = family === 'v4' ? external : external6;
      return { ...route, nat: natOfCandidate(route, outside, this.nat(family)) };
    });
  }

  /**
   * Does a path there lead through openings that two routers made (PTH-19)?
   * @param record what the far side says of itself.
   */
  isPunched({ endpoint, transport }: Route, record: Uint8Array | undefined): boolean {
    const read = record && decodeRecord(record);
    if (transport !== 'udp' || !read?.ok) return false;
    // Its port may be another for us, where its router is random.
    const theirs = read.record.candidates.find(
      (candidate) => candidate.transport === 'udp' && candidate.endpoint.host === endpoint.host,
    );
    return isPunched(this.nat(familyOf(endpoint)), theirs?.nat ?? 'unknown');
  }

  /** Those who answer us may have said anew where they see us. */
  #look(finding: Pick<Finding, 'votes'>, own: OwnSocket): void {
    let changed = false;
    for (const family of ['v4', 'v6'] as const) {
      if (this.#nat.update(family, finding.votes(family), own)) changed = true;
    }
    if (!changed) return;
    const docs = [{ space: 'dht' as const, key: NAT_KEY, value: this.#nat.encode() }];
    this.context.vault({ op: 'put', docs }, () => undefined);
  }
}

/**
 * Where others see us. What an earlier run was told stands until somebody says it anew, but where
 * this computer has addresses that lead beyond its network: these it knows by itself.
 */
function today(finding: Outside, family: Family, local: readonly string[]): Endpoint | undefined {
  const outside = family === 'v4' ? finding.external : finding.external6;
  const name = outside && endpointKey(outside);
  const isSeen = finding.votes(family).some(({ seen }) => endpointKey(seen) === name);
  const leadsBeyond = (host: string): boolean => {
    const scope = scopeOf(host);
    const isOurs = familyOf({ host, port: 0 }) === family;
    return isOurs && (scope === 'public' || scope === 'reserved');
  };
  return isSeen || !local.some(leadsBeyond) ? outside : undefined;
}

/** That address outside, where one of those who answer us has seen us there. */
function witnessed(
  finding: Outside,
  family: Family,
  outside: Endpoint | undefined,
): Endpoint | undefined {
  const isSeen = finding.votes(family).some(({ seen }) => seen.host === outside?.host);
  return isSeen ? outside : undefined;
}

type Outside = Pick<Finding, 'external' | 'external6' | 'votes'>;
