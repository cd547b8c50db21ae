/**
 * Reading an item of BEP 44: our DHT node and libtorrent's, each in a room of its own, read the
 * same keys in turn. Both hide the target of a lookup as they do by default (ours: DHT-71,
 * libtorrent: privacy_lookups).
 *
 * Every key is put twice by nodes of the network. Between the two puts others of its nodes die, so
 * that some who live hold the older item, and some who hold the newer one are dead.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { bundled } from '../lab/rooms/bundled.ts';
import { DHT_PORT } from '../lab/rooms/player.ts';
import { LineProcess, type Line } from '../lab/dht/line-process.ts';
import type { Place } from './place.ts';

const OURS = new URL('../lab/dht/our-node.ts', import.meta.url);
const THEIRS = fileURLToPath(new URL('libtorrent-asker.py', import.meta.url));
const VALUE_BYTES = 768;
/** Keys that are read before others die. */
const GROUP = 20;
/** Reads of either before it counts, so many at once: code is compiled, tables are full. */
const WARM_UP = 400;
const WARM_UP_AT_ONCE = 10;
const PHANTOMS = 3;
/** The next reader begins then at the latest. */
const NEXT_AFTER_MS = 1_500;

/** What one reader needed, ms each, one per key. */
export interface Reads {
  readonly firstMs: number[];
  readonly sureMs: number[];
  /** Keys that were not read, or whose newest item was not. */
  missed: number;
}

export interface ItemFigures {
  readonly ours: Reads;
  readonly libtorrent: Reads;
  /** Keys that nobody put and that gave an item all the same. */
  phantoms: number;
}

interface Slot {
  readonly seed: string;
  readonly key: string;
  readonly salt: string;
}

export async function measureItems(place: Place, count: number): Promise<ItemFigures> {
  const figures: ItemFigures = { ours: noReads(), libtorrent: noReads(), phantoms: 0 };
  const [ourRoom, theirRoom] = [place.room('reader'), place.room('torrent')];
  const ourWords = [ourRoom.address, String(DHT_PORT), place.bootstrap, 'read-only'];
  const ourArgs = [bundled(OURS), ...ourWords];
  const ours = new LineProcess(ourRoom.spawn(process.execPath, ourArgs));
  const theirArgs = [THEIRS, theirRoom.address, place.bootstrap];
  const theirs = new LineProcess(theirRoom.spawn('/usr/bin/python3', theirArgs));
  await Promise.all([ours.ready, theirs.ready]);
  const readers: Reader[] = [
    { from: ours, into: figures.ours },
    { from: theirs, into: figures.libtorrent },
  ];
  await warmUp([ours, theirs]);
  const slots = await putTwice(place, count);
  while (slots.length > 0) {
    place.turnDead();
    await readAll(slots.splice(0, GROUP), readers);
  }
  const phantoms = noReads();
  const nowhere = Array.from({ length: PHANTOMS }, freshSlot);
  await readAll(nowhere, [{ from: ours, into: phantoms }]);
  figures.phantoms = phantoms.firstMs.length;
  await Promise.all([ours.stop(), theirs.stop()]);
  return figures;
}

/** What nobody has put, while nobody is dead. */
async function warmUp(readers: readonly LineProcess[]): Promise<void> {
  for (let done = 0; done < WARM_UP; done += WARM_UP_AT_ONCE) {
    const slots = Array.from({ length: WARM_UP_AT_ONCE }, freshSlot);
    const reads = slots.flatMap(({ key, salt }) =>
      readers.map((reader) => reader.ask({ do: 'get', key, salt })),
    );
    await Promise.all(reads);
  }
}

interface Reader {
  readonly from: LineProcess;
  readonly into: Reads;
}

/**
 * Key by key and reader by reader. libtorrent waits 15 s for a dead node: what is still open after
 * a while has found its item, and sends nothing that another reader could feel.
 */
async function readAll(slots: readonly Slot[], readers: Reader[]): Promise<void> {
  const open: Promise<void>[] = [];
  for (const { key, salt } of slots) {
    for (const { from, into } of readers.reverse()) {
      const read = from.ask({ do: 'get', key, salt }).then((line) => take(line, into));
      open.push(read);
      await Promise.race([read, pause(NEXT_AFTER_MS)]);
    }
  }
  await Promise.all(open);
}

function noReads(): Reads {
  return { firstMs: [], sureMs: [], missed: 0 };
}

function take({ firstMs, ms, seq }: Line, into: Reads): void {
  if (typeof firstMs !== 'number' || typeof ms !== 'number' || seq !== 2) into.missed++;
  if (typeof firstMs === 'number') into.firstMs.push(firstMs);
  if (typeof ms === 'number') into.sureMs.push(ms);
}

/** All at once: it takes as long as libtorrent waits for the dead. */
async function putTwice(place: Place, count: number): Promise<Slot[]> {
  const slots = Array.from({ length: count }, freshSlot);
  await Promise.all(slots.map((slot) => put(place, slot, 1)));
  place.turnDead();
  await Promise.all(slots.map((slot) => put(place, slot, 2)));
  place.turnDead();
  return slots;
}

async function put(place: Place, { seed, salt }: Slot, seq: number): Promise<void> {
  const value = randomBytes(VALUE_BYTES).toString('hex');
  const done = await place.farm.ask({ do: 'put', node: place.alive(), seed, salt, value });
  if (done['seq'] !== seq) throw new Error(`libtorrent did not put item ${seq}`);
}

function freshSlot(): Slot {
  const seed = randomBytes(32);
  const key = new SigningKey(new Secret('record', Uint8Array.from(seed))).publicKey;
  const salt = randomBytes(12).toString('hex');
  return { seed: seed.toString('hex'), key: Buffer.from(key).toString('hex'), salt };
}
