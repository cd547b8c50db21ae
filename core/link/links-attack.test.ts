import { describe, expect, test } from 'vitest';
import { encode } from '../base/bencode.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import type { GateKey, LinkTarget } from './contract.ts';
import {
  contextOf,
  FAREWELL_BYTES,
  FLIGHT_BYTES_MAX,
  FlightKey,
  openFlight,
  sealFlight,
} from './gate.ts';
import { openLink } from './handshake.ts';
import { forgedFirst } from './testing/forge.ts';
import { pair, type TestNet, type TestNode } from './testing/net.ts';

const NO_PAYLOAD = new Uint8Array(0);
const ELSEWHERE = { host: '10.6.6.6', port: 6 };

/** The first flight of a dial, kept from arriving. */
function capture(
  net: TestNet,
  from: TestNode,
  target: LinkTarget,
  transport: 'udp' | 'tcp',
): Uint8Array {
  let flight: Uint8Array | undefined;
  const to = net.nodes.find((node) => node !== from)!;
  net.onDatagram = (_from, _to, bytes) => {
    flight ??= bytes;
    return undefined;
  };
  net.onStream = (_from, _to, bytes) => {
    flight ??= bytes.slice();
    return undefined;
  };
  from.links.dial(99, target, [to.route(transport)], Uint8Array.of(1, 2, 3), net.nowMs);
  net.drain(from);
  net.run(100);
  from.links.cancelDial(99);
  net.drain(from);
  net.run(20_000);
  net.onDatagram = (_from, _to, bytes) => bytes;
  net.onStream = (_from, _to, bytes) => bytes;
  return flight!;
}

/** All counts but those of drops. */
function held(node: TestNode): Record<string, number> {
  const stats = Object.entries(node.links.stats());
  return Object.fromEntries(stats.filter(([name]) => !name.startsWith('dropped')));
}

describe('[LNK-4] bytes without a valid MAC', () => {
  test('as datagrams leave no state and get no answer', () => {
    const { net, a, b, gate } = pair();
    const flight = capture(net, a, b.target(gate), 'udp');
    const before = held(b);
    const prng = new Prng(1);
    for (let i = 0; i < flight.length; i++) {
      const bent = flight.slice();
      bent[i]! ^= 1 << (i % 8);
      expect(net.inject(ELSEWHERE, b, bent)).toBe(false);
      expect(net.inject(ELSEWHERE, b, flight.subarray(0, i))).toBe(false);
      expect(net.inject(ELSEWHERE, b, prng.bytes(prng.int(0, 1300)))).toBe(false);
    }
    expect(held(b)).toEqual(before);
    expect(b.links.wakeAtMs()).toBeUndefined();
    expect(b.ends.size).toBe(0);
    expect(net.inject(ELSEWHERE, b, flight)).toBe(true);
  });

  test('on a stream get silence until its 10 s are over, however far they came', () => {
    const { net, a, b, gate } = pair();
    const flight = capture(net, a, b.target(gate), 'tcp');
    const prng = new Prng(2);
    const bent = flight.slice();
    bent[60]! ^= 1;
    const attempts = [
      new Uint8Array(0),
      flight.subarray(0, 40),
      flight.subarray(0, 100),
      bent,
      prng.bytes(5000),
    ];
    for (const bytes of attempts) {
      const { read, write } = net.injectStream(b);
      const [end] = [...b.ends.values()].slice(-1);
      write(bytes);
      net.run(9_999);
      expect([read.length, end!.open]).toEqual([0, true]);
      net.run(1);
      expect([read.length, end!.open]).toEqual([0, false]);
    }
    expect(held(b)).toMatchObject({ accepted: 0, storing: 0, streams: 0, unproven: 0 });
  });

  test('on a stream byte by byte, with more behind the flight, is silence too', () => {
    const { net, a, b, gate } = pair();
    const flight = capture(net, a, b.target(gate), 'tcp');
    const { read, write } = net.injectStream(b);
    write(flight.subarray(0, flight.length - 1));
    write(new Uint8Array([flight.at(-1)!, 7]));
    expect(read).toEqual([]);
    const second = net.injectStream(b);
    for (const byte of flight) second.write(Uint8Array.of(byte));
    expect(second.read.length).toBe(1);
  });
});

describe('[LNK-6] a recorded first flight', () => {
  for (const transport of ['udp', 'tcp'] as const) {
    const send = (net: TestNet, to: TestNode, flight: Uint8Array): void => {
      if (transport === 'udp') net.inject(ELSEWHERE, to, flight);
      else net.injectStream(to).write(flight);
    };

    test(`${transport}: sent again is dropped before any Noise, also after a restart`, () => {
      const { net, a, b, gate } = pair();
      const flight = capture(net, a, b.target(gate), transport);
      send(net, b, flight);
      expect(held(b)).toMatchObject({ unproven: 1, replayEntries: 1 });
      net.run(20_000);
      let asked = 0;
      b.options.admit = () => {
        asked++;
        return true;
      };
      for (let i = 0; i < 20; i++) send(net, b, flight);
      expect(b.links.stats()).toMatchObject({ 'dropped: replay': 20, unproven: 0, storing: 0 });
      b.start();
      send(net, b, flight);
      expect(b.links.stats()).toMatchObject({ 'dropped: replay': 1, unproven: 0, storing: 0 });
      expect(asked).toBe(0);
    });
  }

  test('in a fresh wrapping, by someone who has the gate secret, is dropped as well', () => {
    const { net, a, b, gate } = pair();
    const flight = capture(net, a, b.target(gate), 'udp');
    const key = new FlightKey(gate.secret);
    const noise = openFlight(key, contextOf(), flight)!;
    net.inject(ELSEWHERE, b, flight);
    const again = sealFlight(key, contextOf(), new Prng(8).bytes(32), noise, 9);
    expect(net.inject(ELSEWHERE, b, again)).toBe(true);
    expect(b.links.stats()).toMatchObject({ 'dropped: replay': 1, unproven: 1 });
  });

  test('is stored before its reply leaves, and without storing there is none', () => {
    for (const ok of [true, false]) {
      const { net, a, b, gate } = pair({ b: { storesAtOnce: false } });
      let replies = 0;
      net.onDatagram = (from, _to, bytes) => {
        if (from === b) replies++;
        return bytes;
      };
      a.links.dial(1, b.target(gate), [b.route('udp')], NO_PAYLOAD, net.nowMs);
      net.drain(a);
      net.run(300);
      expect(b.waitingReplays).toMatchObject([{ gate: gate.id, entries: [{ length: 16 }] }]);
      expect([replies, b.ends.size]).toEqual([0, 0]);
      b.storeReplays(ok);
      expect([replies, b.ends.size]).toEqual(ok ? [1, 1] : [0, 0]);
      net.run(300);
      expect(a.of('up').length).toBe(ok ? 1 : 0);
      if (ok) continue;
      // Each flight stores its own entry, so nothing that came to nothing piles up.
      net.run(300);
      expect(b.waitingReplays.at(-1)!.entries.length).toBe(1);
    }
  });
});

describe('[LNK-9] a first flight that was not made for this gate, device or list', () => {
  const cases: [string, (b: TestNode, gate: GateKey, net: TestNet) => LinkTarget][] = [
    ['secret of another gate', (b, _gate, net) => b.target(net.gate())],
    ['gate of another kind', (b, gate) => b.target({ ...gate, kind: 'circuit' })],
    ['another identity', (b, gate, net) => b.target(gate, { identity: net.prng.bytes(32) })],
    ['another device', (b, gate, net) => b.target(gate, { device: net.prng.bytes(32) })],
    ['a shortened version list', (b, gate) => b.target(gate, { versions: [1] })],
    ['a lengthened version list', (b, gate) => b.target(gate, { versions: [1, 2, 3] })],
  ];
  for (const [name, targetOf] of cases) {
    test(`[LNK-11] ${name}: no word, no link`, () => {
      const { net, a, b, gate } = pair({ a: { versions: [1, 2] }, b: { versions: [1, 2] } });
      const routes = [b.route('udp'), b.route('tcp')];
      a.links.dial(1, targetOf(b, gate, net), routes, NO_PAYLOAD, net.nowMs);
      let answers = 0;
      net.onDatagram = (from, _to, bytes) => {
        if (from === b) answers++;
        return bytes;
      };
      net.drain(a);
      net.run(30_000);
      expect(a.events).toEqual([{ type: 'dial-failed', dial: 1, reason: 'unreachable' }]);
      expect([b.events, answers]).toEqual([[], 0]);
      expect(held(b)).toMatchObject({ accepted: 0, storing: 0, unproven: 0, streams: 0 });
    });
  }

  test('[LNK-9] a device that is not admitted hears nothing', () => {
    const asked: [Uint8Array, string][] = [];
    const admit = (noise: Uint8Array, gate: GateKey): boolean => {
      asked.push([noise, gate.id]);
      return false;
    };
    const { net, a, b, gate } = pair({ b: { admit } });
    a.links.dial(1, b.target(gate), [b.route('udp'), b.route('tcp')], NO_PAYLOAD, net.nowMs);
    net.drain(a);
    net.run(30_000);
    expect(a.of('dial-failed').length).toBe(1);
    expect(b.links.stats()).toMatchObject({ 'dropped: not admitted': 6, links: 0, unproven: 0 });
    expect(asked[0]).toEqual([a.noise, gate.id]);
    expect(b.waitingReplays).toEqual([]);
  });
});

describe('[LNK-14] a first message acts on nothing by itself', () => {
  test('recorded or held back, its payload is not shown before the initiator proved its keys', () => {
    const { net, a, b, gate } = pair();
    const flight = capture(net, a, b.target(gate), 'udp');
    net.inject(ELSEWHERE, b, flight);
    net.run(30_000);
    expect(b.events).toEqual([]);
    expect(held(b)).toMatchObject({ links: 0, unproven: 0, streams: 0 });
  });

  test('a thief of the responder key cannot come up as one of its contacts', () => {
    const { net, a, b, gate } = pair();
    const hello = encode({ f: 0, i: net.prng.bytes(8), p: NO_PAYLOAD, s: 5, v: [1] });
    const noise = forgedFirst(b, b.noiseSecret, a.noise, hello);
    const flight = sealFlight(
      new FlightKey(gate.secret),
      contextOf(),
      net.prng.bytes(32),
      noise,
      0,
    );
    expect(net.inject(ELSEWHERE, b, flight)).toBe(true);
    expect(held(b)).toMatchObject({ unproven: 1 });
    // He writes what he likes into the stream that awaits the first frame.
    const [stream] = [...b.ends.keys()];
    b.links.handleStreamBytes(stream!, net.prng.bytes(500), net.nowMs);
    net.drain(b);
    net.run(30_000);
    expect(b.events).toEqual([]);
    expect(held(b)).toMatchObject({ links: 0, unproven: 0, streams: 0 });
  });
});

test('[LNK-17] a flight on UDP without a stream id, or on TCP with one, is dropped', () => {
  const { net, b, gate } = pair();
  const { bytes: random } = net.prng;
  const key = new FlightKey(gate.secret);
  const flightWith = (streamId: number): Uint8Array => {
    const noise = new Secret<'device noise'>('device noise', random(32));
    const self = { identity: random(32), device: random(32), noise };
    const deps = { random, self, versions: [1], features: 0, instance: random(8) };
    const { message } = openLink(deps, b.target(gate), streamId, NO_PAYLOAD)!;
    return sealFlight(key, contextOf(), random(32), message, 0);
  };
  net.inject(ELSEWHERE, b, flightWith(0));
  net.injectStream(b).write(flightWith(7));
  expect(b.links.stats()).toMatchObject({ 'dropped: noise': 2, storing: 0, unproven: 0 });
  net.inject(ELSEWHERE, b, flightWith(7));
  net.injectStream(b).write(flightWith(0));
  expect(b.links.stats()).toMatchObject({ 'dropped: noise': 2, unproven: 2 });
});

describe('[LNK-5] a reply', () => {
  test('is never larger than its request', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const sizes: number[] = [];
      const { net, a, b, gate } = pair({ seed });
      const watch = (): void => {
        net.onDatagram = (_from, _to, bytes) => {
          sizes.push(bytes.length);
          return bytes;
        };
      };
      watch();
      a.links.dial(1, b.target(gate), [b.route('udp')], NO_PAYLOAD, net.nowMs);
      net.drain(a);
      net.run(100);
      net.resetStreams();
      net.run(100);
      // The handshake and an attach: two requests, two replies.
      expect(sizes.length).toBe(4);
      expect(sizes[1]!).toBeLessThanOrEqual(sizes[0]! - FAREWELL_BYTES);
      expect(sizes[3]!).toBeLessThanOrEqual(sizes[2]! - FAREWELL_BYTES);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(FLIGHT_BYTES_MAX);
    }
  });

  test('⚑ has room for the one packet by which its stream ends where nobody takes it up', () => {
    const { net, a, b, gate } = pair();
    const flight = capture(net, a, b.target(gate), 'udp');
    const closes: unknown[] = [];
    const poll = b.links.poll.bind(b.links);
    b.links.poll = () => {
      const out = poll();
      if (out?.type === 'stream-close') closes.push(out.reset);
      return out;
    };
    expect(net.inject(ELSEWHERE, b, flight)).toBe(true);
    expect(b.links.stats()).toMatchObject({ unproven: 1 });
    net.run(20_000);
    expect([b.links.stats()['unproven'], closes]).toEqual([0, [true]]);
  });

  test('bent anywhere changes nothing, and the true one still wins', () => {
    const { net, a, b, gate } = pair();
    let reply: Uint8Array | undefined;
    net.onDatagram = (from, _to, bytes) => {
      if (from !== b) return bytes;
      reply ??= bytes;
      return undefined;
    };
    a.links.dial(1, b.target(gate), [b.route('udp')], NO_PAYLOAD, net.nowMs);
    net.drain(a);
    net.run(100);
    const before = held(a);
    for (let i = 0; i < reply!.length; i++) {
      const bent = reply!.slice();
      bent[i]! ^= 1 << (i % 8);
      expect(net.inject(b.endpoint, a, bent)).toBe(false);
      expect(net.inject(b.endpoint, a, reply!.subarray(0, i))).toBe(false);
    }
    expect(net.inject(ELSEWHERE, a, reply!)).toBe(false);
    expect(held(a)).toEqual(before);
    expect(net.inject(b.endpoint, a, reply!)).toBe(true);
    net.run(100);
    expect(a.of('up').length).toBe(1);
  });

  test('bent on TCP fails the attempt, and only that', () => {
    const { net, a, b, gate } = pair();
    let bent = false;
    net.onStream = (from, _to, bytes) => {
      if (from !== b || bent) return bytes;
      bent = true;
      const copy = bytes.slice();
      copy[20]! ^= 1;
      return copy;
    };
    a.links.dial(1, b.target(gate), [b.route('tcp')], NO_PAYLOAD, net.nowMs);
    net.drain(a);
    net.run(20_000);
    expect(a.events).toEqual([{ type: 'dial-failed', dial: 1, reason: 'unreachable' }]);
    expect(held(a)).toMatchObject({ dials: 0, attempts: 0, streams: 0 });
    expect(held(b)).toMatchObject({ accepted: 0, unproven: 0, streams: 0 });
  });
});

describe('[LNK-9] who is shut out between a flight and its end', () => {
  for (const how of ['blocked', 'left behind by a renewed gate']) {
    /** A pair, and what shuts the first of them out. */
    const made = (storesAtOnce: boolean): ReturnType<typeof pair> & { shut: () => void } => {
      let admits = true;
      const all = pair({ b: { storesAtOnce, admit: () => admits } });
      const shut = (): void => {
        if (how === 'blocked') admits = false;
        else all.b.options.gates = [all.net.gate()];
      };
      return { ...all, shut };
    };

    test(`${how} while the disk is busy: gets no reply`, () => {
      const { net, a, b, gate, shut } = made(false);
      a.links.dial(1, b.target(gate), [b.route('udp')], NO_PAYLOAD, net.nowMs);
      net.drain(a);
      net.run(50);
      shut();
      let answers = 0;
      net.onDatagram = (from, _to, bytes) => {
        if (from === b) answers++;
        return bytes;
      };
      b.storeReplays(true);
      net.run(100);
      expect([answers, b.ends.size]).toEqual([0, 0]);
      expect(b.links.stats()).toMatchObject({ 'dropped: not admitted': 1, storing: 0 });
    });

    test(`${how} after the reply: is not linked`, () => {
      const { net, a, b, gate, shut } = made(true);
      a.links.dial(1, b.target(gate), [b.route('tcp')], NO_PAYLOAD, net.nowMs);
      net.drain(a);
      for (let i = 0; held(b)['unproven'] === 0 && i < 100; i++) net.run(5);
      net.run(net.latencyMs);
      shut();
      let answers = 0;
      net.onStream = (from, _to, bytes) => {
        if (from === b) answers++;
        return bytes;
      };
      net.run(1_000);
      expect([answers, b.events, held(b)['unproven']]).toEqual([0, [], 0]);
      expect(a.of('up')).toEqual([]);
    });
  }
});

test('[LNK-7] one address gets 5 handshakes at once; others are not held up', () => {
  const { net, a, b, gate } = pair();
  const flights: Uint8Array[] = [];
  net.onDatagram = (_from, _to, bytes) => {
    flights.push(bytes);
    return undefined;
  };
  for (let i = 0; i < 30; i++) {
    a.links.dial(i, b.target(gate), [b.route('udp')], NO_PAYLOAD, net.nowMs);
    net.drain(a);
    a.links.cancelDial(i);
  }
  for (const flight of flights) net.inject(ELSEWHERE, b, flight);
  expect(b.links.stats()).toMatchObject({ 'dropped: rate': 25, unproven: 5 });
});

test('[LNK-57] under a flood contacts come in as ever, newcomers by TCP until it is over', () => {
  const { net, a, b, gate } = pair();
  // So many that a trial of all takes a tenth of a second's allowance: longer than a flight takes.
  const invites = Array.from({ length: 1_000 }, () => net.gate('invite'));
  const invite = invites[999]!;
  b.options.gates = [...invites, gate];
  const stray = new Uint8Array(400);
  const comesIn = (id: number, to: GateKey, transport: 'udp' | 'tcp'): boolean => {
    for (let i = 0; i < 100; i++) net.inject(ELSEWHERE, b, stray);
    const before = a.of('up').length;
    a.links.dial(id, b.target(to), [b.route(transport)], NO_PAYLOAD, net.nowMs);
    net.drain(a);
    net.run(300);
    a.links.cancelDial(id);
    return a.of('up').length > before;
  };
  expect(comesIn(1, gate, 'udp')).toBe(true);
  expect(comesIn(2, invite, 'udp')).toBe(false);
  expect(comesIn(3, invite, 'tcp')).toBe(true);
  net.run(2_000);
  a.links.dial(4, b.target(invite), [b.route('udp')], NO_PAYLOAD, net.nowMs);
  net.drain(a);
  net.run(100);
  expect(a.of('up').length).toBe(3);
});

test('[LNK-8] streams without a valid flight are bounded; the oldest goes, a true one gets in', () => {
  const { net, a, b, gate } = pair();
  for (let i = 0; i < 600; i++) net.injectStream(b).write(new Uint8Array(30));
  expect(held(b)['accepted']).toBe(256);
  a.links.dial(1, b.target(gate), [b.route('tcp')], NO_PAYLOAD, net.nowMs);
  net.drain(a);
  net.run(200);
  expect(a.of('up').length).toBe(1);
  net.run(10_000);
  expect(held(b)['accepted']).toBe(0);
});

test('[LNK-6] replay sets of gates that are gone are forgotten', () => {
  const { net, a, b, gate } = pair();
  const dial = (id: number, to: GateKey): void => {
    a.links.dial(id, b.target(to), [b.route('udp')], NO_PAYLOAD, net.nowMs);
    net.drain(a);
    net.run(200);
  };
  dial(1, gate);
  expect(held(b)).toMatchObject({ replaySets: 1 });
  const renewed = net.gate();
  b.options.gates = [renewed];
  dial(2, renewed);
  expect(held(b)).toMatchObject({ replaySets: 1 });
  expect(a.of('up').length).toBe(2);
});
