import { describe, expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { ASK_GIVE_UP_MS } from './client.ts';
import { Rig, type RigClient } from './testing/rig.ts';

const KEY = new Prng(6).bytes(32);

describe('[RLY-12] second hops are asked for at the pace that relays allow', () => {
  /** The relays that are asked for by this client reach it all. */
  function scene() {
    const rig = new Rig();
    const asker = rig.client();
    const startedMs = rig.nowMs;
    const extend = (i: number): number => {
      const endpoint = { host: `198.51.${i}.9`, port: 443 };
      return asker.core.extend({ endpoint, key: KEY }, rig.nowMs)!;
    };
    /** Runs by small steps; @returns after how many ms each one was verified. */
    const run = (ms: number): number[] => {
      const atMs: number[] = [];
      for (const untilMs = rig.nowMs + ms; rig.nowMs < untilMs;) {
        rig.run(50);
        while (atMs.length < rig.verifying.length) {
          const { token } = rig.verifying[atMs.length]!;
          rig.server.handleVerified(token, true, rig.nowMs);
          rig.server.handleStream(rig.opened.at(-1)!.stream, 'opened', rig.nowMs);
          atMs.push(rig.nowMs - startedMs);
        }
      }
      return atMs;
    };
    return { rig, asker, extend, run };
  }

  test('five at one moment come about one a second, and none is refused', () => {
    const { asker, extend, run } = scene();
    const circuits = [1, 2, 3, 4, 5].map(extend);
    const atMs = run(10_000);
    expect(asker.opened).toEqual(circuits);
    expect(asker.of('error')).toEqual([]);
    expect(Math.max(...atMs)).toBeLessThan(5_000);
  });

  test('twenty come within the ten that a minute has, and none is refused', () => {
    const { asker, extend, run } = scene();
    const circuits = Array.from({ length: 20 }, (_, i) => extend(i));
    run(90_000);
    expect(asker.opened).toEqual(circuits);
    expect(asker.of('error')).toEqual([]);
  });

  test('who gives up before its turn costs nothing, and nothing is said of it', () => {
    const { asker, extend, rig, run } = scene();
    const [first, second, third] = [1, 2, 3].map(extend) as [number, number, number];
    asker.core.close(second, rig.nowMs);
    run(2_000);
    expect(asker.opened).toEqual([first, third]);
    expect(rig.verifying).toHaveLength(2);
  });

  test('with the link all that waits is over', () => {
    const { asker, extend, rig } = scene();
    const circuits = [1, 2, 3].map(extend);
    asker.cut();
    rig.settle();
    expect([...asker.closed].sort()).toEqual(circuits);
    asker.connect();
    rig.run(5_000);
    expect([asker.core.circuits, rig.verifying.length]).toEqual([0, 0]);
  });
});

describe('[RLY-18] a reservation that is not granted', () => {
  const silent = (): { rig: Rig; client: RigClient } => {
    const rig = new Rig();
    const client = rig.client();
    client.take = () => true;
    return { rig, client };
  };

  test('counts as refused too where nothing is answered, and is asked for again', () => {
    const { rig, client } = silent();
    const asked: unknown[] = [];
    client.say = (body) => asked.push(body) > 0;
    client.reserve();
    rig.run(ASK_GIVE_UP_MS - 1);
    expect([client.core.refusals, asked.length]).toEqual([0, 1]);
    rig.run(1);
    expect([client.core.refusals, client.refused]).toEqual([1, 1]);
    rig.run(10_000);
    expect(asked).toHaveLength(2);
  });

  test('is not asked for again once nobody wants it', () => {
    const rig = new Rig();
    rig.serves = 'off';
    const client = rig.client();
    client.reserve();
    rig.run(3_000);
    expect([client.core.refusals, client.refused]).toEqual([1, 1]);
    client.core.setWanted(false, rig.nowMs);
    rig.serves = 'public';
    rig.run(20_000);
    expect(client.reserved).toBe(0);
  });
});
