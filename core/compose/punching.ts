/**
 * Punching: whose slot or beat has come, of all the contacts who are not here (PTH-15 to PTH-18).
 * When they come lies in path/punch.ts; what a dial then does, the dialers and links know.
 *
 *   watched --time comes--> flights leave, the next time is planned --linked, gone--> forgotten
 *
 * Who was here lately, or may be here every hour since we miss few, gets beats between the slots,
 * and a look into the DHT shortly before each: they may have come back elsewhere.
 * @module
 */
import { hex } from '../base/bytes.ts';
import { EPOCH_MS } from '../discovery/epoch.ts';
import type { Absence } from '../discovery/presence.ts';
import { punchWord } from '../discovery/timetable.ts';
import { BEATS_PER_SLOT, nextPunch, SLOT_MS, type Pace, type PunchTime } from '../path/punch.ts';
import type { Contact } from '../people/contact.ts';
import type { Connections } from './connections.ts';
import type { Context } from './context.ts';
import type { Finding } from './finding.ts';

/** Who gets beats: of those at the lowest level so many, who were here last. */
export const BEATING_MAX = 16;
/** Slots under way at one time; a further one is left out. */
export const SLOTS_MAX = 16;

export interface PunchingPorts {
  /** Undefined for who is linked, blocked, gone, or not to be looked for. */
  absence(contact: Contact): Absence | undefined;
  networkMs(): number;
  punch(contact: Contact, pace: Exclude<Pace, 'race'>): void;
  /** Where only chance can help, it is tried in this slot. */
  chance(contact: Contact, atMs: number): void;
  glance(contact: Contact): void;
}

/** As the running node has them. */
export function portsOf(
  finding: Pick<Finding, 'presence' | 'networkMs' | 'glance'>,
  connections: Pick<Connections, 'chance' | 'punch'>,
): PunchingPorts {
  return {
    absence: (contact) => finding.presence.absence({ peer: hex(contact.identity) }),
    networkMs: () => finding.networkMs,
    punch: (contact, pace) => connections.punch(contact.identity, pace),
    chance: (contact, atMs) => connections.chance(contact.identity, atMs),
    glance: (contact) => finding.glance({ peer: hex(contact.identity) }),
  };
}

interface Awaited extends PunchTime {
  readonly contact: Contact;
  readonly beats: boolean;
  /** Monotonic. */
  readonly dueAtMs: number;
}

export class Punching {
  readonly #awaited = new Map<string, Awaited>();
  #slotsEndMs: number[] = [];
  #wakeAtMs: number | undefined;

  constructor(
    private readonly context: Context,
    private readonly ports: PunchingPorts,
  ) {}

  get size(): number {
    return this.#awaited.size;
  }

  wakeAtMs(): number | undefined {
    return this.#wakeAtMs;
  }

  /** This contact is not here, or may not be. */
  watch(contact: Contact): void {
    if (!contact.secret || contact.local) return;
    this.#plan(contact);
    this.#findNext();
  }

  handleTimeout(): void {
    const { monoMs } = this.context.now;
    if (this.#wakeAtMs === undefined || monoMs < this.#wakeAtMs) return;
    for (const awaited of [...this.#awaited.values()]) {
      if (awaited.dueAtMs <= monoMs) this.#act(awaited, monoMs);
    }
    this.#findNext();
  }

  #act(awaited: Awaited, nowMs: number): void {
    const { atMs, beat, beats, contact, dueAtMs } = awaited;
    const absence = this.ports.absence(contact);
    if (!absence || !contact.secret) {
      this.#awaited.delete(hex(contact.identity));
      return;
    }
    this.#plan(contact);
    // The computer slept over it: the other side has long been through.
    if (nowMs - dueAtMs > SLOT_MS) return;
    if (beat === 0 && absence.active && this.#takesSlot(nowMs)) {
      this.ports.punch(contact, 'steady');
      this.ports.chance(contact, atMs);
    } else if (beats) {
      this.ports.punch(contact, 'single');
      if (beat === BEATS_PER_SLOT - 1) this.ports.glance(contact);
    }
  }

  #takesSlot(nowMs: number): boolean {
    this.#slotsEndMs = this.#slotsEndMs.filter((endMs) => endMs > nowMs);
    if (this.#slotsEndMs.length >= SLOTS_MAX) return false;
    this.#slotsEndMs.push(nowMs + SLOT_MS);
    return true;
  }

  #plan(contact: Contact): void {
    const secret = contact.secret!;
    const clock = { epochMs: EPOCH_MS, word: (epoch: number) => punchWord(secret, epoch) };
    const networkMs = this.ports.networkMs();
    const beats = this.#beats(contact);
    let next = nextPunch(clock, networkMs + 1);
    while (!beats && next.beat !== 0) next = nextPunch(clock, next.atMs + 1);
    const dueAtMs = this.context.now.monoMs + next.atMs - networkMs;
    this.#awaited.set(hex(contact.identity), { ...next, contact, beats, dueAtMs });
  }

  #beats(contact: Contact): boolean {
    if (this.ports.absence(contact)?.level !== 0) return false;
    let later = 0;
    for (const { contact: other } of this.#awaited.values()) {
      if (other !== contact && other.lastSeenMs > contact.lastSeenMs) later++;
    }
    return later < BEATING_MAX;
  }

  #findNext(): void {
    this.#wakeAtMs = undefined;
    for (const { dueAtMs } of this.#awaited.values()) {
      if (this.#wakeAtMs === undefined || dueAtMs < this.#wakeAtMs) this.#wakeAtMs = dueAtMs;
    }
  }
}
