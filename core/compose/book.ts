/**
 * The address book: contacts, their devices, our invites and our gates, in memory as the
 * vault's documents hold them. Every change hands back the documents to be written, so that the
 * caller can put them into the transaction they belong to.
 * @module
 */
import { equal, hex, utf8 } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import type { Doc, DocChange, PeerDevice } from '../base/vault.ts';
import { deviceAddress } from '../crypto/address.ts';
import type { GateKey } from '../link/contract.ts';
import { readCertificate, type Certificate } from '../people/certificate.ts';
import { decodeContact, encodeContact, type Contact } from '../people/contact.ts';
import { conversationOf, conversationText } from '../people/conversation.ts';
import {
  decodeGate,
  encodeGate,
  gateIsOld,
  newGate,
  type OwnGate,
  type OwnGateKind,
} from '../people/gate.ts';
import { formatId, parseId } from '../people/id-text.ts';
import { decodeInvite, encodeInvite, type Invite } from '../people/invite.ts';
import { Looks } from '../people/look-alike.ts';
import { cleanName, nameKey } from '../people/name.ts';

const KINDS: readonly OwnGateKind[] = ['direct', 'circuit'];

/** A device of a contact, with its certificate read. */
export interface KnownDevice {
  /** Hex of its signing key. */
  readonly key: string;
  readonly contact: Contact;
  readonly peer: PeerDevice;
  readonly noise: Uint8Array;
  readonly bundle: Uint8Array | undefined;
  readonly record: Uint8Array | undefined;
}

/** How a contact is named in conversations, lists and texts. */
interface Names {
  readonly conversation: Uint8Array;
  readonly conversationText: string;
  readonly id: string;
}

export type Resolved =
  | { ok: true; contact: Contact }
  | { ok: false; code: 'not-found' }
  | { ok: false; code: 'ambiguous'; candidates: readonly string[] };

export class Book {
  /** By hex of the identity key. */
  readonly contacts = new Map<string, Contact>();
  /** By invite id. */
  readonly invites = new Map<string, Invite>();
  /** Whose names look alike. */
  readonly looks = new Looks<Contact>();
  /** Of each kind the current gate, then the former one where it still opens. */
  #gates: readonly OwnGate[];
  /** One object per secret, so that keys derived from it are kept with it. */
  #gateKeys: readonly GateKey[] = [];
  readonly #devices = new Map<string, KnownDevice>();
  readonly #byNoise = new Map<string, KnownDevice>();
  readonly #devicesOf = new WeakMap<Contact, KnownDevice[]>();
  /** By identity key: with many contacts, hashing for each of them is what a lookup would cost. */
  readonly #names = new WeakMap<Uint8Array, Names>();

  constructor(
    private readonly self: Uint8Array,
    docs: readonly Doc[],
  ) {
    for (const doc of docs) {
      if (doc.space === 'contact') {
        const contact = decodeContact(doc.value);
        if (contact) this.#index(contact);
      } else if (doc.space === 'invite') {
        const invite = decodeInvite(doc.value);
        if (invite) this.invites.set(invite.id, invite);
      }
    }
    this.#gates = docs
      .filter((doc) => doc.space === 'gate')
      .map((doc) => decodeGate(doc.value))
      .filter((gate) => gate !== undefined)
      .sort((a, b) => b.createdMs - a.createdMs);
    this.#gateKeys = this.#gates.map(gateKey);
  }

  /** The gate that we tell people now: by an address, or through relays alone. */
  gate(kind: OwnGateKind): OwnGate {
    return this.#gates.find((gate) => gate.kind === kind)!;
  }

  /** The gates by which a known device may come in. */
  get gateKeys(): readonly GateKey[] {
    return this.#gateKeys;
  }

  /** A gate is missing or a week old: a new one, and the documents that say so. */
  renewOldGates(random: Random, wallMs: number): DocChange[] {
    return KINDS.flatMap((kind) => {
      const current = this.#gates.find((gate) => gate.kind === kind);
      if (current && !gateIsOld(current, wallMs)) return [];
      return this.#renewGate(kind, random, wallMs, current ? [current] : []);
    });
  }

  /** Somebody must be kept out from now on: no former gate of these kinds stays open. */
  renewGates(kinds: readonly OwnGateKind[], random: Random, wallMs: number): DocChange[] {
    return kinds.flatMap((kind) => this.#renewGate(kind, random, wallMs, []));
  }

  #renewGate(
    kind: OwnGateKind,
    random: Random,
    wallMs: number,
    keep: readonly OwnGate[],
  ): DocChange[] {
    const others = this.#gates.filter((gate) => gate.kind !== kind);
    const dropped = this.#gates.filter((gate) => gate.kind === kind && !keep.includes(gate));
    const fresh = newGate(kind, random, wallMs);
    this.#gates = [fresh, ...keep, ...others];
    const known = this.#gateKeys;
    this.#gateKeys = this.#gates.map(
      (gate) => known.find(({ id }) => id === gate.id) ?? gateKey(gate),
    );
    return [
      { space: 'gate', key: utf8(fresh.id), value: encodeGate(fresh) },
      ...dropped.map((gate) => ({ space: 'gate' as const, key: utf8(gate.id), value: undefined })),
    ];
  }

  contactOf(identity: Uint8Array): Contact | undefined {
    return this.contacts.get(hex(identity));
  }

  device(key: string): KnownDevice | undefined {
    return this.#devices.get(key);
  }

  deviceByNoise(noise: Uint8Array): KnownDevice | undefined {
    return this.#byNoise.get(hex(noise));
  }

  devicesOf(contact: Contact): readonly KnownDevice[] {
    return this.#devicesOf.get(contact) ?? [];
  }

  /** Devices that a contact has had until now and has no more; `put` forgets them. */
  goneOf(contact: Contact): readonly KnownDevice[] {
    return this.devicesOf(contact).filter(({ peer }) => {
      return !contact.devices.some(({ device }) => equal(device, peer.device));
    });
  }

  /** Adds or updates a contact in memory; write `contactDoc` for it. */
  put(contact: Contact): DocChange {
    this.#unindex(contact);
    this.#index(contact);
    return this.contactDoc(contact);
  }

  /** What a device says of itself now, encoded. @returns undefined where it is what it said. */
  putRecord({ contact, peer, record }: KnownDevice, said: Uint8Array): DocChange | undefined {
    if (record && equal(said, record)) return undefined;
    contact.devices = contact.devices.map((entry) =>
      equal(entry.device, peer.device) ? { ...entry, record: said } : entry,
    );
    return this.put(contact);
  }

  remove(contact: Contact): DocChange {
    this.#unindex(contact);
    this.contacts.delete(hex(contact.identity));
    return { space: 'contact', key: contact.identity, value: undefined };
  }

  /** A newcomer who could not be stored: the invite they came by is theirs no more. */
  forgetGuest(contact: Contact): void {
    this.remove(contact);
    for (const invite of this.invites.values()) {
      invite.usedBy = invite.usedBy.filter((user) => !equal(user, contact.identity));
    }
  }

  contactDoc(contact: Contact): DocChange {
    return { space: 'contact', key: contact.identity, value: encodeContact(contact) };
  }

  inviteDoc(invite: Invite): DocChange {
    return { space: 'invite', key: utf8(invite.id), value: encodeInvite(invite) };
  }

  conversation(contact: Contact): Uint8Array {
    return this.#namesOf(contact).conversation;
  }

  conversationText(contact: Contact): string {
    return this.#namesOf(contact).conversationText;
  }

  /** Their ID, `sotto:` and 56 characters. */
  idText(contact: Contact): string {
    return this.#namesOf(contact).id;
  }

  #namesOf({ identity }: Contact): Names {
    let known = this.#names.get(identity);
    if (!known) {
      const conversation = conversationOf(this.self, identity);
      const id = formatId(identity);
      known = { conversation, conversationText: conversationText(conversation), id };
      this.#names.set(identity, known);
    }
    return known;
  }

  byConversation(conversation: Uint8Array): Contact | undefined {
    for (const contact of this.contacts.values()) {
      if (equal(this.conversation(contact), conversation)) return contact;
    }
    return undefined;
  }

  /** Whom a person means by a name, an ID text or a conversation id. */
  resolve(to: string): Resolved {
    const all = [...this.contacts.values()];
    const found = meantBy(to, all, (contact) => this.conversationText(contact));
    if (found.length === 0) return { ok: false, code: 'not-found' };
    if (found.length === 1) return { ok: true, contact: found[0]! };
    const candidates = found.map((contact) => this.conversationText(contact));
    return { ok: false, code: 'ambiguous', candidates };
  }

  /**
   * A name nobody else in the book has: `Ana`, `Ana 2`, ...
   * @param bearer whose name it becomes; one of these they keep, for people write by it (CON-3).
   */
  freeName(wish: string | undefined, bearer?: Contact): string {
    const base = cleanName(wish ?? '') ?? 'Someone';
    const others = [...this.contacts.values()].filter((contact) => contact !== bearer);
    const taken = new Set(others.map(({ name }) => nameKey(name)));
    const isFree = (name: string): boolean => !taken.has(nameKey(name));
    if (bearer && isNumbered(bearer.name, base) && isFree(bearer.name)) return bearer.name;
    for (let n = 1; ; n++) {
      const name = n === 1 ? base : `${base} ${n}`;
      if (isFree(name)) return name;
    }
  }

  #index(contact: Contact): void {
    this.contacts.set(hex(contact.identity), contact);
    const devices: KnownDevice[] = [];
    for (const { bundle, certificate: bytes, record } of contact.devices) {
      const read = readCertificate(bytes);
      if (!read.ok || !equal(read.certificate.identity, contact.identity)) continue;
      const { certificate } = read;
      const key = hex(certificate.device);
      const peer = peerDevice(certificate);
      const device = { key, contact, peer, noise: certificate.noise, bundle, record };
      this.#devices.set(key, device);
      this.#byNoise.set(hex(certificate.noise), device);
      devices.push(device);
    }
    this.#devicesOf.set(contact, devices);
    this.looks.put(contact);
  }

  #unindex(contact: Contact): void {
    for (const device of this.devicesOf(contact)) {
      this.#devices.delete(device.key);
      this.#byNoise.delete(hex(device.noise));
    }
    this.#devicesOf.delete(contact);
    this.looks.remove(contact);
  }
}

/** Is it the second or a later one of this name? */
function isNumbered(name: string, base: string): boolean {
  return name.startsWith(`${base} `) && /^[1-9]\d*$/.test(name.slice(base.length + 1));
}

function gateKey({ id, kind, secret }: OwnGate): GateKey {
  return { id, kind, secret };
}

export function peerDevice(certificate: Certificate): PeerDevice {
  return {
    identity: certificate.identity,
    device: certificate.device,
    signalIdentity: certificate.signal,
    address: deviceAddress(certificate.device),
  };
}

/** Who of `all` is meant by an ID text or a conversation id, else by a name. */
export function meantBy<
  P extends { readonly identity: Uint8Array; readonly name?: string | undefined },
>(who: string, all: readonly P[], conversationText: (one: P) => string): P[] {
  const id = parseId(who);
  const exact = all.filter(
    (one) => (id.ok && equal(one.identity, id.identity)) || conversationText(one) === who,
  );
  if (exact.length > 0) return exact;
  const key = nameKey(who);
  return all.filter(({ name }) => name !== undefined && nameKey(name) === key);
}
