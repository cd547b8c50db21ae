import { describe, expect, test } from 'vitest';
import { asBytes, asDict, decode, type Dict } from '../base/bencode.ts';
import { hex, utf8Text } from '../base/bytes.ts';
import { Secret, type PairSecret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import { epochOf } from '../discovery/epoch.ts';
import { lanHash } from '../discovery/lan-card.ts';
import { data, World, type Person } from './testing/world.ts';

const INVITE = { type: 'invite-new', expiresInMs: 86_400_000, reusable: false } as const;

function people(...names: string[]): { world: World; people: Person[] } {
  const world = new World();
  const all = names.map((name) => world.person(name));
  for (const person of all) person.start();
  world.run();
  return { world, people: all };
}

/** Bo has an invite of Ana's and nothing else: no DHT, no address. */
function invited(ana: Person, bo: Person): void {
  const text = data(ana.ask(INVITE), 'invite').invite.link!;
  data(bo.ask({ type: 'contact-add', text, name: 'Ana' }), 'contact');
}

function isLinked(person: Person): boolean {
  return data(person.ask({ type: 'status' }), 'status').status.linked > 0;
}

/** Ana and Bo, met in one network. */
function met(): { world: World; ana: Person; bo: Person } {
  const { world, people: all } = people('Ana', 'Bo');
  const [ana, bo] = all as [Person, Person];
  ana.join('home');
  bo.join('home');
  invited(ana, bo);
  world.run(2_000);
  return { world, ana, bo };
}

function setPolicy(person: Person, to: string, policy: 'hidden' | 'local' | 'auto'): void {
  person.ask({ type: 'route-set', to, policy, looser: true });
}

/** Read off the disk, as somebody who has it could. */
function docOf(person: Person, space: string): Dict {
  const request = { op: 'load' } as const;
  const reply = person.vault.handle(request);
  const docs = reply.op === 'load' ? reply.loaded.docs : [];
  const read = decode(docs.find((doc) => doc.space === space)!.value);
  return asDict(read.ok ? read.value : undefined)!;
}

function secretOf(person: Person): PairSecret {
  return new Secret('pair', asBytes(docOf(person, 'contact')['s'])!.slice());
}

function deviceOf(person: Person): Uint8Array {
  const seed = asBytes(docOf(person, 'profile')['d'])!.slice();
  return new SigningKey(new Secret('device signing', seed)).publicKey;
}

function epochAt(world: World): number {
  return epochOf(1.7e12 + world.nowMs);
}

function searchesOf(person: Person): string[] {
  return person.heard.flatMap((bytes) => utf8Text(bytes) ?? []);
}

test('[LAN-14] an invite leads to its maker in an isolated network', () => {
  const { ana, bo } = met();
  expect([isLinked(ana), isLinked(bo)]).toEqual([true, true]);
  data(bo.say('Ana', 'no internet needed'), 'sent');
  expect(ana.texts()).toEqual(['no internet needed']);
});

test('[LAN-14] also where the maker comes into the network later', () => {
  const { world, people: all } = people('Ana', 'Bo');
  const [ana, bo] = all as [Person, Person];
  bo.join('home');
  invited(ana, bo);
  world.run(60_000);
  expect(isLinked(bo)).toBe(false);
  ana.join('home');
  world.run(1_000);
  expect([isLinked(ana), isLinked(bo)]).toEqual([true, true]);
});

describe('two who know each other', () => {
  test('[LAN-13] are linked within a second, wherever each listens now', () => {
    const { world, ana, bo } = met();
    ana.kill();
    bo.kill();
    ana.port = 31_001;
    bo.port = 31_002;
    world.run(60_000);
    ana.start();
    bo.start();
    world.run(30_000);
    expect([isLinked(ana), isLinked(bo)]).toEqual([false, false]);
    ana.join('home');
    world.run(10_000);
    bo.join('home');
    world.run(1_000);
    expect([isLinked(ana), isLinked(bo)]).toEqual([true, true]);
  });

  test('[LAN-13] who comes back is dialled at once, however long we had given up', () => {
    const { world, ana, bo } = met();
    bo.kill();
    bo.port = 31_002;
    ana.move(31_001);
    world.run(3_600_000);
    bo.start();
    world.run(1_000);
    expect(isLinked(ana)).toBe(false);
    bo.join('home');
    world.run(1_000);
    expect(isLinked(ana)).toBe(true);
  });

  test('[LAN-13] who listens at another port of the same host is found there alone', () => {
    const { world, ana, bo } = met();
    bo.kill();
    world.run(40_000);
    for (const port of [31_002, 31_003, 31_004]) {
      bo.port = port;
      bo.start();
      ana.move(port + 1_000); // or he would find her by himself
      world.run(1_000);
      bo.join('home');
      world.run(1_000);
      expect(isLinked(ana)).toBe(true);
      bo.kill();
      world.run(5_000);
    }
  });

  test('[LAN-13] ⚑ who has left a network tries no place in it', () => {
    const { world, ana, bo } = met();
    bo.kill();
    world.run(60_000);
    let knocks = 0;
    const look = (from: Person, host: string): void => {
      if (from === ana && host === bo.lanHost) knocks++;
    };
    world.tap = (_, from, to) => look(from, to.host);
    world.tapStreams = (from, to) => look(from, to.host);
    ana.command({ type: 'path-show', to: 'Bo', want: true });
    world.run(60_000);
    expect(knocks).toBeGreaterThan(0);
    ana.join();
    knocks = 0;
    ana.command({ type: 'path-show', to: 'Bo', want: true });
    world.run(60_000);
    expect(knocks).toBe(0);
  });

  test('[LAN-12] ⚑ who is blocked is told nothing and not known', () => {
    const { world, ana, bo } = met();
    data(ana.ask({ type: 'contact-block', to: 'Bo', blocked: true }), 'done');
    world.run(2_000);
    ana.heard.splice(0);
    bo.heard.splice(0);
    ana.join('other');
    world.run(5_000);
    ana.join('home');
    world.run(5_000);
    expect([isLinked(ana), isLinked(bo)]).toEqual([false, false]);
    // Announcements are heard, and no card follows.
    expect(searchesOf(bo).length).toBeGreaterThan(0);
    expect(bo.heard.length).toBe(searchesOf(bo).length);
  });

  test('[LAN-12] ⚑ under Hidden IP nobody is told, by us or by them', () => {
    const { world, ana, bo } = met();
    const hash = (): string => hex(lanHash(secretOf(ana), deviceOf(ana), epochAt(world)));
    const hears = (): boolean => searchesOf(bo).some((text) => text.includes(hash()));
    ana.join('other');
    ana.join('home');
    world.run(5_000);
    expect(hears()).toBe(true); // the control: the search finds it where it is allowed
    setPolicy(ana, 'Bo', 'hidden');
    world.run(2_000);
    bo.heard.splice(0);
    for (const name of ['other', 'home']) {
      ana.join(name);
      world.run(5_000);
    }
    expect(searchesOf(bo).length).toBeGreaterThan(0);
    expect(hears()).toBe(false);
    expect(bo.heard.length).toBe(searchesOf(bo).length); // and no card
    // Bo knows by now that she hides, so he tells her nothing either.
    ana.heard.splice(0);
    bo.join('other');
    bo.join('home');
    world.run(5_000);
    const his = hex(lanHash(secretOf(bo), deviceOf(bo), epochAt(world)));
    expect(searchesOf(ana).length).toBeGreaterThan(0);
    expect(searchesOf(ana).some((text) => text.includes(his))).toBe(false);
    expect([isLinked(ana), isLinked(bo)]).toEqual([false, false]);
    // She changes her mind while he cannot be told: he is heard, and hears, all the same.
    bo.kill();
    setPolicy(ana, 'Bo', 'auto');
    ana.move(31_001);
    world.run(60_000);
    bo.port = 31_002;
    bo.start();
    world.run(30_000);
    expect(isLinked(bo)).toBe(false);
    bo.join('home');
    world.run(1_000);
    ana.join('other');
    ana.join('home');
    world.run(5_000);
    expect([isLinked(ana), isLinked(bo)]).toEqual([true, true]);
  });

  test('[LAN-12] This network only is what this is for', () => {
    const { world, ana, bo } = met();
    setPolicy(ana, 'Bo', 'local');
    setPolicy(bo, 'Ana', 'local');
    world.run(2_000);
    ana.kill();
    ana.port = 31_001;
    world.run(40_000);
    ana.start();
    world.run(1_000);
    ana.join('home');
    world.run(2_000);
    expect([isLinked(ana), isLinked(bo)]).toEqual([true, true]);
  });

  test('[LAN-7] in other networks nothing is heard of them', () => {
    const { world, ana, bo } = met();
    const before = bo.heard.length;
    bo.join('elsewhere');
    ana.join();
    world.run(3_600_000);
    expect(bo.heard.length).toBe(before);
  });
});

test('[LAN-8] three people look alike to who listens', () => {
  const { world, people: all } = people('Ana', 'Bo', 'Cy', 'Eve');
  const [ana, bo, cy, eve] = all as [Person, Person, Person, Person];
  for (const person of all) person.join('home');
  invited(ana, bo);
  world.run(2_000);
  invited(ana, cy);
  world.run(2_000);
  expect([isLinked(ana), isLinked(bo), isLinked(cy)]).toEqual([true, true, true]);
  const lines = searchesOf(eve).map((text) => text.split('Infohash: ').length - 1);
  expect(new Set(lines)).toEqual(new Set([12]));
});
