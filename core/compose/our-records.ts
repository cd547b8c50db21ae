/**
 * Our records: what each of those who know us may read of where we are. Under another policy it is
 * another record: other candidates, another gate, or none at all (POL-3).
 *
 *   to whom             policy                            where it is said
 *   contact, invite     ours towards them                 in the DHT, if it may show our address
 *   whoever is linked   the same, or that of the invite   in the hello
 *
 * @module
 */
import type { Policy } from '../base/policy.ts';
import { dhPublicKey } from '../crypto/dh.ts';
import type { OurRecord } from '../discovery/presence.ts';
import type { RendezvousId } from '../discovery/presence-saved.ts';
import {
  encodeRecord,
  type PresenceRecord,
  type RecordCandidate,
  type RecordGate,
} from '../discovery/record.ts';
import type { Contact } from '../people/contact.ts';
import type { Invite } from '../people/invite.ts';
import type { Book } from './book.ts';
import type { LinkUp } from './connections.ts';
import type { Me } from './self.ts';
import { VERSIONS } from './versions.ts';

const BESIDES = ' besides';

export interface OurRecordsPorts {
  candidates(policy: Policy): readonly RecordCandidate[];
  /** Number of what we say now; 0 before the first. */
  generation(): number;
  /** Whom a device belongs to that we have dialled. */
  identityOf(device: string): Uint8Array | undefined;
}

type Said<P extends Policy> = Omit<PresenceRecord, 'policy'> & { readonly policy: P };

export class OurRecords {
  constructor(
    private readonly me: Me,
    private readonly book: Book,
    private readonly ports: OurRecordsPorts,
  ) {}

  /** All that we say to anybody: what those may know towards whom we are Automatic. */
  all(): Said<'auto'> {
    const { device: signing, noise } = this.me;
    const keys = { signing, noise: dhPublicKey(noise.reveal()) };
    return { ...this.#under('auto'), keys };
  }

  /** What whoever looks there may know of it; undefined for nothing. */
  at(id: RendezvousId, all: OurRecord): OurRecord | undefined {
    const whose = 'invite' in id ? this.book.invites.get(id.invite) : this.#personAt(id.peer);
    const policy = whose?.policy;
    return policy === 'auto' || policy === 'direct' ? { ...all, policy } : undefined;
  }

  /** Where we are, who we are, which gate: for people who hold this invite. */
  forInvite({ gate, policy }: Invite): Uint8Array {
    const told = this.#under(policy, {
      kind: policy === 'hidden' ? 'circuit' : 'direct',
      secret: gate,
    });
    return encodeRecord({ ...told, keys: this.all().keys });
  }

  /** Whoever hears us in a network knows where we are: this tells only how to come in. */
  inNetwork(to: Contact | Invite): Uint8Array {
    const isInvite = 'gate' in to;
    const gate = isInvite ? ({ kind: 'direct', secret: to.gate } as const) : undefined;
    const keys = isInvite ? this.all().keys : undefined;
    return encodeRecord({ ...this.#under(to.policy, gate), candidates: [], keys });
  }

  /** For whoever is at the far end of a link, met or not. */
  onLink(up: LinkUp, target: string | undefined): Uint8Array {
    return encodeRecord(this.#under(this.#policyOn(up, target)));
  }

  #under<P extends Policy>(
    policy: P,
    gate: RecordGate = this.book.gate(policy === 'hidden' ? 'circuit' : 'direct'),
  ): Said<P> {
    const { kind, secret } = gate;
    return {
      majors: VERSIONS,
      policy,
      generation: Math.max(this.ports.generation(), 1),
      list: this.me.list,
      candidates: this.ports.candidates(policy),
      gate: { kind, secret },
    };
  }

  #policyOn({ gate, peerNoise }: LinkUp, target: string | undefined): Policy {
    const dialled = target === undefined ? undefined : this.ports.identityOf(target);
    const contact =
      this.book.deviceByNoise(peerNoise)?.contact ?? (dialled && this.book.contactOf(dialled));
    // A partner inside this computer is told everything: it leads nowhere else.
    if (contact?.local) return 'auto';
    return contact?.policy ?? this.book.invites.get(gate.id)?.policy ?? 'hidden';
  }

  #personAt(peer: string): Contact | undefined {
    const person = peer.endsWith(BESIDES) ? peer.slice(0, -BESIDES.length) : peer;
    return this.book.contacts.get(person);
  }
}

/** The name of somebody's second rendezvous, under the secret that they proposed. */
export function besides(peer: string): string {
  return peer + BESIDES;
}
