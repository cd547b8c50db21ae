import { describe, expect, test } from 'vitest';
import { endpointKey, type Endpoint } from '../base/endpoint.ts';
import type { DialTimetable, Route } from './contract.ts';
import { pair, TestNet, type TestNode } from './testing/net.ts';

const NO_PAYLOAD = new Uint8Array(0);
const SLOT: DialTimetable = { everyMs: 625, flights: 32, giveUpMs: 25_000 };
const OPENING_MS = 30_000;

describe('[LNK-60] a dial with a timetable', () => {
  test('sends one flight at a time, to its UDP routes in turns, then waits and gives up', () => {
    const { net, a, b, gate } = pair();
    const sent: { atMs: number; port: number }[] = [];
    net.onDatagram = (_from, to) => {
      sent.push({ atMs: net.nowMs - 1000, port: to.port });
      return undefined;
    };
    const routes: Route[] = [1, 2, 3].map((port) => ({
      transport: 'udp',
      endpoint: { host: '10.0.9.9', port },
    }));
    a.links.dial(7, b.target(gate), routes, NO_PAYLOAD, net.nowMs, SLOT);
    net.drain(a);
    net.run(24_999);
    expect(sent.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 32 }, (_, i) => 625 * i));
    expect(sent.slice(0, 6).map(({ port }) => port)).toEqual([1, 2, 3, 1, 2, 3]);
    expect(a.of('dial-failed')).toEqual([]);
    net.run(2);
    expect(a.of('dial-failed')).toMatchObject([{ dial: 7, reason: 'unreachable' }]);
    expect(a.links.stats()).toMatchObject({ dials: 0, attempts: 0 });
  });

  test('comes up by the answer to any of its flights', () => {
    const { net, a, b, gate } = pair();
    let dropped = 0;
    net.onDatagram = (from, _to, bytes) => (from === a && dropped++ < 11 ? undefined : bytes);
    a.links.dial(7, b.target(gate), [b.route('udp')], NO_PAYLOAD, net.nowMs, SLOT);
    net.drain(a);
    net.run(11 * 625 + 200);
    expect([a.of('up').length, b.of('up').length]).toEqual([1, 1]);
  });

  test('leaves out flights that are too many for their peer', () => {
    const { net, a, b, gate } = pair({ a: { mayProbe: () => false } });
    let sent = 0;
    net.onDatagram = () => void sent++;
    a.links.dial(7, b.target(gate), [b.route('udp')], NO_PAYLOAD, net.nowMs, SLOT);
    net.drain(a);
    net.run(30_000);
    expect(sent).toBe(0);
    expect(a.of('dial-failed').length).toBe(1);
  });
});

/** Before each node a router that keeps its port and lets in only answers. */
function behindRouters(net: TestNet): { refused: () => number } {
  const sentAtMs = new Map<string, number>();
  const way = (from: Endpoint, to: Endpoint): string => `${endpointKey(from)} ${endpointKey(to)}`;
  let refused = 0;
  net.onDatagram = (from, to, bytes) => {
    sentAtMs.set(way(from.endpoint, to), net.nowMs);
    const openedAtMs = sentAtMs.get(way(to, from.endpoint)) ?? -Infinity;
    if (net.nowMs - openedAtMs < OPENING_MS) return bytes;
    refused++;
    return undefined;
  };
  return { refused: () => refused };
}

function twoHomes(): { net: TestNet; a: TestNode; b: TestNode; dial: (who: TestNode) => void } {
  const net = new TestNet(3);
  const gates = [net.gate(), net.gate()];
  const a = net.node({ gates: [gates[0]!] });
  const b = net.node({ gates: [gates[1]!] });
  const dial = (who: TestNode): void => {
    const far = who === a ? b : a;
    const target = far.target(far.options.gates![0]!);
    who.links.dial(1, target, [far.route('udp')], NO_PAYLOAD, net.nowMs, SLOT);
    net.drain(who);
  };
  return { net, a, b, dial };
}

test('[LNK-18] two who punch at one time end in one link, at once', () => {
  for (const apartMs of [0, 5, 300, 900, 15_000]) {
    const { net, a, b, dial } = twoHomes();
    behindRouters(net);
    dial(a);
    net.run(apartMs);
    dial(b);
    net.run(2_000);
    const open = [a, b].map((node) => node.of('up').length - node.of('down').length);
    expect(open).toEqual([1, 1]);
    expect(a.say('one')).toBe(true);
    net.run(100);
    expect(b.texts()).toEqual(['one']);
    net.run(30_000);
    for (const node of [a, b]) {
      expect(node.links.stats()).toMatchObject({ links: 1, dials: 0, attempts: 0, unproven: 0 });
    }
  }
});

test('[LNK-60] flights that come too early open the router and cost the far side nothing', () => {
  const { net, a, b, dial } = twoHomes();
  const { refused } = behindRouters(net);
  dial(a);
  net.run(19_000);
  expect(refused()).toBeGreaterThan(25);
  expect(b.links.stats()).toMatchObject({ storing: 0, unproven: 0, replayEntries: 0 });
  dial(b);
  net.run(700);
  expect([a, b].map((node) => node.links.stats()['links'])).toEqual([1, 1]);
});
