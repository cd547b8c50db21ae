import { expect, test } from 'vitest';
import { utf8 } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import type { Doc } from '../base/vault.ts';
import { REVOKED_MAX } from '../relay/limits.ts';
import { Circuits, type CircuitsPorts } from './circuits.ts';
import { Context } from './context.ts';
import { WEB_AFTER_MS } from './relay-link.ts';
import { placesDoc, savedPlaces } from './places-saved.ts';
import type { RelaySource } from './reservations.ts';

const PORTS = {
  candidates: () => [],
  mayBe: () => true,
  hidesFrom: () => false,
  nameOf: () => '',
  mayProbe: () => true,
  mayConnect: () => true,
  news: () => undefined,
  accepted: () => undefined,
  isOurs: () => true,
  settled: () => undefined,
  askersChanged: () => undefined,
  entriesChanged: () => undefined,
};

/** @returns the circuits of a fresh node, and what they last had saved. */
function circuits(
  docs: readonly Doc[] = [],
  candidates: readonly RelaySource[] = [],
  more: Partial<CircuitsPorts> = {},
): { one: Circuits; context: Context; saved(): Doc[] } {
  const profile = { bootstrap: [], dht: false, readOnly: false, allowReserved: true };
  const context = new Context(new Prng(1).bytes, { ...profile, displayName: undefined });
  let streams = 0;
  const allocateStream = (): number => (streams += 2);
  const ports = { ...PORTS, allocateStream, candidates: () => candidates, ...more };
  const one = new Circuits(context, docs, ports);
  return {
    one,
    context,
    saved: () => {
      one.handleTimeout();
      const found: Doc[] = [];
      for (let effect = context.poll(); effect; effect = context.poll()) {
        if (effect.type !== 'vault' || effect.request.op !== 'put') continue;
        found.splice(0, found.length, ...(effect.request.docs as Doc[]));
      }
      return found;
    },
  };
}

function invite(i: number): string {
  return `invite ${i}`;
}

test('[RLY-10] however many readers come and go, there is an index for the next', () => {
  const { one, saved } = circuits();
  one.kept.entries('friend');
  for (let i = 0; i < 20_000; i++) {
    one.kept.entries(invite(i));
    one.kept.revoke(invite(i));
    if (i % 100 === 0) one.kept.entries('friend');
  }
  one.kept.entries('friend');
  one.kept.entries('somebody new');
  const { indexes, nextIndex } = savedPlaces(saved());
  expect([...indexes.keys()].sort()).toEqual(['friend', 'somebody new']);
  expect(new Set(indexes.values()).size).toBe(2);
  expect(nextIndex).toBeLessThanOrEqual(REVOKED_MAX + 4);
});

test('[RLY-10] ⚑ an index is not given again while slots of its time open anything', () => {
  const { one, saved } = circuits();
  const given = new Map<number, string>();
  for (let i = 0; i < REVOKED_MAX; i++) {
    one.kept.entries(invite(i));
    const { indexes } = savedPlaces(saved());
    const index = indexes.get(invite(i))!;
    expect(given.has(index)).toBe(false);
    given.set(index, invite(i));
    one.kept.revoke(invite(i));
  }
});

test('[RLY-10] a document of before, with more who are gone than can be told, begins anew', () => {
  const indexes = new Map([['friend', 900]]);
  const doc = placesDoc({ indexes, nextIndex: 901, places: new Map(), guards: [] }) as Doc;
  const { one, saved } = circuits([doc]);
  one.kept.entries('friend');
  const after = savedPlaces(saved());
  expect([[...after.indexes], after.nextIndex]).toEqual([[['friend', 1]], 2]);
});

test('[RLY-18] a relay that others name by an address of its own is ours all the same', () => {
  const key = new Prng(7).bytes(32);
  const endpoint = { host: '93.184.216.34', port: 443 };
  const address = { endpoint, key, udp: true, tcp: true };
  const { one, context } = circuits([], [{ address, isOwn: true }]);
  const via = { relay: key, slot: new Uint8Array(20), udp: true, tcp: true };
  const to = { host: '2a01:4f8::7', port: 443 };
  one.open({ type: 'stream-open', stream: 1, transport: 'circuit', to, via });
  const hosts = new Set<string>();
  for (let effect = context.poll(); effect; effect = context.poll()) {
    if (effect.type === 'datagram' || effect.type === 'stream-open') hosts.add(effect.to.host);
  }
  expect([[...hosts], one.stats()['relays']]).toEqual([[endpoint.host], 1]);
});

const OTHER_PORT = { host: '93.184.216.34', port: 4_000 };

/** A relay of our own list; @returns which TCP connections it begins, in ms since the start. */
function dials(web: true | undefined) {
  const key = new Prng(7).bytes(32);
  const address = { endpoint: OTHER_PORT, key, udp: true, tcp: true, web };
  const { one, context } = circuits([], [{ address, isOwn: true }]);
  const opened: (readonly [number, number, number])[] = [];
  const at = (monoMs: number): void => {
    context.now = { monoMs, wallMs: monoMs };
    one.handleTimeout();
    for (let effect = context.poll(); effect; effect = context.poll()) {
      if (effect.type === 'stream-open') opened.push([monoMs, effect.to.port, effect.stream]);
    }
  };
  const ports = (): (readonly [number, number])[] => opened.map(([ms, port]) => [ms, port]);
  return { at, one, opened, ports };
}

test('[RLY-25] where its own port is silent for 1 s, TCP port 443 of a relay is tried besides, once', () => {
  const { at, one, ports } = dials(true);
  for (const ms of [0, 500, WEB_AFTER_MS - 1]) at(ms);
  expect(ports()).toEqual([[0, 4_000]]);
  expect(one.wakeAtMs()).toBe(WEB_AFTER_MS);
  for (const ms of [WEB_AFTER_MS, 2_000, 4_000]) at(ms);
  expect(ports()).toEqual([
    [0, 4_000],
    [WEB_AFTER_MS, 443],
  ]);
});

test('[RLY-25] a relay that does not say that it is on port 443 is not tried there', () => {
  const { at, ports } = dials(undefined);
  for (const ms of [0, WEB_AFTER_MS, 5_000]) at(ms);
  expect(ports()).toEqual([[0, 4_000]]);
});

test('[RLY-25] ⚑ a dial costs one connection to port 443, and both ways end before it begins anew', () => {
  const { at, one, opened, ports } = dials(true);
  for (const ms of [0, WEB_AFTER_MS]) at(ms);
  for (const [, , stream] of opened) one.handleStream(stream, 'closed');
  // Over UDP it goes on until the dial's own end.
  for (const ms of [2_000, 10_000, 11_000]) at(ms);
  expect(ports().filter(([, port]) => port === 443)).toHaveLength(1);
  for (let ms = 11_500; ms <= 13_500; ms += 250) at(ms);
  const later = ports().slice(2);
  expect(later.map(([, port]) => port)).toEqual([4_000, 443]);
  expect(later[1]![0] - later[0]![0]).toBe(WEB_AFTER_MS);
});

type CircuitOpen = Parameters<Circuits['open']>[0];

/** What a contact makes us open: a circuit through the relay of this number. */
function circuitBy(peer: string, number: number): CircuitOpen {
  const key = new Prng(100 + number).bytes(32);
  const via = { relay: key, slot: new Uint8Array(20), udp: true, tcp: true, web: true as const };
  const to = { host: `198.51.${number}.7`, port: 4_000 };
  const stream = 1_001 + 2 * number;
  return { type: 'stream-open', stream, transport: 'circuit', to, peer: utf8(peer), via };
}

test('[RLY-33] ⚑ relays that one contact names are in the way of nobody else, nor of our own', () => {
  const closed: number[] = [];
  const own: RelaySource[] = [];
  const { one } = circuits([], own, {
    nameOf: (noise) => new TextDecoder().decode(noise),
    news: (stream, news) => void (news === 'closed' && closed.push(stream)),
  });
  const links = (): number => one.stats()['relays']!;
  for (let number = 0; number < 100; number++) one.open(circuitBy('eve', number));
  expect([links(), closed.length]).toEqual([4, 96]);
  one.open(circuitBy('ben', 100));
  for (let number = 101; links() < 64; number++) one.open(circuitBy(`person ${number}`, number));
  one.open(circuitBy('one more', 200));
  expect([links(), closed.length]).toEqual([64, 97]);
  const endpoint = { host: '93.184.216.34', port: 443 };
  own.push({
    address: { endpoint, key: new Prng(7).bytes(32), udp: true, tcp: true },
    isOwn: true,
  });
  one.kept.refresh();
  one.handleTimeout();
  expect([links(), one.kept.relays.length]).toEqual([65, 1]);
});

test('[PTH-3] ⚑ nothing connects to a relay that a contact names beyond what may, on no port', () => {
  const asked: string[] = [];
  const { one, context } = circuits([], [], {
    nameOf: (noise) => new TextDecoder().decode(noise),
    mayConnect: (name) => asked.push(name) > 2,
  });
  const opened: number[] = [];
  const at = (monoMs: number): void => {
    context.now = { monoMs, wallMs: monoMs };
    one.handleTimeout();
    for (let effect = context.poll(); effect; effect = context.poll()) {
      if (effect.type === 'stream-open') opened.push(monoMs);
    }
  };
  one.open(circuitBy('eve', 1));
  at(0);
  expect([opened, asked]).toEqual([[], ['eve']]);
  at(500);
  expect(opened).toEqual([]);
  // Its own port and 443: each of them waits for its turn, and is not given up.
  for (const ms of [1_000, 1_500]) at(ms);
  expect([opened.length, new Set(asked)]).toEqual([2, new Set(['eve'])]);
});
