import { describe, expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { FRAME } from './frame.ts';
import { type Evil, evilPeer, rawFrame } from './testing/evil.ts';
import { TestNet, type TestNode } from './testing/net.ts';

/** A victim with an evil peer whose link is up. */
function victim(seed = 1, creditsAtOnce = true): { net: TestNet; b: TestNode; evil: Evil } {
  const net = new TestNet(seed);
  const b = net.node({ gates: [net.gate()], creditsAtOnce });
  const evil = evilPeer(net, b);
  evil.start();
  expect(b.of('up').length).toBe(1);
  return { net, b, evil };
}

const one = Uint8Array.of(1);

describe('[LNK-38] a peer with valid keys that breaks the rules', () => {
  const pathEnds: [string, (evil: Evil) => void][] = [
    ['an unknown type', (evil) => evil.frame(9)],
    ['a second START', (evil) => evil.frame(FRAME.start, { content: evil.encapsulationKey })],
    ['a gap in the numbers', (evil) => evil.frame(FRAME.data, { number: 1, content: one })],
    ['a number where there is none', (evil) => evil.frame(FRAME.ack, { number: 1 })],
    ['an empty body', (evil) => evil.frame(FRAME.data)],
    ['a PING of 7 bytes', (evil) => evil.frame(FRAME.ping, { content: new Uint8Array(7) })],
    ['padding that is not zero', (evil) => evil.record(rawFrame(FRAME.ack).fill(1, 60))],
    ['a length of 0', (evil) => evil.record(new Uint8Array(64), 0)],
    ['a length beyond the limit', (evil) => evil.record(new Uint8Array(64), 16_385)],
    ['a length that is not the one', (evil) => evil.record(new Uint8Array(64), 65)],
    ['bytes outside a record', (evil) => evil.raw(new Uint8Array(18))],
  ];
  for (const [name, act] of pathEnds) {
    test(`[LNK-36] ${name}: the path ends`, () => {
      const { net, b, evil } = victim();
      act(evil);
      // One more record, so that a length that asks for more bytes has them.
      evil.record(new Uint8Array(64));
      net.run(100);
      expect(b.of('path')).toMatchObject([{ route: undefined }]);
      expect(b.inbox).toEqual([]);
      expect(b.links.stats()).toMatchObject({ links: 1, streams: 0 });
      net.run(30_000);
      expect(b.of('down')).toMatchObject([{ reason: 'no path' }]);
    });
  }

  const linkEnds: [string, (evil: Evil) => void][] = [
    ['acknowledges what was never sent', (evil) => evil.frame(FRAME.ack, { ack: 1 })],
    [
      'sends a body of more than 64 KiB',
      (evil) => {
        for (let number = 0; number < 5; number++) {
          evil.frame(FRAME.part, { number, content: new Uint8Array(16_000) });
        }
      },
    ],
  ];
  for (const [name, act] of linkEnds) {
    test(`[LNK-29] ${name}: the link ends, and the peer is told`, () => {
      const { net, b, evil } = victim();
      act(evil);
      net.run(10);
      expect(b.of('down')).toMatchObject([{ reason: 'protocol' }]);
      expect(evil.heard().at(-1)).toBe(FRAME.close);
      expect(b.links.stats()).toMatchObject({ links: 0, streams: 0 });
    });
  }

  test('[LNK-27] sends beyond its credit: at most 1 MiB is held, then the link ends', () => {
    const { net, b, evil } = victim(1, false);
    const content = new Uint8Array(16_000);
    for (let number = 0; number < 100; number++) evil.frame(FRAME.data, { number, content });
    net.run(10);
    expect(b.inbox.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(2 ** 20);
    expect(b.of('down')).toMatchObject([{ reason: 'protocol' }]);
  });

  test('[LNK-32] floods PINGs and never reads: answers do not pile up', () => {
    const { b, evil } = victim();
    b.links.handleStreamWritable = () => undefined;
    for (let i = 0; i < 4_000; i++) {
      evil.frame(FRAME.ping, { content: new Uint8Array(8).fill(i & 255) });
    }
    expect(evil.heard().length).toBeLessThan((256 * 1024) / 98 + 5);
  });

  test('[LNK-23] says CLOSE first: there never was a link', () => {
    const net = new TestNet(1);
    const b = net.node({ gates: [net.gate()] });
    const evil = evilPeer(net, b);
    evil.frame(FRAME.close, { content: one });
    net.run(100);
    expect(b.events).toEqual([]);
    expect(b.links.stats()).toMatchObject({ links: 0, unproven: 0, streams: 0 });
  });

  test('any frame, bent or random, never throws and leaves the limits kept', () => {
    const outcomes = new Map<string, number>();
    const types = Object.values(FRAME);
    for (let seed = 1; seed <= 100; seed++) {
      const { net, b, evil } = victim(seed);
      const prng = new Prng(seed);
      for (let i = 0; i < 12; i++) {
        const content = prng.bytes(prng.pick([0, 1, 8, 30, 300]));
        const wild = (): number => prng.pick([0, 1, i, prng.uint32(), 2 ** 48 - 1]);
        const number = prng.chance(0.7) ? b.inbox.length : wild();
        const ack = prng.chance(0.8) ? 0 : wild();
        const bytes = rawFrame(prng.pick(types), { number, ack, limit: wild(), content });
        if (prng.chance(0.2)) bytes[prng.int(0, bytes.length - 1)] = prng.int(0, 255);
        evil.record(prng.chance(0.05) ? prng.bytes(prng.int(0, 200)) : bytes);
      }
      net.run(40_000);
      const outcome = b.of('down')[0]?.reason ?? 'up';
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      expect(b.links.stats()).toMatchObject({ unproven: 0, accepted: 0 });
    }
    expect([...outcomes.keys()].sort()).toEqual(['no path', 'peer closed', 'protocol']);
  });
});
