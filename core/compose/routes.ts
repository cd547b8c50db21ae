/**
 * Routes: which ways lead to a contact now, under the policies of both. It knows where we are and
 * what each side chose, and asks core/path/policy.ts, which decides (POL-1 to POL-9).
 * @module
 */
import { equal } from '../base/bytes.ts';
import type { Policy } from '../base/policy.ts';
import type { Held } from '../commands.ts';
import type { RouteName, Rule } from '../effects.ts';
import type { AskedBy } from '../discovery/presence.ts';
import { decodeRecord } from '../discovery/record.ts';
import type { OwnAddresses, Route } from '../path/candidates.ts';
import { admits, allows, asksBy, dialable, isSameSite, wayOf, waysOf } from '../path/policy.ts';
import type { Pact, Way } from '../path/policy.ts';
import { withChange, type Contact } from '../people/contact.ts';
import type { Context } from './context.ts';

export interface RoutesPorts {
  /** Where we are. */
  own(): OwnAddresses;
  isLinked(contact: Contact): boolean;
  /** Is there a relay by which we could be reached, or could reach others? */
  hasRelay(): boolean;
}

export class Routes {
  constructor(
    private readonly context: Context,
    private readonly ports: RoutesPorts,
  ) {}

  /** Who asks the DHT where this contact could watch it; undefined for nobody (POL-8). */
  asksBy(contact: Contact): AskedBy | undefined {
    return asksBy(contact.policy);
  }

  /**
   * Those of these candidates of theirs that we may dial and attach.
   * @param heard where they were heard in a network that we are on.
   */
  dialable(
    contact: Contact | undefined,
    candidates: readonly Route[],
    heard: readonly Route[],
  ): Route[] {
    const own = this.ports.own();
    // A partner inside this computer listens on loopback, where we dial nobody else.
    if (contact?.local) return dialable(candidates, { ...own, allowReserved: true }, OPEN);
    return contact ? dialable(candidates, own, pactOf(contact), heard) : [];
  }

  /** May they know in a network that both are on that we are there? Ours alone decides. */
  showsHere({ blocked, policy }: Contact): boolean {
    return !blocked && waysOf({ ours: policy, theirs: undefined }).includes('lan');
  }

  /** May they look for us, and we for them, in a network that both are on? */
  meetsHere(contact: Contact): boolean {
    return !contact.blocked && waysOf(pactOf(contact)).includes('lan');
  }

  /** May they be met at addresses that both show each other? */
  meetsDirectly(contact: Contact): boolean {
    return !contact.blocked && waysOf(pactOf(contact)).includes('direct');
  }

  /** May they come in from there? Ours alone decides. */
  admits(contact: Contact, from: Route): boolean {
    if (contact.local) return true;
    return admits(contact.policy, from, this.ports.own(), this.#isSameSite(contact));
  }

  /** The same for somebody of whom we know only the policy that their invite was made with. */
  admitsBy(policy: Policy, from: Route): boolean {
    return admits(policy, from, this.ports.own(), false);
  }

  /** May a link with them use this route? Both decide. */
  allows(contact: Contact, route: Route): boolean {
    if (contact.local) return true;
    return allows(pactOf(contact), route, this.ports.own(), this.#isSameSite(contact));
  }

  /** By which way a route leads, as the policies see it; of somebody unknown by where it leads. */
  wayOf(contact: Contact | undefined, route: Route): Way {
    return wayOf(route, this.ports.own(), contact !== undefined && this.#isSameSite(contact));
  }

  /**
   * On this route, may the far side see an address of ours? In this network it is a local one.
   * Through a relay it is what our record tells them, unless we hide; by a proxy of ours it is the
   * proxy's alone (POL-11).
   */
  showsAddress({ policy }: Contact, route: RouteName): boolean {
    if (this.ports.own().proxied === true) return false;
    return route === 'direct' || route === 'lan' || (route === 'relay' && policy !== 'hidden');
  }

  /** Why nothing can leave under the policies; undefined where something can, or is blocked. */
  held(contact: Contact): Held | undefined {
    if (contact.local || contact.blocked || this.ports.isLinked(contact)) return undefined;
    const ways = waysOf(pactOf(contact));
    if (ways.length === 0) return 'conflict';
    if (ways.includes('direct')) return undefined;
    if (ways.includes('lan')) {
      return contact.policy === 'local' ? 'not-here' : 'not-here-theirs';
    }
    // Who hides needs a relay of their own on every way (RLY-18). Who does not takes the other's.
    return contact.policy !== 'hidden' || this.ports.hasRelay() ? undefined : 'no-relay';
  }

  /** By which ways they may be reached, and why nothing can leave. */
  rule(contact: Contact): Rule {
    const { policy, theirPolicy } = contact;
    return { policy, theirPolicy, held: this.held(contact) };
  }

  /** They said which policy is theirs. @returns true where it is another one than before. */
  heard(contact: Contact, policy: Policy): boolean {
    const before = contact.theirPolicy ?? 'auto';
    contact.theirPolicy = policy;
    if (policy === before) return false;
    const change = { atMs: this.context.now.wallMs, by: 'them' as const, policy };
    contact.policyChanges = withChange(contact.policyChanges, change);
    return true;
  }

  /** Does the newest record of a device of theirs name our own outside address? */
  #isSameSite({ devices }: Contact): boolean {
    const own = this.ports.own();
    return devices.some(({ record }) => {
      const read = record && decodeRecord(record);
      return read?.ok === true && isSameSite(read.record.candidates, own);
    });
  }
}

const OPEN: Pact = { ours: 'auto', theirs: undefined };

function pactOf({ policy, theirPolicy }: Contact): Pact {
  return { ours: policy, theirs: theirPolicy };
}

/**
 * What the record of a device that came by the DHT may tell of its policy: only what is newer than
 * what it has told over a link (POL-6).
 */
export function isNewerRecord(contact: Contact, device: Uint8Array, generation: number): boolean {
  const known = contact.devices.find((entry) => equal(entry.device, device))?.record;
  const read = known && decodeRecord(known);
  return !read?.ok || generation > read.record.generation;
}
