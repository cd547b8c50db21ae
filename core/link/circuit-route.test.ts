import { expect, test } from 'vitest';
import type { LinksOutput, Route } from './contract.ts';
import { pair } from './testing/net.ts';

const VIA = { relay: new Uint8Array(32), slot: new Uint8Array(20), udp: true, tcp: true };
const ROUTE: Route = {
  transport: 'circuit',
  endpoint: { host: '198.51.100.9', port: 443 },
  via: VIA,
};

type Open = Extract<LinksOutput, { type: 'stream-open' }>;
const FAR = 901;

/** Carries the two ends of the first circuit by hand. @returns what A wanted opened. */
function carry({ net, a, b }: ReturnType<typeof pair>): Open[] {
  const opens: Open[] = [];
  for (let steps = 0; steps < 40; steps++) {
    for (let out = a.links.poll(); out; out = a.links.poll()) {
      if (out.type === 'stream-open') {
        opens.push(out);
        b.links.handleStreamAccepted(FAR, ROUTE.endpoint, net.nowMs, 'circuit');
        a.links.handleStreamOpened(out.stream, net.nowMs);
      } else if (out.type === 'stream-write') {
        b.links.handleStreamBytes(FAR, out.bytes, net.nowMs);
      } else a.events.push(out);
    }
    const near = opens[0]!.stream;
    for (let out = b.links.poll(); out; out = b.links.poll()) {
      if (out.type === 'stream-write') a.links.handleStreamBytes(near, out.bytes, net.nowMs);
      else if (out.type === 'replay') b.links.handleReplayStored(out.token, true, net.nowMs);
      else b.events.push(out);
    }
  }
  return opens;
}

test('[RLY-13] a circuit is a stream like TCP, opened by relay and slot; its link knows the way', () => {
  const two = pair();
  const { net, a, b, gate } = two;
  a.links.dial(1, b.target(gate), [ROUTE], new Uint8Array(0), net.nowMs);
  expect(carry(two)).toMatchObject([{ transport: 'circuit', to: ROUTE.endpoint, via: VIA }]);
  expect(a.of('up')[0]!.route).toEqual(ROUTE);
  expect(b.of('up')[0]!.route).toEqual({ transport: 'circuit', endpoint: ROUTE.endpoint });
});

test('[RLY-18] ⚑ the same circuit behind a guard is tried beside one that is under way', () => {
  const two = pair();
  const { net, a, b, gate } = two;
  a.links.dial(1, b.target(gate), [ROUTE], new Uint8Array(0), net.nowMs);
  carry(two);
  const { link } = a.of('up')[0]!;
  const opened = (route: Route): (true | undefined)[] => {
    const all: (true | undefined)[] = [];
    a.links.attach(link, [route], net.nowMs);
    for (let out = a.links.poll(); out; out = a.links.poll()) {
      if (out.type === 'stream-open') all.push(out.via?.isHidden);
    }
    return all;
  };
  expect(opened(ROUTE)).toEqual([undefined]);
  expect(opened({ ...ROUTE, via: { ...VIA, isHidden: true } })).toEqual([true]);
});
