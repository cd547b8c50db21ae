import { describe, expect, test } from 'vitest';
import { equal } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { linked, pair, type TestNet, type TestNode } from './testing/net.ts';

const TRANSPORTS = ['tcp', 'udp'] as const;

/** Numbered messages, some of several fragments, so that order and content can be checked. */
function body(i: number): Uint8Array {
  const size = i % 7 === 0 ? 40_000 : 30 + (i % 300);
  const bytes = new Uint8Array(size).fill(i & 255);
  new DataView(bytes.buffer).setUint32(0, i);
  return bytes;
}

function expectAll(node: TestNode, count: number): void {
  expect(
    node.inbox.map(({ body: got }) => new DataView(got.buffer, got.byteOffset).getUint32(0)),
  ).toEqual(Array.from({ length: count }, (_, i) => i));
  // Not toEqual: it takes milliseconds for a body.
  expect(node.inbox.every(({ body: got }, i) => equal(got, body(i)))).toBe(true);
}

/** Sends numbers `from..to` both ways, a few per step. */
function chat(net: TestNet, a: TestNode, b: TestNode, count: number, stepMs: number): void {
  const next = new Map([
    [a, 0],
    [b, 0],
  ]);
  const links = new Map([a, b].map((node) => [node, node.link()]));
  for (let round = 0; round < count * 20; round++) {
    for (const node of [a, b]) {
      const i = next.get(node)!;
      if (i < count && node.links.send(links.get(node)!, body(i), net.nowMs)) next.set(node, i + 1);
      net.drain(node);
    }
    net.run(stepMs);
    if ([...next.values()].every((i) => i === count)) return;
  }
}

describe('[LNK-36] a reset ends the path, never the link', () => {
  for (const transport of TRANSPORTS) {
    test(`${transport}: every message arrives once and in order through resets at any moment`, () => {
      let paths = 0;
      for (let seed = 1; seed <= 4; seed++) {
        const { net, a, b } = linked(transport, { seed });
        const prng = new Prng(seed);
        const reset = (): void => {
          if (prng.chance(0.15)) net.resetStreams();
        };
        net.onStream = (_from, _to, bytes) => {
          reset();
          return bytes;
        };
        net.onDatagram = (_from, _to, bytes) => (prng.chance(0.2) ? undefined : bytes);
        chat(net, a, b, 120, 15);
        net.onStream = (_from, _to, bytes) => bytes;
        net.run(20_000);
        for (const node of [a, b]) {
          expectAll(node, 120);
          expect(node.of('down')).toEqual([]);
          paths += node.of('path').length;
          expect(node.links.stats()).toMatchObject({ links: 1, streams: 1, heldFrames: 0 });
        }
      }
      expect(paths).toBeGreaterThan(30);
    });
  }
});

describe('[LNK-36] bytes that an attacker bends, cuts or inserts', () => {
  for (const transport of TRANSPORTS) {
    test(`${transport}: at any place cost a path, and no message is lost, doubled or altered`, () => {
      let bends = 0;
      for (let seed = 1; seed <= 4; seed++) {
        const { net, a, b } = linked(transport, { seed: 100 + seed });
        const prng = new Prng(seed);
        net.onStream = (_from, _to, bytes) => {
          if (!prng.chance(0.1)) return bytes;
          bends++;
          const bent = bytes.slice();
          const kind = prng.int(0, 3);
          if (kind === 0) bent[prng.int(0, bent.length - 1)]! ^= 1 << prng.int(0, 7);
          if (kind === 1) return bent.subarray(0, prng.int(0, bent.length - 1));
          if (kind === 2) return new Uint8Array([...prng.bytes(prng.int(1, 60)), ...bent]);
          return kind === 3 ? undefined : bent;
        };
        chat(net, a, b, 80, 20);
        net.onStream = (_from, _to, bytes) => bytes;
        net.run(60_000);
        for (const node of [a, b]) {
          expectAll(node, 80);
          expect(node.of('down')).toEqual([]);
        }
      }
      expect(bends).toBeGreaterThan(15);
    });
  }

  test('a bit flipped at each position of the first 700 bytes is survived', () => {
    for (let position = 0; position < 700; position += 9) {
      const { net, a, b } = linked('udp', { seed: 5 });
      let seen = 0;
      net.onStream = (from, _to, bytes) => {
        const at = position - seen;
        if (from === a) seen += bytes.length;
        if (from !== a || at < 0 || at >= bytes.length) return bytes;
        const bent = bytes.slice();
        bent[at]! ^= 1;
        return bent;
      };
      for (let i = 0; i < 5; i++) a.say(`message ${i}`);
      net.run(300);
      for (let i = 5; i < 10; i++) a.say(`message ${i}`);
      net.run(12_000);
      expect(b.texts()).toEqual(Array.from({ length: 10 }, (_, i) => `message ${i}`));
      expect(a.of('down')).toEqual([]);
    }
  });
});

describe('[LNK-34] attach', () => {
  test('the initiator dials the endpoint of the path, at once, and both hear of it', () => {
    const { net, a, b } = linked('udp');
    net.resetStreams();
    expect(a.of('path')).toMatchObject([{ route: undefined }]);
    net.run(200);
    expect(a.of('path').at(-1)).toMatchObject({ route: b.route('udp'), rttMs: 20 });
    expect(b.of('path').at(-1)).toMatchObject({ route: a.route('udp') });
    expect(net.early).toBe(0);
  });

  test('a recorded attach flight, sent again, is nobody: not taken, not answered', () => {
    const { net, a, b } = linked('udp');
    const flights: Uint8Array[] = [];
    net.onDatagram = (from, _to, bytes) => {
      if (from === a) flights.push(bytes.slice());
      return bytes;
    };
    net.resetStreams();
    net.run(200);
    expect(flights.length).toBe(1);
    const before = b.links.stats();
    const outputs = b.events.length;
    expect(net.inject({ host: '10.6.6.6', port: 6 }, b, flights[0]!)).toBe(false);
    expect(b.events.length).toBe(outputs);
    expect(b.links.stats()).toEqual({ ...before, 'dropped: no gate': 1 });
  });

  test('a flight that an attacker holds back and sends from elsewhere gives him nothing', () => {
    const { net, a, b } = linked('udp');
    let held: Uint8Array | undefined;
    net.onDatagram = (from, _to, bytes) => {
      if (from === a && held === undefined) {
        held = bytes.slice();
        return undefined;
      }
      return bytes;
    };
    net.resetStreams();
    net.run(100);
    expect(net.inject({ host: '10.6.6.6', port: 6 }, b, held!)).toBe(true);
    net.run(15_000);
    a.say('to the true one');
    net.run(200);
    expect(b.texts()).toEqual(['to the true one']);
    expect(b.of('path').at(-1)!.route).toEqual(a.route('udp'));
  });

  test('one bit changed anywhere in an attach flight changes nothing at the responder', () => {
    const { net, a, b } = linked('udp');
    let flight: Uint8Array | undefined;
    net.onDatagram = (from, _to, bytes) => {
      if (from !== a) return bytes;
      flight ??= bytes.slice();
      return undefined;
    };
    net.resetStreams();
    net.run(10);
    const before = b.links.stats();
    for (let i = 0; i < flight!.length; i++) {
      const bent = flight!.slice();
      bent[i]! ^= 1 << (i % 8);
      expect(net.inject(a.endpoint, b, bent)).toBe(false);
    }
    expect(b.links.stats()).toEqual({ ...before, 'dropped: no gate': flight!.length });
    expect(net.inject(a.endpoint, b, flight!)).toBe(true);
  });

  test('looks for another try after a failed one, until it succeeds', () => {
    const { net, a, b } = linked('tcp');
    let lossy = true;
    net.onStream = (_from, _to, bytes) => (lossy ? undefined : bytes);
    net.resetStreams();
    net.run(12_000);
    lossy = false;
    net.run(17_000);
    a.say('again');
    net.run(200);
    expect(b.texts()).toEqual(['again']);
    expect(a.of('down')).toEqual([]);
  });

  test('many in a row never run out of ids', () => {
    const { net, a, b } = linked('udp');
    for (let i = 0; i < 150; i++) {
      net.resetStreams();
      net.run(100);
    }
    a.say('after 150 paths');
    net.run(200);
    expect(b.texts()).toEqual(['after 150 paths']);
    expect(b.links.stats()['attachIds']).toBeLessThanOrEqual(64);
  });
});

describe('[LNK-35] a link without a path', () => {
  test('is down after 30 s, at both ends', () => {
    const { net, a, b } = linked('udp');
    net.onDatagram = () => undefined;
    net.resetStreams();
    net.run(29_999);
    expect([a, b].map((node) => node.of('down').length)).toEqual([0, 0]);
    net.run(1);
    for (const node of [a, b]) {
      expect(node.of('down')).toMatchObject([{ reason: 'no path' }]);
      expect(node.links.stats()).toMatchObject({ links: 0, streams: 0, attempts: 0, attachIds: 0 });
    }
  });

  for (const transport of TRANSPORTS) {
    test(`[LNK-58] ${transport}: is soon down where the START that made it was lost`, () => {
      const { net, a, b, gate } = pair();
      // The stream dies under the responder's first record.
      net.onStream = (from, _to, bytes) => {
        if (from !== b || b.of('up').length === 0) return bytes;
        net.resetStreams();
        return undefined;
      };
      a.links.dial(1, b.target(gate), [b.route(transport)], new Uint8Array(0), net.nowMs);
      net.drain(a);
      net.run(1000);
      a.links.cancelDial(1);
      expect([a, b].map((node) => node.of('up').length)).toEqual([0, 1]);
      net.run(5000);
      expect(b.of('down')).toMatchObject([{ reason: 'no path' }]);
      expect(b.links.stats()).toMatchObject({ links: 0, attachIds: 0 });
    });
  }

  test('takes messages meanwhile and delivers them on the next path', () => {
    const { net, a, b } = linked('udp');
    net.onDatagram = () => undefined;
    net.resetStreams();
    net.run(1000);
    for (let i = 0; i < 50; i++) expect(a.say(`${i}`)).toBe(true);
    net.onDatagram = (_from, _to, bytes) => bytes;
    net.run(15_000);
    expect(b.texts()).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
  });

  test('whose peer restarted is refused silently, and goes down', () => {
    const { net, a, b } = linked('tcp');
    b.start();
    net.resetStreams();
    a.links.handleStreamClosed(2, net.nowMs);
    net.drain(a);
    net.run(40_000);
    expect(a.of('down')).toMatchObject([{ reason: 'no path' }]);
    expect(b.links.stats()).toMatchObject({ links: 0, streams: 0, accepted: 0 });
  });
});

describe('[LNK-33] a path that swallows everything', () => {
  test('is noticed 10 s after something should have been answered', () => {
    const { net, a, b } = linked('udp');
    let dead = true;
    net.onStream = (_from, _to, bytes) => (dead ? undefined : bytes);
    net.onDatagram = (_from, _to, bytes) => (dead ? undefined : bytes);
    a.say('into the void');
    net.run(9_900);
    expect(a.of('path')).toMatchObject([{ doubted: true }]);
    dead = false;
    net.run(2_000);
    const after = a.of('path').slice(1);
    expect(after.map(({ route }) => route?.transport)).toEqual([undefined, 'udp']);
    net.run(200);
    expect(b.texts()).toEqual(['into the void']);
  });

  test('is noticed without traffic, by the next keepalive', () => {
    // The far side asks nothing: else its reset may come before our doubt.
    const { net, a } = linked('udp', { b: { limits: { keepaliveMs: 1e9 } } });
    net.onStream = () => undefined;
    net.run(25_000 * 1.2 + 10_000 + 100);
    expect(a.of('path')[0]).toMatchObject({ doubted: true });
    expect(a.of('path').some(({ route }) => route === undefined)).toBe(true);
  });
});

describe('[LNK-32] an idle link', () => {
  test('sends a PING after 20 to 25 s, and tells its round trip', () => {
    const { net, a } = linked('udp');
    const times: number[] = [];
    net.onStream = (from, _to, bytes) => {
      if (from === a) times.push(net.nowMs);
      return bytes;
    };
    net.run(600_000);
    const gaps = times.slice(1).map((ms, i) => ms - times[i]!);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(25_100);
    expect(times.length).toBeLessThan(80);
    expect(a.of('path')[0]).toMatchObject({ rttMs: 20 });
  });

  test('asks a young UDP path every 15 s at most, so that no router forgets it', () => {
    for (const [transport, gapMs] of [
      ['udp', 15_100],
      ['tcp', 25_100],
    ] as const) {
      const { net, a, b } = linked(transport);
      const times = new Map([
        [a, [net.nowMs]],
        [b, [net.nowMs]],
      ]);
      net.onStream = (from, _to, bytes) => {
        times.get(from)!.push(net.nowMs);
        return bytes;
      };
      net.run(60_000);
      for (const sent of times.values()) {
        const longest = Math.max(...sent.slice(1).map((ms, i) => ms - sent[i]!));
        expect(longest).toBeLessThanOrEqual(gapMs);
        expect(longest).toBeGreaterThan(gapMs - 10_000);
      }
    }
  });
});

describe('[LNK-31] fresh handshakes', () => {
  test('replace the path each hour, beside the living one, and nothing is lost', () => {
    const { net, a, b } = linked('udp');
    let said = 0;
    for (let minute = 0; minute < 60 * 5; minute++) {
      a.say(`${said++}`);
      net.run(60_000);
    }
    expect(a.of('down')).toEqual([]);
    const fresh = a.of('path').filter(({ route }) => route !== undefined);
    expect(a.of('path').some(({ route }) => route === undefined)).toBe(false);
    expect(fresh.length).toBeGreaterThanOrEqual(4);
    expect(b.texts()).toEqual(Array.from({ length: said }, (_, i) => `${i}`));
    for (const node of [a, b])
      expect(node.links.stats()).toMatchObject({ streams: 1, attempts: 0 });
  });

  test('that never succeed end the link after two hours', () => {
    const { net, a, b } = linked('tcp');
    // Streams that stand stay; no further one opens.
    b.links.handleStreamAccepted = () => undefined;
    net.run(7_199_000);
    expect(a.of('down')).toEqual([]);
    net.run(2_000);
    for (const node of [a, b]) expect(node.of('down').length).toBe(1);
    expect([a, b].some((node) => node.of('down')[0]!.reason === 'stale keys')).toBe(true);
  });
});

test('[LNK-30] messages pass through many key changes', () => {
  for (const transport of TRANSPORTS) {
    const limits = { rekeyRecords: 5, rekeyBytes: 100_000, rekeyMs: 50 };
    const { net, a, b } = linked(transport, { a: { limits }, b: { limits } });
    chat(net, a, b, 150, 20);
    net.run(5000);
    for (const node of [a, b]) {
      expectAll(node, 150);
      expect(node.of('path').filter(({ route }) => route === undefined)).toEqual([]);
    }
  }
});
