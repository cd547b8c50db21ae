/**
 * Our records: what each of those who know us may read of where we are. Under another policy it is
 * another record: other candidates, another gate, or none at all (POL-3).
 *
 *   to whom             policy                            where it is said
 *   contact             ours towards them                 in the DHT
 *   invite              the strictest of those by it      in the DHT
 *   whoever is linked   the same, or that of the invite   in the hello
 *
 * @module
 */
import { hex } from '../base/bytes.ts';
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
import { waysOf } from '../path/policy.ts';
import type { Contact } from '../people/contact.ts';
import type { Invite } from '../people/invite.ts';
import type { Book } from './book.ts';
import type { LinkUp } from './connections.ts';
import { inviteIdOf } from './invites.ts';
import type { Me } from './self.ts';
import { VERSIONS } from './versions.ts';

const BESIDES = ' besides';

export interface OurRecordsPorts {
  candidates(policy: Policy): readonly RecordCandidate[];
  /** Number of what we say now; 0 before the first. */
  generation(): number;
  /** Our relays, with a slot that is this reader's alone; without a reader with nobody's. */
  relays(reader?: string, isHidden?: boolean): readonly Uint8Array[];
  /** What contacts may know that we do for them. */
  flags(): number;
  /** By which policy an invite is told in the DHT; undefined where it is not. */
  policyOf(invite: Invite): Policy | undefined;
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
    const told = { relays: this.ports.relays(), flags: this.ports.flags() };
    return { ...this.#under('auto', told), keys };
  }

  /** What those are told who may not see our address, but for their slots: to see what changed. */
  hidden(): Uint8Array {
    const relays = this.ports.relays(undefined, true);
    return encodeRecord({ ...this.#under('hidden', { relays }), generation: 1 });
  }

  /** What whoever looks there may know of it; undefined for nothing. */
  at(id: RendezvousId, all: OurRecord): OurRecord | undefined {
    const contact = 'peer' in id ? this.#personAt(id.peer) : undefined;
    const whose = 'invite' in id ? this.#endOf(id.invite) : contact;
    if (!whose) return undefined;
    const policy = 'gate' in whose ? this.ports.policyOf(whose) : whose.policy;
    if (policy === undefined || policy === 'local') return undefined;
    const relays = this.#relays(policy, whose);
    if (policy !== 'hidden') return { ...all, policy, ...relays };
    // Who was invited would tell candidates alone, and has none to tell.
    if ('invite' in id && !('gate' in whose)) return undefined;
    return { ...this.#under(policy, relays), policy, keys: all.keys };
  }

  /** Where we are, who we are, which gate: for people who hold this invite. */
  forInvite(invite: Invite): Uint8Array {
    const { gate: secret, policy } = invite;
    const kind = policy === 'hidden' ? 'circuit' : 'direct';
    const told = this.#under(policy, this.#relays(policy, invite), { kind, secret });
    return encodeRecord({ ...told, keys: this.all().keys });
  }

  /** Whoever hears us in a network knows where we are: this tells only how to come in. */
  inNetwork(to: Contact | Invite): Uint8Array {
    const isInvite = 'gate' in to;
    const gate = isInvite ? ({ kind: 'direct', secret: to.gate } as const) : undefined;
    const keys = isInvite ? this.all().keys : undefined;
    return encodeRecord({ ...this.#under(to.policy, {}, gate), candidates: [], keys });
  }

  /** For whoever is at the far end of a link, met or not. */
  onLink(up: LinkUp, target: string | undefined): Uint8Array {
    const contact = this.#contactOn(up, target);
    // A partner inside this computer is told everything: it leads nowhere else.
    if (contact?.local) return encodeRecord(this.#under('auto', {}));
    const whose = contact ?? this.book.invites.get(up.gate.id);
    const policy = whose?.policy ?? 'hidden';
    return encodeRecord(this.#under(policy, this.#relays(policy, whose)));
  }

  #under<P extends Policy>(
    policy: P,
    told: Pick<PresenceRecord, 'relays' | 'flags'>,
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
      ...told,
    };
  }

  /** Through which relays this one reader may come, and what we do for those we know. */
  #relays(
    policy: Policy,
    whose: Contact | Invite | undefined,
  ): Pick<PresenceRecord, 'relays' | 'flags'> {
    const mayCome = waysOf({ ours: policy, theirs: undefined }).includes('relay');
    const reader = whose && readerOf(whose);
    return {
      relays: mayCome && reader !== undefined ? this.ports.relays(reader, policy === 'hidden') : [],
      flags: policy === 'auto' ? this.ports.flags() : 0,
    };
  }

  #contactOn({ peerNoise }: LinkUp, target: string | undefined): Contact | undefined {
    const dialled = target === undefined ? undefined : this.ports.identityOf(target);
    return this.book.deviceByNoise(peerNoise)?.contact ?? (dialled && this.book.contactOf(dialled));
  }

  /** An invite of ours, or whoever gave us one. */
  #endOf(invite: string): Invite | Contact | undefined {
    const ours = this.book.invites.get(invite);
    return ours ?? [...this.book.contacts.values()].find((one) => inviteIdOf(one) === invite);
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

/** The name under which somebody has slots at our relays. */
export function readerOf(whose: Contact | Invite): string {
  return 'identity' in whose ? hex(whose.identity) : `invite ${whose.id}`;
}
