/**
 * Rendezvous: one other end that we may have to find, be it a contact or the holder of an invite.
 * It joins the keys, the timetable, our publication, and a reader per device of theirs.
 *
 *              publishes   looks up            keys from           every epoch
 *   contact    yes         each known device   pair secret         by the timetable
 *   inviter    yes         whoever is invited  invite secret       yes, and looks restlessly
 *   invitee    yes         the inviter         invite secret       the same
 *
 * @module
 */
import { equal } from '../base/bytes.ts';
import { DEVICES_MAX } from '../base/limits.ts';
import type { Policy } from '../base/policy.ts';
import type { Random } from '../base/time.ts';
import { Secret, type InviteSecret, type PairSecret } from '../crypto/keys.ts';
import { equalSecret } from '../crypto/mac.ts';
import { inviteKeys, pairKeys, type InviteRole, type RecordKeys } from './epoch.ts';
import { Publication } from './presence-publication.ts';
import { Reader } from './presence-reader.ts';
import {
  encodeRendezvous,
  rendezvousName,
  type RendezvousId,
  type SavedRendezvous,
} from './presence-saved.ts';
import type { RecordGate } from './record.ts';
import { Schedule } from './rendezvous-schedule.ts';
import { isActive, levelAfter, timetableWord } from './timetable.ts';

/** Met within so many epochs: looked for eagerly after a start. */
const RECENT_EPOCHS = 48;

export type Access =
  | { readonly kind: 'pair'; readonly secret: PairSecret; readonly devices: readonly Uint8Array[] }
  | {
      readonly kind: 'invite';
      readonly secret: InviteSecret;
      readonly role: InviteRole;
      /** Network time, ms since 1970. */
      readonly expiresMs: number;
      /** The gate for those who hold the invite. */
      readonly gate?: RecordGate | undefined;
    };

/** What our record goes through on its way out. */
export type PublishStep = 'idle' | 'checking' | 'saving' | 'putting';

export class Rendezvous {
  readonly name: string;
  readonly schedule: Schedule;
  readonly publication: Publication;
  readers: Reader[];
  step: PublishStep = 'idle';
  /** A live link: nothing to publish, nobody to look for. */
  linked = false;
  /** No operation at all: blocked, or in this network alone. */
  silent = false;
  /** Who asks the DHT for it: relays, where those who may watch must not see our address. */
  askedBy: 'ourselves' | 'relays' = 'ourselves';
  /** Our policy towards them, as our record last said. */
  policy: Policy | undefined;
  /** The last epoch both met in. */
  metEpoch: number;
  /** Is this epoch in the timetable? */
  active = true;
  /** Where our record lies well enough already. */
  done = { epoch: -1, generation: 0 };
  /** No put in this epoch: the other end has used up its numbers. */
  spoiledEpoch = -1;
  /** A lookup has begun and its readers are not through. */
  looking = false;
  lookSinceMs = 0;
  /** Did the lookup under way, or the last one, find a record? */
  foundNow = false;
  /** When a lookup was last through. */
  lookedAtMs: number | undefined;
  readonly asking = new Set<Reader>();

  constructor(
    readonly id: RendezvousId,
    public access: Access,
    options: {
      readonly saved: SavedRendezvous | undefined;
      readonly epoch: number;
      readonly random: Random;
    },
  ) {
    const { saved, epoch, random } = options;
    this.name = rendezvousName(id);
    this.schedule = new Schedule(random, access.kind === 'invite');
    this.metEpoch = saved?.metEpoch ?? epoch;
    this.publication = new Publication(
      saved?.mark ?? new Secret('record mark', random(32)),
      saved ?? { own: undefined, highestSeq: 0, visited: [] },
    );
    this.readers = (saved?.read ?? []).map(({ device, generation }) =>
      this.#reader(device.length === 0 ? undefined : device, generation),
    );
    this.#readDevices();
  }

  /** Does whoever may come first look here, of people nobody knows yet? */
  get isInviter(): boolean {
    return this.access.kind === 'invite' && this.access.role === 'inviter';
  }

  /** Other keys, other devices. Numbers go on: a secret that comes back finds none used twice. */
  change(access: Access & { readonly kind: 'pair' }): boolean {
    const renewed = !equalSecret(access.secret.reveal(), this.access.secret.reveal());
    if (renewed) {
      this.publication.forgetItem();
      this.done = { epoch: -1, generation: 0 };
    }
    const known = this.readers.length;
    this.access = access;
    this.#readDevices();
    return renewed || this.readers.length > known;
  }

  /**
   * Keys of the record that `publisher` leaves here.
   * @param publisher undefined for the other end of an invite, whose device nobody knows yet.
   */
  keys(publisher: Uint8Array | undefined, epoch: number): RecordKeys {
    const { access } = this;
    if (access.kind === 'pair') return pairKeys(access.secret, publisher!, epoch);
    const isInviters = (publisher !== undefined) === this.isInviter;
    return inviteKeys(access.secret, isInviters ? 'inviter' : 'invitee', epoch);
  }

  /** The level of the timetable before any relief; 0 for invites. */
  level(epoch: number): number {
    return this.access.kind === 'pair' ? levelAfter(epoch - this.metEpoch) : 0;
  }

  isActive(epoch: number, relief: number): boolean {
    const level = Math.max(0, this.level(epoch) - relief);
    if (this.access.kind === 'invite' || level === 0) return true;
    return isActive(timetableWord(this.access.secret, epoch), level);
  }

  isRecent(epoch: number): boolean {
    return this.access.kind === 'invite' || epoch - this.metEpoch <= RECENT_EPOCHS;
  }

  isExpired(networkMs: number): boolean {
    return this.access.kind === 'invite' && networkMs >= this.access.expiresMs;
  }

  /** Is our record of this generation missing where they would look? */
  needsPut(epoch: number, generation: number): boolean {
    if (this.linked || this.silent || this.#hidesAs('invitee')) return false;
    if (this.spoiledEpoch === epoch) return false;
    return this.done.epoch !== epoch || this.done.generation !== generation;
  }

  needsLook(): boolean {
    return !this.linked && !this.silent && this.readers.length > 0 && !this.#hidesAs('inviter');
  }

  /** Who hides opens no router: as invitee there is nothing to tell, as inviter nothing to ask. */
  #hidesAs(role: InviteRole): boolean {
    const { access, askedBy } = this;
    return askedBy === 'relays' && access.kind === 'invite' && access.role === role;
  }

  /** Ends a lookup under way; answers that still come are read all the same. */
  stopLooking(): void {
    this.looking = false;
    for (const reader of this.readers) reader.stop();
  }

  /** What the vault keeps. The item of a past epoch is never put again, so it is left out. */
  encode(epoch: number): Uint8Array<ArrayBuffer> {
    const { mark, own, highestSeq, visited } = this.publication;
    return encodeRendezvous({
      mark,
      metEpoch: this.metEpoch,
      highestSeq,
      own: own?.epoch === epoch ? own : undefined,
      visited,
      read: this.readers.map(({ device, generation }) => ({
        device: device ?? new Uint8Array(0),
        generation,
      })),
    });
  }

  /** One reader per device to look up; those that exist keep what they know. */
  #readDevices(): void {
    const { access } = this;
    const known = this.readers;
    const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
      a === undefined || b === undefined ? a === b : equal(a, b);
    const wanted = access.kind === 'pair' ? access.devices.slice(0, DEVICES_MAX) : [undefined];
    this.readers = wanted.map(
      (device) => known.find((reader) => same(reader.device, device)) ?? this.#reader(device, 0),
    );
  }

  #reader(device: Uint8Array | undefined, generation: number): Reader {
    return new Reader(device, generation, this.isInviter);
  }
}
