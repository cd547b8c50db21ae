import { describe, expect, test } from 'vitest';
import { compare } from '../base/bytes.ts';
import { DIALS_MAX, HALF_OPEN_MAX, PAYLOAD_BYTES_MAX } from './limits.ts';
import { linked, pair, TestNet } from './testing/net.ts';

const NO_PAYLOAD = new Uint8Array(0);

for (const transport of ['tcp', 'udp'] as const) {
  test(`[LNK-13] ${transport}: a dial comes up at both ends and talks both ways`, () => {
    const { net, a, b } = linked(transport);
    const [ours, theirs] = [a.of('up')[0]!, b.of('up')[0]!];
    expect(ours).toMatchObject({ dial: 1, initiator: true, version: 1, peerNoise: b.noise });
    expect(theirs).toMatchObject({ initiator: false, payload: Uint8Array.of(42) });
    expect(theirs).not.toHaveProperty('dial');
    expect(theirs.peerNoise).toEqual(a.noise);
    expect(ours.exporter.reveal()).toEqual(theirs.exporter.reveal());
    expect(ours.route).toEqual(b.route(transport));
    for (let i = 0; i < 100; i++) {
      expect(a.say(`a${i}`)).toBe(true);
      expect(b.say(`b${i}`)).toBe(true);
    }
    net.run(1000);
    expect(b.texts()).toEqual(Array.from({ length: 100 }, (_, i) => `a${i}`));
    expect(a.texts()).toEqual(Array.from({ length: 100 }, (_, i) => `b${i}`));
    expect(a.links.stats()).toMatchObject({ dials: 0, attempts: 0, unproven: 0, heldFrames: 0 });
    expect(b.links.stats()).toMatchObject({ accepted: 0, storing: 0, unproven: 0, heldFrames: 0 });
  });
}

test('[LNK-10] the highest common version and the common features come up', () => {
  const { a, b } = linked('udp', {
    a: { versions: [1, 2, 3], features: 0b0110 },
    b: { versions: [2, 3, 4], features: 0b1100 },
  });
  for (const node of [a, b]) {
    expect(node.of('up')[0]).toMatchObject({ version: 3, features: 0b0100 });
  }
});

describe('[LNK-15] dialling by UDP', () => {
  test('sends a fresh flight at 0, 0.5, 1, 2 and 4 s and gives up at 10 s', () => {
    const { net, a, b, gate } = pair();
    const flights: { atMs: number; text: string }[] = [];
    net.onDatagram = (_from, _to, bytes) => {
      flights.push({ atMs: net.nowMs - 1000, text: bytes.join() });
      return undefined;
    };
    a.links.dial(7, b.target(gate), [b.route('udp')], NO_PAYLOAD, net.nowMs);
    net.drain(a);
    net.run(9999);
    expect(flights.map(({ atMs }) => atMs)).toEqual([0, 500, 1000, 2000, 4000]);
    expect(new Set(flights.map(({ text }) => text)).size).toBe(5);
    expect(a.events).toEqual([]);
    net.run(1);
    expect(a.events).toEqual([{ type: 'dial-failed', dial: 7, reason: 'unreachable' }]);
    expect(a.links.stats()).toMatchObject({ dials: 0, attempts: 0 });
    expect(a.links.wakeAtMs()).toBeUndefined();
  });

  test('survives the loss of any four of its five flights or their replies', () => {
    for (let good = 0; good < 5; good++) {
      for (const losesReply of [false, true]) {
        const { net, a, b, gate } = pair();
        let count = 0;
        net.onDatagram = (from, _to, bytes) => {
          if ((from === b) !== losesReply) return bytes;
          return count++ === good ? bytes : undefined;
        };
        a.links.dial(7, b.target(gate), [b.route('udp')], NO_PAYLOAD, net.nowMs);
        net.drain(a);
        net.run(5000);
        expect(a.of('up').length).toBe(1);
        expect(b.of('up').length).toBe(1);
        net.run(20_000);
        a.say('hello');
        net.run(100);
        expect(b.texts()).toEqual(['hello']);
        expect(b.links.stats()).toMatchObject({ links: 1, streams: 1, unproven: 0 });
      }
    }
  });

  test('with a round trip of 3 s, so that several flights are answered, ends in one link', () => {
    const { net, a, b, gate } = pair();
    net.latencyMs = 1500;
    a.links.dial(7, b.target(gate), [b.route('udp')], NO_PAYLOAD, net.nowMs);
    net.drain(a);
    net.run(60_000);
    expect(a.of('up').length).toBe(1);
    expect(b.of('up').length).toBe(1);
    expect(b.links.stats()).toMatchObject({ links: 1, streams: 1, unproven: 0 });
    a.say('hello');
    net.run(5000);
    expect(b.texts()).toEqual(['hello']);
  });
});

describe('[LNK-16] a race', () => {
  test('is won by the first reply; all else is closed and comes to nothing', () => {
    const { net, a, b, gate } = pair();
    const nowhere = { host: '10.0.0.99', port: 1 };
    const routes = [
      b.route('udp'),
      b.route('tcp'),
      { transport: 'udp' as const, endpoint: nowhere },
      { transport: 'tcp' as const, endpoint: nowhere },
    ];
    a.links.dial(7, b.target(gate), routes, NO_PAYLOAD, net.nowMs);
    net.drain(a);
    net.run(30_000);
    expect(a.of('up').map(({ route }) => route)).toEqual([b.route('udp')]);
    expect(b.of('up').length).toBe(1);
    for (const node of [a, b]) {
      expect(node.links.stats()).toMatchObject({ links: 1, streams: 1, accepted: 0, unproven: 0 });
      expect([...node.ends.values()].filter(({ open }) => open).length).toBe(1);
    }
  });

  test('of which all routes fail, fails at once where TCP is refused', () => {
    const { net, a, b, gate } = pair();
    const route = { transport: 'tcp' as const, endpoint: { host: '10.0.0.99', port: 1 } };
    a.links.dial(7, b.target(gate), [route], NO_PAYLOAD, net.nowMs);
    a.links.dial(8, b.target(gate), [], NO_PAYLOAD, net.nowMs);
    net.drain(a);
    net.run(100);
    expect(a.of('dial-failed').map(({ dial }) => dial)).toEqual([8, 7]);
  });

  test('that is cancelled is not heard of again, at whatever moment', () => {
    for (const transport of ['tcp', 'udp'] as const) {
      for (let afterMs = 0; afterMs <= 60; afterMs += 5) {
        const { net, a, b, gate } = pair();
        a.links.dial(7, b.target(gate), [b.route(transport)], NO_PAYLOAD, net.nowMs);
        net.drain(a);
        net.run(afterMs);
        if (a.of('up').length > 0) continue;
        a.links.cancelDial(7);
        net.drain(a);
        net.run(60_000);
        expect(a.events).toEqual([]);
        expect(a.links.stats()).toMatchObject({ dials: 0, attempts: 0, streams: 0, unproven: 0 });
        expect(b.links.stats()).toMatchObject({ links: 0, streams: 0, accepted: 0, unproven: 0 });
      }
    }
  });
});

test('[LNK-15] dials are bounded, and one without a common version is not sent', () => {
  const { net, a, b, gate } = pair();
  for (let i = 0; i <= DIALS_MAX; i++) {
    a.links.dial(i, b.target(gate), [b.route('tcp')], NO_PAYLOAD, net.nowMs);
  }
  const versions = [9];
  a.links.dial(-1, b.target(gate, { versions }), [b.route('tcp')], NO_PAYLOAD, net.nowMs);
  a.links.dial(-2, b.target(gate, { versions: [] }), [b.route('tcp')], NO_PAYLOAD, net.nowMs);
  net.drain(a);
  expect(a.of('dial-failed')).toMatchObject([
    { dial: DIALS_MAX, reason: 'busy' },
    { dial: -1, reason: 'no common version' },
    { dial: -2, reason: 'no common version' },
  ]);
});

test('[LNK-3] the largest payload and longest lists fit one datagram', () => {
  const versions = Array.from({ length: 16 }, (_, i) => 65_520 + i);
  const { net, a, b, gate } = pair({ a: { versions, features: 2 ** 32 - 1 }, b: { versions } });
  const payload = new Uint8Array(PAYLOAD_BYTES_MAX).fill(7);
  a.links.dial(1, b.target(gate), [b.route('udp')], payload, net.nowMs);
  net.drain(a);
  net.run(200);
  expect(b.of('up')[0]!.payload).toEqual(payload);
});

test('[LNK-17] UDX bytes never come before their stream exists, and ids are fresh', () => {
  const ids = new Set<number>();
  for (let seed = 1; seed <= 30; seed++) {
    const { net, b } = linked('udp', { seed });
    expect(net.early).toBe(0);
    for (const id of b.udx.keys()) ids.add(id);
  }
  expect(ids.size).toBe(30);
});

describe('[LNK-18] two links between the same devices', () => {
  function both(seed: number): { net: TestNet; nodes: ReturnType<TestNet['node']>[] } {
    const net = new TestNet(seed);
    const gates = [net.gate(), net.gate()];
    const nodes = [net.node({ gates: [gates[0]!] }), net.node({ gates: [gates[1]!] })];
    return { net, nodes };
  }
  function dialBoth(net: TestNet, nodes: ReturnType<TestNet['node']>[], gapMs: number): void {
    nodes.forEach((node, i) => {
      const far = nodes[1 - i]!;
      const routes = [far.route('udp'), far.route('tcp')];
      node.links.dial(1, far.target(far.options.gates![0]!), routes, NO_PAYLOAD, net.nowMs);
      net.drain(node);
      net.run(gapMs);
    });
  }

  test('dialled at once leave one, the lower key dial, at both ends', () => {
    for (let seed = 1; seed <= 8; seed++) {
      for (const gapMs of [0, 5, 15, 25]) {
        const { net, nodes } = both(seed);
        dialBoth(net, nodes, gapMs);
        net.run(500);
        for (const node of nodes) {
          expect(node.links.stats()).toMatchObject({ links: 1, streams: 1, dials: 0, unproven: 0 });
          const downs = new Set(node.of('down').map(({ link }) => link));
          const [left] = node.of('up').filter(({ link }) => !downs.has(link));
          const far = nodes.find((other) => other !== node)!;
          expect(left!.initiator).toBe(compare(node.noise, far.noise) < 0);
          node.say('hello', left!.link);
        }
        net.run(100);
        for (const node of nodes) expect(node.texts()).toEqual(['hello']);
        expect(Math.max(...nodes.map((node) => node.of('down').length))).toBeLessThanOrEqual(1);
      }
    }
  });

  test('where the peer restarted, the new one replaces the old at once', () => {
    for (const [dialler, restarts] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const { net, nodes } = both(3);
      const gates = nodes.map((node) => node.options.gates![0]!);
      const dial = (from: number): void => {
        const [node, far] = [nodes[from]!, nodes[1 - from]!];
        node.links.dial(1, far.target(gates[1 - from]!), [far.route('udp')], NO_PAYLOAD, net.nowMs);
        net.drain(node);
        net.run(200);
      };
      dial(dialler);
      const stays = nodes[1 - restarts]!;
      const old = stays.link();
      nodes[restarts]!.start();
      dial(restarts);
      expect(stays.of('down')).toEqual([{ type: 'down', link: old, reason: 'replaced' }]);
      expect(stays.of('up').length).toBe(2);
      nodes[restarts]!.say('back');
      stays.say('good');
      net.run(100);
      expect(stays.texts()).toEqual(['back']);
      expect(nodes[restarts]!.texts()).toEqual(['good']);
    }
  });

  test('a dial by who lost the path of a young link replaces it, though the other sees its path', () => {
    for (let seed = 1; seed <= 6; seed++) {
      for (const loser of [0, 1]) {
        const { net, nodes } = both(seed);
        const gates = nodes.map((node) => node.options.gates![0]!);
        const dial = (from: number): void => {
          const [node, far] = [nodes[from]!, nodes[1 - from]!];
          const routes = [far.route('udp')];
          node.links.dial(1, far.target(gates[1 - from]!), routes, NO_PAYLOAD, net.nowMs);
          net.drain(node);
          net.run(500);
        };
        dial(1 - loser);
        // A forged reset to one end: the other hears nothing of it.
        const lost = nodes[loser]!;
        for (const end of lost.ends.values()) {
          end.open = false;
          lost.links.handleStreamClosed(end.stream, net.nowMs);
        }
        net.drain(lost);
        dial(loser);
        for (const node of nodes) {
          expect(node.of('up').length).toBe(2);
          node.say('on the new one');
        }
        net.run(100);
        for (const node of nodes) expect(node.texts()).toEqual(['on the new one']);
      }
    }
  });

  test('where the same side dials again, the newer stays', () => {
    const { net, a, b, gate } = linked('udp');
    a.links.dial(2, b.target(gate), [b.route('tcp')], NO_PAYLOAD, net.nowMs);
    net.drain(a);
    net.run(200);
    for (const node of [a, b]) {
      expect(node.of('up').length).toBe(2);
      expect(node.of('down')).toEqual([
        { type: 'down', link: node.of('up')[0]!.link, reason: 'replaced' },
      ]);
    }
  });
});

describe('[LNK-29] closing', () => {
  test('tells the peer and leaves nothing behind', () => {
    const { net, a, b } = linked('tcp');
    a.links.close(a.link(), 'closed', net.nowMs);
    net.drain(a);
    net.run(100);
    expect(a.of('down')).toMatchObject([{ reason: 'closed' }]);
    expect(b.of('down')).toMatchObject([{ reason: 'peer closed' }]);
    for (const node of [a, b]) {
      expect(node.links.stats()).toMatchObject({ links: 0, streams: 0, attachIds: 0, attempts: 0 });
      expect(node.links.wakeAtMs()).toBeUndefined();
      expect(node.say('too late')).toBe(false);
    }
  });

  test('comes after what was sent before', () => {
    const { net, a, b } = linked('udp');
    a.links.send(a.link(), new TextEncoder().encode('last words'), net.nowMs);
    net.drain(a);
    a.links.close(a.link(), 'closed', net.nowMs);
    net.drain(a);
    net.run(100);
    expect(b.texts()).toEqual(['last words']);
  });
});

describe('[LNK-27] a slow consumer', () => {
  test('stops the sender at 1 MiB and lets it go on, with every message once', () => {
    for (const transport of ['tcp', 'udp'] as const) {
      const { net, a, b } = linked(transport, { b: { creditsAtOnce: false } });
      const link = a.link();
      let sent = 0;
      const push = (): void => {
        while (a.links.send(link, new Uint8Array(5000).fill(sent & 255), net.nowMs)) sent++;
        net.drain(a);
      };
      push();
      net.run(2000);
      push();
      net.run(2000);
      const held = b.inbox.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(held).toBeLessThanOrEqual(2 ** 20);
      expect(held).toBeGreaterThan(2 ** 20 - 5200);
      expect(sent).toBeGreaterThan(b.inbox.length);
      net.run(300_000);
      expect(a.of('down')).toEqual([]);
      let handled = 0;
      for (let round = 0; handled < sent; round++) {
        expect(round).toBeLessThan(50);
        handled += b.inbox.length;
        b.creditAll();
        b.inbox = [];
        net.run(1000);
      }
      expect(handled).toBe(sent);
      expect(a.of('writable').length).toBeGreaterThan(0);
    }
  });
});

test('[LNK-28] a stream whose queue does not drain is given at most 256 KiB', () => {
  const { net, a, b } = linked('tcp', { a: { limits: { deadPathMs: 1e9 } } });
  let written = 0;
  net.onStream = (from, _to, bytes) => {
    if (from === a) written += bytes.length;
    return undefined;
  };
  // Nothing reaches the far end and no drain is reported.
  const { links } = a;
  const writable = links.handleStreamWritable.bind(links);
  links.handleStreamWritable = () => undefined;
  while (links.send(a.link(), new Uint8Array(4000), net.nowMs)) net.drain(a);
  net.run(1000);
  expect(written).toBeGreaterThanOrEqual(256 * 1024);
  expect(written).toBeLessThan(256 * 1024 + 20_000);
  links.handleStreamWritable = writable;
  void b;
});

test('[LNK-21] the wire shows sizes of buckets only', () => {
  const { net, a } = linked('tcp');
  const sizes = new Set<number>();
  net.onStream = (_from, _to, bytes) => {
    sizes.add(bytes.length);
    return bytes;
  };
  for (let size = 1; size < 200; size += 3) {
    a.say('x'.repeat(size));
    net.run(5);
  }
  net.run(100);
  // Each record adds a sealed length (18) and a tag (16) to its bucket.
  for (const size of sizes) expect([64, 128, 256].map((bucket) => bucket + 34)).toContain(size);
});

test('[LNK-8] what is half open is bounded and forgotten after 10 s', () => {
  const { net, a, b, gate } = pair({ b: { storesAtOnce: false } });
  expect(HALF_OPEN_MAX).toBe(256);
  let sent = 0;
  for (let i = 0; i < HALF_OPEN_MAX + 40; i++) {
    a.links.dial(1, b.target(gate), [b.route('udp')], NO_PAYLOAD, net.nowMs);
    for (let out = a.links.poll(); out !== undefined; out = a.links.poll()) {
      if (out.type !== 'datagram') continue;
      sent++;
      b.links.handleDatagram({ host: `10.1.${i >> 8}.${i & 255}`, port: 5 }, out.bytes, net.nowMs);
    }
    a.links.cancelDial(1);
    net.drain(b);
  }
  expect(sent).toBe(HALF_OPEN_MAX + 40);
  expect(b.links.stats()).toMatchObject({ storing: HALF_OPEN_MAX, 'dropped: full': 40 });
  b.storeReplays(true);
  expect(b.links.stats()).toMatchObject({ storing: 0, unproven: HALF_OPEN_MAX });
  net.run(10_000);
  expect(b.links.stats()).toMatchObject({ storing: 0, unproven: 0, streams: 0, links: 0 });
  expect(b.links.wakeAtMs()).toBeUndefined();
});
