import { describe, expect, test } from 'vitest';
import { concat } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { FRAME } from './frame.ts';
import { answerMix } from './mix.ts';
import { type Evil, evilPeer, evilResponder, rawFrame } from './testing/evil.ts';
import { linked, pair, TestNet, type TestNode } from './testing/net.ts';

const NO_PAYLOAD = new Uint8Array(0);
/** A record of a START, of an ACK, and what the responder writes first. */
const START_BYTES = 2048 + 34;
const ACK_BYTES = 64 + 34;

function dial(net: TestNet, from: TestNode, to: TestNode, transport: 'udp' | 'tcp'): void {
  const gate = to.options.gates![0]!;
  from.links.dial(1, to.target(gate), [to.route(transport)], NO_PAYLOAD, net.nowMs);
  net.drain(from);
}

/** No link, and nothing kept of the attempt, at either end. */
function expectNothing(...nodes: TestNode[]): void {
  for (const node of nodes) {
    expect(node.inbox).toEqual([]);
    expect(node.links.stats()).toMatchObject({
      ...{ links: 0, dials: 0, attempts: 0, streams: 0 },
      ...{ unproven: 0, attachIds: 0, heldFrames: 0 },
    });
  }
}

test('[LNK-50] one START each way, before all else, and none for a further path', () => {
  for (const transport of ['udp', 'tcp'] as const) {
    for (const features of [0, 2 ** 32 - 1]) {
      const options = { versions: [1, 2, 3], features };
      const { net, a, b } = pair({ a: options, b: options });
      const pieces: [TestNode, number][] = [];
      net.onStream = (from, _to, bytes) => {
        if (transport === 'udp' || pieces.length > 0 || bytes.length >= START_BYTES) {
          pieces.push([from, bytes.length]);
        }
        return bytes;
      };
      dial(net, a, b, transport);
      net.run(200);
      expect(pieces.slice(0, 3)).toEqual([
        [a, START_BYTES],
        [b, START_BYTES + ACK_BYTES],
        [a, ACK_BYTES],
      ]);
      pieces.length = 0;
      net.resetStreams();
      net.run(500);
      expect(a.of('path').at(-1)!.route).toBeDefined();
      for (const [, bytes] of pieces) expect(bytes).toBeLessThan(START_BYTES);
    }
  }
});

describe('[LNK-53] somebody on the wire', () => {
  /** What he does to the first piece of one side. */
  const deeds: [string, (bytes: Uint8Array, earlier: Uint8Array) => Uint8Array | undefined][] = [
    ['takes it away', () => undefined],
    ['takes START out of it', (bytes) => bytes.subarray(START_BYTES)],
    ['repeats START', (bytes) => concat(bytes.subarray(0, START_BYTES), bytes)],
    ['puts one of an earlier link there', (_bytes, earlier) => earlier],
    ['lets one of an earlier link go first', (bytes, earlier) => concat(earlier, bytes)],
    [
      'puts what follows before it',
      (bytes) => concat(bytes.subarray(START_BYTES), bytes.subarray(0, START_BYTES)),
    ],
    ['cuts it', (bytes) => bytes.subarray(0, 1000)],
    ['bends its length', (bytes) => bytes.map((byte, i) => (i === 1 ? byte ^ 1 : byte))],
    ['bends its key', (bytes) => bytes.map((byte, i) => (i === 700 ? byte ^ 1 : byte))],
    ['bends its last byte', (bytes) => bytes.map((byte, i) => (i === 2081 ? byte ^ 1 : byte))],
    ['writes chance', () => new Prng(5).bytes(START_BYTES + ACK_BYTES)],
  ];
  for (const [name, deed] of deeds) {
    test(`${name}: the dial fails, and there is no link without the mix`, () => {
      for (const side of ['initiator', 'responder'] as const) {
        // What the initiator writes first is START alone.
        if (side === 'initiator' && /follows|out of it|repeats/.test(name)) continue;
        const { net, a, b } = pair();
        const earlier = new Map<TestNode, Uint8Array>();
        net.onStream = (from, _to, bytes) => {
          if (!earlier.has(from)) earlier.set(from, bytes.slice());
          return bytes;
        };
        dial(net, a, b, 'udp');
        net.run(200);
        a.links.close(a.link(), 'closed', net.nowMs);
        net.drain(a);
        net.run(200);
        expect([a.of('up').length, b.of('up').length]).toEqual([1, 1]);
        let done = false;
        net.onStream = (from, _to, bytes) => {
          if ((from === a) !== (side === 'initiator') || done) return bytes;
          done = true;
          return deed(bytes, earlier.get(from)!);
        };
        dial(net, a, b, 'udp');
        net.run(60_000);
        expect(a.of('up').length, side).toBe(1);
        expect(a.of('dial-failed'), side).toMatchObject([{ reason: 'unreachable' }]);
        // The responder may have counted the initiator's START: it has no path, and so no link.
        const counted = b.of('up').length - 1;
        expect(
          b
            .of('down')
            .slice(1)
            .map(({ reason }) => reason),
        ).toEqual(counted === 1 ? ['no path'] : []);
        if (side === 'initiator') expect(counted).toBe(0);
        expectNothing(a, b);
      }
    });
  }
});

test('[LNK-53] the initiator START repeated on the wire ends the path, not the link that it made', () => {
  const { net, a, b } = pair();
  let done = false;
  net.onStream = (_from, _to, bytes) => {
    if (done) return bytes;
    done = true;
    return concat(bytes, bytes);
  };
  dial(net, a, b, 'udp');
  net.run(20_000);
  const [ours, theirs] = [a.of('up'), b.of('up')];
  expect([ours.length, theirs.length]).toEqual([1, 1]);
  expect(ours[0]!.exporter.equals(theirs[0]!.exporter)).toBe(true);
  expect(b.of('path')[0]).toMatchObject({ route: undefined });
  expect(a.say('on another path')).toBe(true);
  net.run(100);
  expect(b.texts()).toEqual(['on another path']);
});

describe('[LNK-53] an initiator with valid keys', () => {
  const content = new Uint8Array(1184);
  const deeds: [string, (evil: Evil) => void][] = [
    ['leaves the exchange out', (evil) => evil.frame(FRAME.start)],
    [
      'sends a ciphertext for a key',
      (evil) => evil.frame(FRAME.start, { content: content.subarray(96) }),
    ],
    ['cuts the key', (evil) => evil.frame(FRAME.start, { content: content.subarray(1) })],
    [
      '[LNK-52] sends a key beyond the modulus',
      (evil) => evil.frame(FRAME.start, { content: content.slice().fill(255, 0, 3) }),
    ],
    ['acknowledges first', (evil) => evil.frame(FRAME.ack)],
    ['speaks first', (evil) => evil.frame(FRAME.data, { content: Uint8Array.of(1) })],
    ['takes the next key first', (evil) => evil.frame(FRAME.rekey)],
    ['sends a type nobody defined', (evil) => evil.frame(9, { content })],
  ];
  for (const [name, deed] of deeds) {
    test(`${name}: no link`, () => {
      const net = new TestNet(1);
      const b = net.node({ gates: [net.gate()] });
      const evil = evilPeer(net, b);
      deed(evil);
      expect(b.links.stats()).toMatchObject({ unproven: 0, streams: 0 });
      // What would be good comes too late.
      evil.frame(FRAME.start, { content: evil.encapsulationKey });
      evil.frame(FRAME.data, { content: Uint8Array.of(1) });
      net.run(60_000);
      expect(b.events).toEqual([]);
      expect(evil.heard()).toEqual([]);
      expectNothing(b);
    });
  }

  test('goes on under the keys of Noise: nothing is read', () => {
    const net = new TestNet(1);
    const b = net.node({ gates: [net.gate()] });
    const evil = evilPeer(net, b);
    evil.frame(FRAME.start, { content: evil.encapsulationKey });
    evil.frame(FRAME.data, { content: Uint8Array.of(1) });
    expect(b.of('path')).toMatchObject([{ route: undefined }]);
    net.run(60_000);
    expect(b.of('down')).toMatchObject([{ reason: 'no path' }]);
    expectNothing(b);
  });
});

describe('[LNK-55] a responder with valid keys', () => {
  const start = (content: Uint8Array): Uint8Array => rawFrame(FRAME.start, { content });
  const ack = rawFrame(FRAME.ack);

  /** The dialler, and an honest exchange with it that was not sent yet. */
  function dialled(seed = 1) {
    const net = new TestNet(seed);
    const a = net.node();
    const evil = evilResponder(net, a, net.gate());
    const { bytes } = net.prng;
    const { ciphertext, keys } = answerMix(bytes, evil.agreed, evil.encapsulationKey)!;
    return { net, a, evil, ciphertext, keys };
  }

  test('is counted at its first record under the mixed keys', () => {
    const { a, ciphertext, evil, keys } = dialled();
    evil.record(start(ciphertext));
    expect(a.events).toEqual([]);
    expect(a.links.stats()).toMatchObject({ links: 0, unproven: 1 });
    evil.replaceKeys(keys);
    evil.record(ack);
    expect(a.of('up').length).toBe(1);
    evil.record(rawFrame(FRAME.ping, { content: new Uint8Array(8) }));
    expect(a.of('path')).toEqual([]);
  });

  test('that is silent behind START is given 10 s', () => {
    const { a, ciphertext, evil, net } = dialled();
    evil.record(start(ciphertext));
    net.run(9_999);
    expect(a.events).toEqual([]);
    net.run(1);
    expect(a.of('dial-failed')).toMatchObject([{ reason: 'unreachable' }]);
    expectNothing(a);
  });

  const deeds: [string, (made: ReturnType<typeof dialled>) => void][] = [
    ['leaves the exchange out', ({ evil }) => evil.record(start(new Uint8Array(0)))],
    ['returns the key', ({ evil }) => evil.record(start(evil.encapsulationKey))],
    ['cuts the ciphertext', ({ evil, ciphertext }) => evil.record(start(ciphertext.subarray(1)))],
    ['acknowledges first', ({ evil }) => evil.record(ack)],
    [
      'goes on under the keys of Noise',
      ({ evil, ciphertext }) => [start(ciphertext), ack].forEach(evil.record),
    ],
    [
      'sends START twice',
      ({ evil, ciphertext, keys }) => {
        evil.record(start(ciphertext));
        evil.replaceKeys(keys);
        evil.record(start(ciphertext));
      },
    ],
    [
      '[LNK-52] sends a ciphertext for another key: implicit rejection',
      ({ evil, ciphertext, keys }) => {
        const other = ciphertext.slice();
        other[500]! ^= 1;
        evil.record(start(other));
        evil.replaceKeys(keys);
        evil.record(ack);
      },
    ],
    [
      'refuses under the mixed keys',
      ({ evil, ciphertext, keys }) => {
        evil.record(start(ciphertext));
        evil.replaceKeys(keys);
        evil.record(rawFrame(FRAME.close, { content: Uint8Array.of(0) }));
      },
    ],
  ];
  for (const [name, deed] of deeds) {
    test(`${name}: the dial fails at once`, () => {
      const made = dialled();
      deed(made);
      expect(made.a.events).toEqual([{ type: 'dial-failed', dial: 1, reason: 'unreachable' }]);
      expectNothing(made.a);
      expect(made.a.links.wakeAtMs()).toBeUndefined();
    });
  }
});

describe('[LNK-54] ML-KEM', () => {
  /** Counts what the nodes of a net ask of chance, by length. */
  function counted(net: TestNet): Map<number, number> {
    const counts = new Map<number, number>();
    const { bytes } = net.prng;
    Object.assign(net.prng, {
      bytes: (length: number) => {
        counts.set(length, (counts.get(length) ?? 0) + 1);
        return bytes(length);
      },
    });
    return counts;
  }

  test('is not worked for a flight without its START, whatever else comes', () => {
    const net = new TestNet(1);
    const counts = counted(net);
    const b = net.node({ gates: [net.gate()] });
    const a = net.node();
    net.onStream = () => undefined;
    dial(net, a, b, 'udp');
    net.run(100);
    expect(b.links.stats()).toMatchObject({ unproven: 1 });
    // The initiator made its key pair when the reply came: a seed of 64 bytes.
    expect(counts.get(64)).toBe(1);
    const before = counts.get(32)!;
    const [stream] = [...b.ends.keys()];
    b.links.handleStreamBytes(stream!, new Prng(2).bytes(5000), net.nowMs);
    net.drain(b);
    net.run(20_000);
    expect(counts.get(32)).toBe(before);
    expect(b.events).toEqual([]);
  });

  test('is worked once for a link: 64 bytes of chance there, 32 here', () => {
    const net = new TestNet(1);
    const counts = counted(net);
    const b = net.node({ gates: [net.gate()] });
    const a = net.node();
    let early = 0;
    net.onStream = (_from, _to, bytes) => {
      early ||= counts.get(32)!;
      return bytes;
    };
    dial(net, a, b, 'udp');
    net.run(200);
    expect([a.of('up').length, b.of('up').length]).toEqual([1, 1]);
    expect(counts.get(64)).toBe(1);
    expect(counts.get(32)).toBe(early + 1);
  });

  test('[LNK-18] is not worked for a link that is refused', () => {
    let refused = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const net = new TestNet(seed);
      const nodes = [net.gate(), net.gate()].map((gate) => net.node({ gates: [gate] }));
      const answers = new Map<TestNode, number>();
      net.onStream = (from, _to, bytes) => {
        const isAnswer = bytes.length >= START_BYTES + ACK_BYTES;
        if (isAnswer) answers.set(from, (answers.get(from) ?? 0) + 1);
        return bytes;
      };
      for (const [i, node] of nodes.entries()) {
        dial(net, node, nodes[1 - i]!, 'udp');
        net.run(15);
      }
      net.run(500);
      for (const node of nodes) {
        const arrived = node.of('up').filter(({ initiator }) => !initiator).length;
        expect(answers.get(node) ?? 0).toBe(arrived);
        refused += 1 - arrived;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});

test('[LNK-51] both ends of a link have one exporter, and another link another', () => {
  const { net, a, b } = linked('udp');
  dial(net, a, b, 'udp');
  net.run(200);
  const [ours, theirs] = [a, b].map((node) => node.of('up').map(({ exporter }) => exporter));
  expect(ours!.length).toBe(2);
  expect(ours![0]!.equals(theirs![0]!)).toBe(true);
  expect(ours![1]!.equals(theirs![1]!)).toBe(true);
  expect(ours![0]!.equals(ours![1]!)).toBe(false);
});
