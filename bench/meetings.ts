/**
 * From "I want this person" to the authenticated link: our daemons, and hyperdht's connect() in
 * turn with them. Everybody is in a room of their own, runs, and has been part of a DHT for a
 * while.
 *
 *   moved        the contact has another address than the one that is remembered; where they are
 *                says their record in the DHT alone. Beside it: hyperdht, a key never met
 *   remembered   the remembered address is right. Beside it: hyperdht, the same key again
 *
 * Our caller is brought back to nothing by the API's own means: it blocks the contact, who is cut
 * off, moves, and puts a record where the caller may find it; unblocking is the wish that is
 * timed. The renewed gate lets in nobody who has not read the caller's next record, so that the
 * contact cannot be the one who finds the other. Our time ends later than theirs: hellos have been
 * checked and stored when the API calls a contact linked.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';
import { EPOCH_MS } from '@sotto/core/discovery/epoch.ts';
import type { LineProcess } from '../lab/dht/line-process.ts';
import { meet, RoomDaemon } from '../lab/rooms/room-daemon.ts';
import { until } from '../lab/rooms/town.ts';
import type { Place } from './place.ts';

/** Several pairs, because the query budget of one (DSC-25) is made for people, not for benches. */
const PAIRS = 8;
/** A round takes less; records that are put after the turn of an epoch are there after this. */
const ROUND_MS = 90_000;
const AFTER_TURN_MS = 15_000;
/** Somebody who does not run is not reached in this time. */
const GHOST_MS = 3_000;
/** Pairs that start at one time. */
const TOGETHER = 4;
const PORT = 30_001;
const READY_MS = 60_000;
/** What still follows a change (a vote on the new address, looks for the caller) is over then. */
const SETTLED_MS = 3_500;
/** A pair's first rounds: its code is not compiled yet. */
const WARM_ROUNDS = 1;

export interface MeetingFigures {
  readonly moved: { ours: number[]; hyperdht: number[] };
  readonly remembered: { ours: number[]; hyperdht: number[] };
  /** A contact who did not run was reached: then nothing here can be believed. */
  ghost: boolean;
}

interface Pair {
  readonly caller: RoomDaemon;
  readonly contact: RoomDaemon;
  /** The two addresses between which the contact moves. */
  readonly homes: [string, string];
}

export async function measureMeetings(
  place: Place,
  folder: string,
  count: number,
): Promise<MeetingFigures> {
  const figures: MeetingFigures = {
    moved: { ours: [], hyperdht: [] },
    remembered: { ours: [], hyperdht: [] },
    ghost: false,
  };
  const pairs: Pair[] = [];
  const wanted = Math.min(PAIRS, count);
  for (let i = 0; i < wanted; i += TOGETHER) {
    const some = Array.from({ length: Math.min(TOGETHER, wanted - i) }, (_, n) => i + n);
    pairs.push(...(await Promise.all(some.map((n) => newPair(place, folder, n)))));
  }
  const [server, client] = [place.hyperdht('server'), place.hyperdht('client')];
  await Promise.all([server.ready, client.ready]);
  for (let round = -WARM_ROUNDS; figures.moved.ours.length < count; round++) {
    await avoidTurnOfEpoch();
    await oneRound(place, pairs, { server, client }, round < 0 ? undefined : figures);
  }
  figures.ghost = await reachesGhost(pairs[0]!);
  return figures;
}

/** Everybody else ends with the place. */
async function reachesGhost({ caller, contact }: Pair): Promise<boolean> {
  await part(caller, contact);
  await contact.stop();
  const reached = caller.reach('contacts.unblock', { to: contact.name }).then(
    () => true,
    () => false,
  );
  return await Promise.race([reached, pause(GHOST_MS).then(() => false)]);
}

async function newPair(place: Place, folder: string, number: number): Promise<Pair> {
  const settings = [`dht.bootstrap=${place.bootstrap}`];
  const start = async (name: string): Promise<RoomDaemon> => {
    const daemon = new RoomDaemon(name, place.room(name), folder, PORT, settings);
    await daemon.start();
    return daemon;
  };
  const [caller, contact] = await Promise.all([start(`c${number}`), start(`d${number}`)]);
  await meet(contact, caller);
  const { address } = contact.room;
  return { caller, contact, homes: [address, `198.51.100.${21 + number}`] };
}

interface Hyperdht {
  readonly server: LineProcess;
  readonly client: LineProcess;
}

async function oneRound(
  place: Place,
  pairs: readonly Pair[],
  { client, server }: Hyperdht,
  figures: MeetingFigures | undefined,
): Promise<void> {
  const listening = Promise.all(pairs.map(() => server.ask({ do: 'listen' })));
  await Promise.all(pairs.map((pair) => moveAway(place, pair)));
  const keys = (await listening).map(({ key }) => key);
  await pause(SETTLED_MS);
  await measureBoth(place, pairs, client, keys, figures?.moved);
  await Promise.all(pairs.map(({ caller, contact }) => part(caller, contact)));
  await pause(SETTLED_MS);
  await measureBoth(place, pairs, client, keys, figures?.remembered);
  await Promise.all(keys.map((key) => server.ask({ do: 'shut', key })));
}

/** Others die, and then all who are ready are measured, ours and theirs in turn. */
async function measureBoth(
  place: Place,
  pairs: readonly Pair[],
  client: LineProcess,
  keys: readonly unknown[],
  into: { ours: number[]; hyperdht: number[] } | undefined,
): Promise<void> {
  place.turnDead();
  for (const [i, { caller, contact }] of pairs.entries()) {
    const ours = await caller.reach('contacts.unblock', { to: contact.name });
    const { error, ms } = await client.ask({ do: 'connect', to: { key: keys[i] } });
    if (error !== undefined) throw new Error(`hyperdht: ${JSON.stringify(error)}`);
    into?.ours.push(ours);
    into?.hyperdht.push(ms as number);
  }
}

async function part(caller: RoomDaemon, contact: RoomDaemon): Promise<void> {
  await caller.call('contacts.block', { to: contact.name });
  await until('the contact is alone', READY_MS, async () => {
    const { linked } = await contact.call('status.get', {});
    return linked === 0;
  });
}

/** Nothing is put in the last seconds of an hour (DSC-4), and all is put after it. */
async function avoidTurnOfEpoch(): Promise<void> {
  const leftMs = EPOCH_MS - (Date.now() % EPOCH_MS);
  if (leftMs < ROUND_MS) await pause(leftMs + AFTER_TURN_MS);
}

/** The contact is cut off, has another address, and its record in the DHT says so. */
async function moveAway(place: Place, { caller, contact, homes }: Pair): Promise<void> {
  await part(caller, contact);
  const next = contact.room.address === homes[0] ? homes[1] : homes[0];
  const before = await contact.stats();
  place.internet.move(contact.room, next);
  await until('the contact has put its new record', READY_MS, async () => {
    const now = await contact.stats();
    const isNew = now['presence.generation']! > before['presence.generation']!;
    const isPut = now['presence.puts']! > before['presence.puts']!;
    return isNew && isPut && now['presence.operations'] === 0;
  });
}
