import { describe, expect, test } from 'vitest';
import { linked, pair } from './testing/net.ts';

for (const transport of ['tcp', 'udp'] as const) {
  test(`[LNK-13] ${transport}: a dial comes up at both ends with one exporter and talks both ways`, () => {
    const { net, a, b } = linked(transport);
    const [ours, theirs] = [a.of('up')[0]!, b.of('up')[0]!];
    expect(ours).toMatchObject({ dial: 1, initiator: true, version: 1 });
    expect(theirs).toMatchObject({ initiator: false, payload: Uint8Array.of(42) });
    expect(ours.exporter.reveal()).toEqual(theirs.exporter.reveal());
    expect(theirs.peerNoise).toEqual(a.noise);
    for (let i = 0; i < 100; i++) {
      expect(a.say(`a${i}`)).toBe(true);
      expect(b.say(`b${i}`)).toBe(true);
    }
    net.run(1000);
    expect(b.texts()).toEqual(Array.from({ length: 100 }, (_, i) => `a${i}`));
    expect(a.texts()).toEqual(Array.from({ length: 100 }, (_, i) => `b${i}`));
    expect(net.early).toBe(0);
    expect(a.links.stats()).toMatchObject({ dials: 0, attempts: 0, unproven: 0, heldFrames: 0 });
    expect(b.links.stats()).toMatchObject({ accepted: 0, storing: 0, unproven: 0, heldFrames: 0 });
  });
}

describe('idle', () => {
  test('[LNK-32] an idle link lives on keepalives', () => {
    const { net, a, b } = linked('udp');
    net.run(3_600_000 * 3);
    expect(a.of('down')).toEqual([]);
    expect(b.of('down')).toEqual([]);
    a.say('still there');
    net.run(100);
    expect(b.texts()).toEqual(['still there']);
    void pair;
  });
});
