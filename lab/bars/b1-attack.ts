/**
 * The attacks of bar B1, on real nodes in virtual time: somebody sees every item that is put,
 * knows the ID, derives what can be derived from it, and still reads nobody's identity; and what a
 * linked device holds does not yield the identity's scalar.
 * @module
 */
import { asBytes, decode } from '@sotto/core/base/bencode.ts';
import { hex } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { blindingFactor, blindSecret } from '@sotto/core/crypto/blind.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { yieldsIdentity } from '@sotto/core/crypto/testing/unblind.ts';
import {
  dayOf,
  decodeDoor,
  decodePointer,
  doorSeal,
  pieceSeal,
  pointerKey,
  pointerSeal,
  SLOTS,
  slotKeys,
} from '@sotto/core/discovery/door.ts';
import { loadDoor } from '@sotto/core/discovery/door-saved.ts';
import { immutableTarget, mutableTarget } from '@sotto/core/discovery/item.ts';
import { openKnock, type KnockAt } from '@sotto/core/discovery/knock.ts';
import { decodeKrpc } from '@sotto/core/discovery/krpc.ts';
import { decodeHead, joinPieces, type Head } from '@sotto/core/discovery/pieces.ts';
import { openItem } from '@sotto/core/discovery/sealed-item.ts';
import { parseId } from '@sotto/core/people/id-text.ts';
import { data, World, type Person } from '@sotto/core/compose/testing/world.ts';
import type { Report } from './bar.ts';

const HELPERS = 5;
const SCALAR_TRIES = 1000;
const DAY_MINUTES = 1440;

/** A DHT of our own nodes, an owner with an open door, and askers. */
export function town(seed: number, askers: number): { world: World; owner: Person; ids: string[] } {
  const world = new World(seed);
  for (let i = 0; i < HELPERS; i++) world.person(`Helper ${i}`, true).start();
  world.run(30_000);
  const owner = world.person('Owner', true);
  owner.start();
  world.run(20_000);
  data(owner.ask({ type: 'door-open', anyway: true }), 'door');
  world.run(20_000);
  const ids: string[] = [];
  for (let i = 0; i < askers; i++) {
    const asker = world.person(`Asker ${i}`, true);
    asker.start();
    world.run(10_000);
    ids.push(data(asker.ask({ type: 'status' }), 'status').status.id);
  }
  return { world, owner, ids };
}

/** Everything that was ever put, by target: what no single node sees. */
class Observer {
  readonly #items = new Map<string, Uint8Array>();

  watch(world: World): void {
    world.tap = (bytes) => {
      const message = decodeKrpc(bytes.slice());
      if (!message.ok || message.kind !== 'query' || message.query.method !== 'put') return;
      const { mutable, raw } = message.query;
      const target = mutable ? mutableTarget(mutable.k) : immutableTarget(raw);
      this.#items.set(hex(target), raw.slice());
    };
  }

  get size(): number {
    return this.#items.size;
  }

  inside(target: Uint8Array, key: Secret<string>): Uint8Array | undefined {
    const value = this.#value(target);
    const opened = value && openItem(value, key);
    return opened?.ok ? opened.inside : undefined;
  }

  content(head: Head, key: Secret<string>): Uint8Array | undefined {
    const values = head.targets.map((target) => this.#value(target));
    return joinPieces(head, values, key);
  }

  #value(target: Uint8Array): Uint8Array | undefined {
    const raw = this.#items.get(hex(target));
    const decoded = raw && decode(raw);
    return decoded?.ok ? asBytes(decoded.value) : undefined;
  }
}

/** What the ID leads to: the bodies of all knocks, and every value met on the way. */
function collect(seen: Observer, identity: Uint8Array, day: number) {
  const pointerAt = mutableTarget(pointerKey(identity, day)!);
  const pointer = decodePointer(seen.inside(pointerAt, pointerSeal(identity, day))!, day)!;
  const seal = doorSeal(pointer.doorKey, day);
  const head = decodeHead(seen.inside(mutableTarget(pointer.doorKey), seal)!)!;
  const door = decodeDoor(seen.content(head, seal)!)!;
  const pieces = pieceSeal(door.slotSeed);
  const bodies: Uint8Array[] = [];
  const derived = [identity, pointer.doorKey, door.knockKey, door.slotSeed, pieces.reveal()];
  for (let slot = 0; slot < SLOTS; slot++) {
    const keys = slotKeys(door.slotSeed, slot);
    derived.push(keys.signer.publicKey, keys.seal.reveal());
    const inside = seen.inside(mutableTarget(keys.signer.publicKey), keys.seal);
    const knock = inside && decodeHead(inside);
    const body = knock && seen.content(knock, pieces);
    if (body) bodies.push(body);
  }
  const at: KnockAt = { doorKey: pointer.doorKey, day };
  return { at, bodies, derived };
}

export function attacks(report: Report, askers: number): void {
  const { ids, owner, world } = town(31, askers);
  const seen = new Observer();
  seen.watch(world);
  const read = parseId(data(owner.ask({ type: 'status' }), 'status').status.id);
  const identity = read.ok ? read.identity : new Uint8Array(32);
  const id = data(owner.ask({ type: 'status' }), 'status').status.id;
  for (const person of world.people.filter(({ name }) => name.startsWith('Asker'))) {
    data(person.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
  }
  world.run(3_700_000); // the door and every knock are put again meanwhile
  const day = dayOf(1.7e12 + world.nowMs);
  const { at, bodies, derived } = collect(seen, identity, day);
  report.say(`${seen.size} items seen, ${bodies.length} knocks put together from them`);
  const names = ids.map((text) => parseId(text)).map((one) => (one.ok ? hex(one.identity) : ''));
  const opened = (secrets: readonly Uint8Array[]): number =>
    names.filter((name) =>
      bodies.some((body) => {
        if (hex(body).includes(name)) return true;
        return secrets.some((bytes) => {
          const payload = openKnock(body, at, new Secret('hpke recipient', bytes.slice()));
          return payload !== undefined && hex(payload).includes(name);
        });
      }),
    ).length;
  report.require(bodies.length === askers, `all ${askers} knocks are found with the ID`);
  report.require(opened(derived) === 0, `identities read by who has the ID: 0 of ${askers}`);
  const held = loadDoor(owner.vault.docs());
  const { knockSecret } = held.days.get(day)!;
  const all = opened([knockSecret.reveal()]) === askers;
  report.control(all, 'the knock key itself reads all of them');
  scalars(report, owner, identity, day);
}

/** Tries whatever a linked device holds of the door as a blinded scalar. */
function scalars(report: Report, owner: Person, identity: Uint8Array, day: number): void {
  const prng = new Prng(1);
  const docs = owner.vault.docs().filter(({ space }) => space === 'door');
  let yielded = 0;
  for (let i = 0; i < SCALAR_TRIES; i++) {
    const { value } = docs[i % docs.length]!;
    const at = prng.int(0, value.length - 32);
    const period = { number: day + prng.int(0, 29), minutes: DAY_MINUTES };
    if (yieldsIdentity(value.subarray(at, at + 32), identity, period)) yielded++;
  }
  const tries = `identity scalars from a linked device's keys: 0 of ${SCALAR_TRIES}`;
  report.require(yielded === 0, tries);
  const profile = owner.vault.docs().find(({ space }) => space === 'profile')!;
  const decoded = decode(profile.value);
  const dict = decoded.ok ? (decoded.value as Record<string, Uint8Array>) : {};
  const seed = new Secret('identity', dict['i']!.slice());
  const period = { number: day, minutes: DAY_MINUTES };
  const blinded = blindSecret(seed, blindingFactor(identity, period)).reveal().subarray(0, 32);
  report.control(yieldsIdentity(blinded, identity, period), 'a blinded private key yields it');
}
