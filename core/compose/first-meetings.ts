/**
 * First meetings: both ends of an invite open their routers for each other (PTH-22 to PTH-24).
 *
 *   invitee   dials where the inviter's record leads, in the slots and beats of the invite
 *   inviter   sends openers to where the record of whoever was invited leads, in the same ones
 *
 *   watched --record found--> opened for --no record for an hour--> watched
 *      '--slots come, and while it is fresh the DHT is looked at before each
 *
 * The inviter knows nobody yet: the record has no name, so there is nobody to dial. What comes in
 * answers the invite's gate or is dropped. When slots come lies in path/punch.ts.
 * @module
 */
import { scopeOf, type Endpoint } from '../base/endpoint.ts';
import { earliest } from '../base/time.ts';
import type { InviteSecret } from '../crypto/keys.ts';
import { EPOCH_MS } from '../discovery/epoch.ts';
import type { PresenceRecord } from '../discovery/record.ts';
import { punchWord } from '../discovery/timetable.ts';
import type { Route } from '../path/candidates.ts';
import { OPENER_BYTES, Openers } from '../path/openers.ts';
import { waysOf } from '../path/policy.ts';
import { PROBES_MAX } from '../path/probes.ts';
import { BEATS_PER_SLOT, nextPunch, SLOT_FLIGHTS, SLOT_MS } from '../path/punch.ts';
import type { Contact } from '../people/contact.ts';
import type { Invite } from '../people/invite.ts';
import type { Connections } from './connections.ts';
import type { Context } from './context.ts';

/** Since it was made or used, or since the start: looked at before each slot. */
export const FRESH_MS = 3_600_000;
/** The newest one of all, for so long: at each beat, since both may be waiting for it just now. */
export const KEEN_MS = 15 * 60_000;
/** A record not seen for so long leads nowhere: its writer puts it into each hour. */
export const HEARD_MS = 3_600_000;
/** Of those that are fresh, the newest ones get beats and looks. */
export const FRESH_MAX = 16;

type Meant = 'birthdays' | 'chance' | 'guess' | 'probes' | 'punch' | 'punchable';

export interface FirstMeetingPorts {
  networkMs(): number;
  /** One more look under this invite. */
  glance(invite: string): void;
  connections(): Pick<Connections, Meant>;
}

/** Which end we are of it. */
export type MeetingEnd =
  | { readonly role: 'inviter'; readonly invite: Invite }
  | { readonly role: 'invitee'; readonly contact: Contact };

interface Meeting {
  readonly id: string;
  readonly secret: InviteSecret;
  readonly end: MeetingEnd;
  readonly freshUntilMs: number;
  dueAtMs: number;
  /** The same as network time. */
  atMs: number;
  beat: number;
  heardAtMs: number;
  /** Where openers go. */
  to: readonly Route[];
  /** Who had come by it when its record was heard. */
  uses: number;
}

export class FirstMeetings {
  /** By the id of the invite; fresh ones are the last. */
  readonly #meetings = new Map<string, Meeting>();
  readonly #openers: Openers;

  constructor(
    private readonly context: Context,
    private readonly ports: FirstMeetingPorts,
  ) {
    this.#openers = new Openers({
      random: context.random,
      mayProbe: (id, nowMs) => ports.connections().probes.take(nameOf(id), nowMs),
    });
  }

  get size(): number {
    return this.#meetings.size;
  }

  wakeAtMs(): number | undefined {
    let soonest = this.#openers.wakeAtMs();
    for (const { dueAtMs } of this.#meetings.values()) soonest = earliest(soonest, dueAtMs);
    return soonest;
  }

  /** From now on; known ones stay as they are. */
  watch(id: string, secret: InviteSecret, end: MeetingEnd): void {
    if (this.#meetings.has(id)) return;
    const meeting: Meeting = {
      ...{ id, secret, end, to: [], uses: usesOf(end), beat: 0 },
      freshUntilMs: this.context.now.monoMs + FRESH_MS,
      dueAtMs: 0,
      atMs: 0,
      heardAtMs: -Infinity,
    };
    this.#plan(meeting);
    this.#meetings.set(id, meeting);
  }

  forget(id: string): void {
    this.#meetings.delete(id);
    this.#openers.end(id);
    this.ports.connections().birthdays.end(nameOf(id));
  }

  /** Its other end has left a record. @param fresh it is not the one of before. */
  handleFound(id: string, record: PresenceRecord, fresh: boolean): void {
    const meeting = this.#meetings.get(id);
    if (!meeting) return;
    const { monoMs } = this.context.now;
    const isNews = fresh || meeting.heardAtMs === -Infinity;
    meeting.heardAtMs = monoMs;
    if (meeting.end.role === 'invitee' || !isNews) return;
    meeting.to = this.#openings(meeting.end.invite, record);
    meeting.uses = usesOf(meeting.end);
    this.#open(meeting, PROBES_MAX);
  }

  handleTimeout(): void {
    const { monoMs } = this.context.now;
    for (const meeting of this.#meetings.values()) {
      if (meeting.dueAtMs <= monoMs) this.#act(meeting, monoMs);
    }
    this.#openers.handleTimeout(monoMs);
    this.#send();
  }

  #act(meeting: Meeting, nowMs: number): void {
    const { atMs, beat, dueAtMs, end, heardAtMs, id } = meeting;
    this.#plan(meeting);
    const isHeard = nowMs - heardAtMs < HEARD_MS;
    // The computer slept over it: the other side has long been through.
    if (nowMs - dueAtMs > SLOT_MS) return;
    const isNear = this.#isNear(meeting, nowMs);
    if (this.#isKeen(meeting, nowMs) || (beat === BEATS_PER_SLOT - 1 && isNear)) {
      this.ports.glance(id);
    }
    if (!isHeard || (beat !== 0 && !isNear)) return;
    const connections = this.ports.connections();
    if (end.role === 'inviter') {
      this.#open(meeting, beat === 0 ? SLOT_FLIGHTS : meeting.to.length);
      if (beat === 0) connections.guess(nameOf(id), meeting.to, atMs);
    } else {
      connections.punch(end.contact.identity, beat === 0 ? 'steady' : 'single');
      if (beat === 0) connections.chance(end.contact.identity, atMs);
    }
  }

  /**
   * An opener from where somebody is said to be whom nobody knows yet, by a port that chance has
   * opened: it is answered there, since only the far side can dial (PTH-31).
   */
  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean {
    if (bytes.length !== OPENER_BYTES) return false;
    const { monoMs } = this.context.now;
    const meeting = [...this.#meetings.values()].find(({ to }) => {
      return to.some(({ endpoint }) => endpoint.host === from.host);
    });
    if (!meeting || !this.ports.connections().probes.take(nameOf(meeting.id), monoMs)) return false;
    const opener = this.context.random(OPENER_BYTES);
    this.context.emit({ type: 'datagram', to: from, bytes: opener });
    return true;
  }

  #open(meeting: Meeting, count: number): void {
    const { end, id, uses } = meeting;
    // Whoever was there has come in by now, as far as anybody can tell.
    if (usesOf(end) !== uses) meeting.to = [];
    const to = meeting.to.map(({ endpoint }) => endpoint);
    this.#openers.open(id, to, count, this.context.now.monoMs);
    this.#send();
  }

  /**
   * ⚑ Only addresses that lead anywhere: whoever holds the invite may have written this, and no
   * router of ours has to be opened towards our own network.
   */
  #openings({ policy }: Invite, { candidates, policy: theirs }: PresenceRecord): readonly Route[] {
    if (!waysOf({ ours: policy, theirs }).includes('direct')) return [];
    const { allowReserved } = this.context.profile;
    const outside = candidates.filter(({ endpoint, transport }) => {
      const scope = scopeOf(endpoint.host);
      const leadsOut = scope === 'public' || (allowReserved && scope === 'reserved');
      return transport === 'udp' && leadsOut;
    });
    return this.ports.connections().punchable(outside);
  }

  /** Is it among the newest of those that are fresh, or was its other end heard? */
  #isNear({ freshUntilMs, heardAtMs }: Meeting, nowMs: number): boolean {
    if (nowMs >= freshUntilMs && nowMs - heardAtMs >= HEARD_MS) return false;
    return this.#newerThan(freshUntilMs) < FRESH_MAX;
  }

  #isKeen({ freshUntilMs }: Meeting, nowMs: number): boolean {
    return nowMs < freshUntilMs - FRESH_MS + KEEN_MS && this.#newerThan(freshUntilMs) === 0;
  }

  #newerThan(freshUntilMs: number): number {
    const all = [...this.#meetings.values()];
    return all.filter((other) => other.freshUntilMs > freshUntilMs).length;
  }

  #plan(meeting: Meeting): void {
    const { secret } = meeting;
    const networkMs = this.ports.networkMs();
    const clock = { epochMs: EPOCH_MS, word: (epoch: number) => punchWord(secret, epoch) };
    const next = nextPunch(clock, networkMs + 1);
    meeting.beat = next.beat;
    meeting.atMs = next.atMs;
    meeting.dueAtMs = this.context.now.monoMs + next.atMs - networkMs;
  }

  #send(): void {
    for (let out = this.#openers.poll(); out; out = this.#openers.poll()) {
      this.context.emit({ type: 'datagram', ...out });
    }
  }
}

/** Under which name its datagrams are counted. */
function nameOf(id: string): string {
  return `invite ${id}`;
}

function usesOf(end: MeetingEnd): number {
  return end.role === 'inviter' ? end.invite.usedBy.length : 0;
}
