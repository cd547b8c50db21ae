/**
 * A world for tests of presence: several devices, one in-memory DHT that keeps the rules of
 * BEP 44, one vault each, and virtual time. Everything replays from the seed.
 * @module
 */
import { hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import type { Now } from '../base/time.ts';
import type { Doc } from '../base/vault.ts';
import { Secret, type InviteSecret, type PairSecret } from '../crypto/keys.ts';
import { EPOCH_MS } from './epoch.ts';
import { verifyItem, type FoundItem, type SignedItem } from './item.ts';
import { decode } from '../base/bencode.ts';
import { NetworkTime } from './network-time.ts';
import { Presence, type AskedBy, type OurRecord, type PresenceOutput } from './presence.ts';
import type { PresenceRecord } from './record.ts';

/** BEP 44: anything may be gone after this. */
const ITEM_LIFE_MS = 2 * 3_600_000;
export const START_MS = Date.UTC(2026, 10, 21, 12, 20);

/** One get or put that left a device. */
export interface LoggedOp {
  readonly device: string;
  readonly kind: 'get' | 'put';
  readonly publicKey: string;
  readonly item: SignedItem | undefined;
  readonly by: AskedBy;
  readonly monoMs: number;
  /** What the device took for the hour. */
  readonly epoch: number;
}

interface Event {
  readonly atMs: number;
  readonly run: () => void;
}

export class World {
  readonly prng: Prng;
  monoMs = 0;
  readonly log: LoggedOp[] = [];
  readonly devices: Device[] = [];
  readonly items = new Map<string, { item: SignedItem; untilMs: number }>();
  /** (key, seq) of every item ever put, with its value. */
  readonly #values = new Map<string, string>();
  /** Breaches of "never a second value under one seq". */
  readonly clashes: string[] = [];
  offline = false;
  copies = 16;
  getMs: readonly [number, number] = [150, 1200];
  putMs: readonly [number, number] = [800, 3000];
  readonly #events: Event[] = [];

  constructor(seed: number) {
    this.prng = new Prng(seed);
  }

  after(ms: number, run: () => void): void {
    this.#events.push({ atMs: this.monoMs + ms, run });
  }

  between([from, to]: readonly [number, number]): number {
    return this.prng.int(from, to);
  }

  /** Runs until `ms` later, or until `done`. @returns the time that passed. */
  run(ms: number, done: () => boolean = () => false): number {
    const fromMs = this.monoMs;
    while (!done()) {
      const event = this.#nextEvent();
      const device = this.#nextDevice();
      const wakeMs = device?.presence.wakeAtMs() ?? Infinity;
      const nextMs = Math.min(event?.atMs ?? Infinity, wakeMs);
      if (nextMs > fromMs + ms) {
        this.monoMs = fromMs + ms;
        break;
      }
      this.monoMs = Math.max(this.monoMs, nextMs);
      if (event && event.atMs <= wakeMs) {
        this.#events.splice(this.#events.indexOf(event), 1);
        event.run();
      } else if (device) {
        device.wakes++;
        device.act((presence, now) => presence.handleTimeout(now));
      }
    }
    return this.monoMs - fromMs;
  }

  #nextEvent(): Event | undefined {
    let next: Event | undefined;
    for (const event of this.#events) if (!next || event.atMs < next.atMs) next = event;
    return next;
  }

  #nextDevice(): Device | undefined {
    let next: Device | undefined;
    let soonestMs = Infinity;
    for (const device of this.devices) {
      const wakeMs = device.running ? (device.presence.wakeAtMs() ?? Infinity) : Infinity;
      if (wakeMs < soonestMs) [next, soonestMs] = [device, wakeMs];
    }
    return next;
  }

  /** A get as the DHT carries it out; undefined where nothing lives there. */
  read(publicKey: string): FoundItem | undefined {
    const kept = this.items.get(publicKey);
    if (!kept || kept.untilMs < this.monoMs) return undefined;
    const { item } = kept;
    const decoded = decode(item.raw);
    if (!decoded.ok) throw new Error('an item that is no bencode');
    return { value: decoded.value, raw: item.raw, seq: item.seq, signature: item.signature };
  }

  /** A put as the nodes of the DHT judge it. @returns how many keep it. */
  write(item: SignedItem): number {
    if (!verifyItem(item)) throw new Error('a put that does not verify');
    const key = hex(item.publicKey);
    const before = this.items.get(key);
    if (before && before.untilMs >= this.monoMs) {
      if (item.seq < before.item.seq) return 0;
      if (item.seq === before.item.seq && hex(item.raw) !== hex(before.item.raw)) return 0;
    }
    this.items.set(key, { item, untilMs: this.monoMs + ITEM_LIFE_MS });
    return this.copies;
  }

  note(op: LoggedOp): void {
    this.log.push(op);
    if (!op.item) return;
    const name = `${op.publicKey} ${op.item.seq}`;
    const value = hex(op.item.raw);
    if ((this.#values.get(name) ?? value) !== value) this.clashes.push(name);
    this.#values.set(name, value);
  }

  ops(kind: 'get' | 'put', device?: Device): LoggedOp[] {
    return this.log.filter((op) => op.kind === kind && (!device || op.device === device.name));
  }
}

export interface Found {
  readonly who: string;
  readonly record: PresenceRecord;
  readonly fresh: boolean;
  readonly atMs: number;
}

/** One device with its vault. `start` and `crash` as often as wanted. */
export class Device {
  readonly key: Uint8Array;
  readonly docs = new Map<string, Doc>();
  presence!: Presence;
  time = new NetworkTime();
  running = false;
  /** Device wall clock minus true time. */
  skewMs = 0;
  found: Found[] = [];
  copiesSeen: string[] = [];
  wakes = 0;
  cancelled = 0;
  vaultMs: readonly [number, number] = [1, 8];
  vaultWorks = true;
  /** Says which write the device shall not survive, and whether it reached the disk. */
  crashAt: ((output: PresenceOutput) => 'before' | 'after' | undefined) | undefined;
  onFound: ((found: Found) => void) | undefined;
  #run = 0;

  constructor(
    readonly world: World,
    readonly name: string,
  ) {
    this.key = world.prng.bytes(32);
    world.devices.push(this);
  }

  get now(): Now {
    return { monoMs: this.world.monoMs, wallMs: START_MS + this.world.monoMs + this.skewMs };
  }

  get epoch(): number {
    return Math.max(0, Math.floor(this.time.read(this.now) / EPOCH_MS));
  }

  /** A new process on the same vault; `introduce` tells it contacts before the DHT is ready. */
  start(introduce: (presence: Presence, now: Now) => void, readyAfterMs = 500): void {
    this.#run++;
    this.running = true;
    this.found = [];
    this.time = new NetworkTime();
    const { bytes: random } = this.world.prng;
    const docs = [...this.docs.values()];
    const { key: self, time, now } = this;
    this.presence = new Presence({ random, self, docs, time, now });
    this.act(introduce);
    this.later(readyAfterMs, (presence, at) => presence.setReady(true, at));
  }

  /** The process ends this instant; what the vault has not written is lost. */
  crash(): void {
    this.#run++;
    this.running = false;
  }

  act(input: (presence: Presence, now: Now) => void): void {
    if (!this.running) return;
    input(this.presence, this.now);
    const run = this.#run;
    for (let out = this.presence.poll(); out; out = this.presence.poll()) {
      const crash = this.crashAt?.(out);
      if (crash === 'after' && out.type === 'save') this.#write(out);
      if (crash) return this.crash();
      this.#carryOut(out);
      if (run !== this.#run) return;
    }
  }

  later(ms: number, input: (presence: Presence, now: Now) => void): void {
    const run = this.#run;
    this.world.after(ms, () => {
      if (run === this.#run) this.act(input);
    });
  }

  #carryOut(out: PresenceOutput): void {
    const { world } = this;
    if (out.type === 'get') {
      this.#note(out, out.publicKey, undefined);
      const took = world.between(world.getMs);
      this.later(took, (presence, now) => {
        const item = world.offline ? undefined : world.read(hex(out.publicKey));
        const responders = world.offline ? 0 : 20;
        presence.handleGot(out.op, { item, responders }, now);
      });
    } else if (out.type === 'put') {
      this.#note(out, out.item.publicKey, out.item);
      const seen = world.offline ? undefined : world.read(hex(out.item.publicKey));
      // The bytes are on the wire: they arrive even if this process dies now.
      const took = world.between(world.putMs);
      let stored = 0;
      if (!world.offline) world.after(took - 1, () => (stored = world.write(out.item)));
      this.later(took, (presence, now) => presence.handlePutDone(out.op, { stored, seen }, now));
    } else if (out.type === 'save') {
      this.later(world.between(this.vaultMs), (presence, now) => {
        if (this.vaultWorks) this.#write(out);
        presence.handleStored(out.token, this.vaultWorks, now);
      });
    } else if (out.type === 'found') {
      const who = 'peer' in out.at ? out.at.peer : out.at.invite;
      const found = { who, record: out.record, fresh: out.fresh, atMs: world.monoMs };
      this.found.push(found);
      this.onFound?.(found);
    } else if (out.type === 'cancel') this.cancelled++;
    else if (out.type === 'copy') {
      this.copiesSeen.push('peer' in out.at ? out.at.peer : out.at.invite);
    }
  }

  #write(out: Extract<PresenceOutput, { type: 'save' }>): void {
    for (const { space, key, value } of out.docs) {
      if (value) this.docs.set(hex(key), { space, key, value });
      else this.docs.delete(hex(key));
    }
  }

  #note(
    { by, type: kind }: Extract<PresenceOutput, { by: AskedBy }>,
    publicKey: Uint8Array,
    item: SignedItem | undefined,
  ): void {
    const { monoMs } = this.world;
    const { name: device, epoch } = this;
    this.world.note({ device, kind, publicKey: hex(publicKey), item, by, monoMs, epoch });
  }
}

export function pairSecret(prng: Prng): () => PairSecret {
  const bytes = prng.bytes(32);
  return () => new Secret('pair', bytes.slice());
}

export function inviteSecret(prng: Prng): () => InviteSecret {
  const bytes = prng.bytes(32);
  return () => new Secret('invite', bytes.slice());
}

/** A record that names one UDP address. */
export function recordAt(port: number): OurRecord {
  return {
    majors: [1],
    policy: 'auto',
    list: { version: 1, hash: new Uint8Array(32) },
    candidates: [{ transport: 'udp', nat: 'open', endpoint: { host: '198.51.100.7', port } }],
    gate: { kind: 'direct', secret: new Secret('gate', new Uint8Array(32).fill(7)) },
  };
}

export function portOf(found: Found | undefined): number | undefined {
  return found?.record.candidates[0]?.endpoint.port;
}
