/**
 * Invites in the network: for as long as somebody needs one, both its ends leave word under it and
 * look for the other's. Who gave us one is told as somebody to dial; for whoever was given one of
 * ours our router is opened (first-meetings.ts; CON-5, DSC-29).
 * What an invite is and when it admits somebody lies in people/invite.ts.
 * @module
 */
import { hex } from '../base/bytes.ts';
import type { Policy } from '../base/policy.ts';
import type { AskedBy } from '../discovery/presence.ts';
import type { PresenceRecord } from '../discovery/record.ts';
import type { GateKey, LinkTarget } from '../link/contract.ts';
import { allowsWay, type Way } from '../path/policy.ts';
import { isPaired, type Contact } from '../people/contact.ts';
import { inviteId, inviteState, type Invite } from '../people/invite.ts';
import { parseInvite, type InviteText } from '../people/invite-text.ts';
import type { Book } from './book.ts';
import type { Context } from './context.ts';
import type { Finding } from './finding.ts';
import { FirstMeetings, type FirstMeetingPorts } from './first-meetings.ts';
import type { Places } from './relays.ts';

export interface InvitesPorts {
  /** A device may be dialled there; that it is theirs, their hello has to prove. */
  target(key: string, target: LinkTarget, record: Places): void;
  /** No slot of this invite opens anything any more. */
  shutOut(invite: Invite): void;
  /** Other invites lead somewhere than before. */
  changed(): void;
  /** Who asks the DHT where this contact could watch; undefined for nobody. */
  asksBy(contact: Contact): AskedBy | undefined;
  readonly connections: FirstMeetingPorts['connections'];
}

export class Invites {
  readonly #gates = new Map<string, GateKey>();
  readonly meetings: FirstMeetings;

  constructor(
    private readonly context: Context,
    private readonly book: Book,
    private readonly finding: Pick<Finding, 'presence' | 'drain' | 'networkMs' | 'glance'>,
    private readonly ports: InvitesPorts,
  ) {
    this.meetings = new FirstMeetings(context, {
      connections: () => ports.connections(),
      networkMs: () => finding.networkMs,
      glance: (invite) => finding.glance({ invite }),
    });
  }

  /** The gates of the invites by which somebody may come in. */
  gates(): GateKey[] {
    const gates: GateKey[] = [];
    for (const invite of this.book.invites.values()) {
      if (invite.revoked || this.context.soundMs >= invite.expiresMs) continue;
      let key = this.#gates.get(invite.id);
      if (!key) {
        key = { id: invite.id, kind: 'invite', secret: invite.gate };
        this.#gates.set(invite.id, key);
      }
      gates.push(key);
    }
    return gates;
  }

  /** Publishes an invite of ours, for as long as somebody needs it. */
  offer(invite: Invite): void {
    this.ports.changed();
    const policy = this.policyOf(invite);
    if (policy === undefined) return;
    const { expiresMs, gate, id, secret } = invite;
    const hidden = policy === 'hidden';
    const kind = hidden ? 'circuit' : 'direct';
    this.finding.presence.addInvite(
      { invite: id, secret, role: 'inviter', expiresMs, gate: { kind, secret: gate }, hidden },
      this.context.now,
    );
    // ⚑ Whoever holds it may name any address: one who may not see ours is not called there.
    if (hidden) this.meetings.forget(id);
    else if (this.context.profile.dht) this.meetings.watch(id, secret, { role: 'inviter', invite });
    this.finding.drain();
  }

  /** Withdrawn, or forgotten: nobody comes in by it any more, nor by its slots at relays. */
  withdraw(invite: Invite): void {
    this.#silence(invite);
    this.ports.shutOut(invite);
  }

  #silence(invite: Invite): void {
    this.ports.changed();
    this.#gates.delete(invite.id);
    this.#leave(invite.id);
    this.finding.drain();
  }

  /** Invites that nobody needs any more leave the DHT. */
  retire(): void {
    for (const invite of this.book.invites.values()) {
      if (this.policyOf(invite) === undefined) this.#silence(invite);
    }
  }

  /** What a contact may know of us is another thing now: what is said under invites follows. */
  review(contact: Contact): void {
    this.retire();
    for (const invite of this.book.invites.values()) this.offer(invite);
    if (this.ports.asksBy(contact)) this.follow(contact);
    else this.unfollow(contact);
  }

  /** Looks for whoever gave us the invite by which this contact was added. */
  follow(contact: Contact): void {
    this.ports.changed();
    const read = inviteOf(contact);
    const by = this.ports.asksBy(contact);
    if (!read?.ok || !this.context.profile.dht || !by) return;
    const { expiresMs, secret } = read.invite;
    const invite = inviteId(secret);
    const hidden = by === 'relays';
    this.finding.presence.addInvite(
      { invite, secret, role: 'invitee', expiresMs, hidden },
      this.context.now,
    );
    if (hidden) this.meetings.forget(invite);
    else this.meetings.watch(invite, secret, { role: 'invitee', contact });
    this.finding.drain();
  }

  /** Looks no more under the invite by which this contact was added. */
  unfollow(contact: Contact): void {
    this.ports.changed();
    const invite = inviteIdOf(contact);
    if (invite !== undefined) this.#leave(invite);
  }

  #leave(invite: string): void {
    this.finding.presence.removeInvite(invite, this.context.now);
    this.meetings.forget(invite);
  }

  /** The other end of an invite has left word under it. */
  handleFound(invite: string, record: PresenceRecord, fresh: boolean): void {
    this.meetings.handleFound(invite, record, fresh);
    this.handleHeard(invite, record);
  }

  /** Whoever gave us this invite was heard in our network, or found. */
  handleHeard(invite: string, record: PresenceRecord): void {
    for (const contact of this.book.contacts.values()) {
      if (inviteIdOf(contact) === invite) return this.meet(contact, record);
    }
  }

  /** The inviter's record names the device. */
  meet(contact: Contact, record: PresenceRecord): void {
    const read = inviteOf(contact);
    const { gate, keys, majors } = record;
    if (!read?.ok || !gate || !keys) return;
    const id = inviteId(read.invite.secret);
    const target = {
      identity: contact.identity,
      device: keys.signing,
      noise: keys.noise,
      versions: majors,
      gate: { id, kind: 'invite' as const, secret: gate.secret },
    };
    this.ports.target(hex(keys.signing), target, record);
  }

  /** Somebody may still come by it, or came and has no pair secret yet to find us again. */
  isNeeded(invite: Invite): boolean {
    if (inviteState(invite, this.context.soundMs) === 'open') return true;
    if (invite.revoked) return false;
    return invite.usedBy.some((user) => {
      const contact = this.book.contactOf(user);
      return contact !== undefined && !contact.blocked && !isPaired(contact);
    });
  }

  /**
   * By which policy it is told in the DHT: its own, unless one of those who came by it may reach us
   * by relays alone; then all who hold it may.
   */
  policyOf(invite: Invite): Policy | undefined {
    if (this.isTold(invite, 'direct')) return invite.policy;
    return this.isTold(invite, 'relay') ? 'hidden' : undefined;
  }

  /**
   * Is it told where those who hold it would look, by this way?
   *
   * ⚑ Who came by it can read for ever what is said under it: with one among them who may not reach
   * us that way, or is blocked, nothing is.
   */
  isTold(invite: Invite, way: Way): boolean {
    if (!this.isNeeded(invite) || !allowsWay(invite.policy, way)) return false;
    return invite.usedBy.every((user) => {
      const contact = this.book.contactOf(user);
      return !contact || (!contact.blocked && allowsWay(contact.policy, way));
    });
  }
}

/** The invite by which a contact was added, read; undefined where there is none any more. */
function inviteOf(contact: Contact): ReturnType<typeof parseInvite> | undefined {
  return contact.invite === undefined ? undefined : parseInvite(contact.invite);
}

/** The same, where it can be read. */
export function invitedBy(contact: Contact): InviteText | undefined {
  const read = inviteOf(contact);
  return read?.ok ? read.invite : undefined;
}

/** The id of that invite. */
export function inviteIdOf(contact: Contact): string | undefined {
  const read = inviteOf(contact);
  return read?.ok ? inviteId(read.invite.secret) : undefined;
}
