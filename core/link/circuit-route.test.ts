import { expect, test } from 'vitest';
import type { LinksOutput, Route } from './contract.ts';
import { pair } from './testing/net.ts';

const VIA = { relay: new Uint8Array(32), slot: new Uint8Array(20), udp: true, tcp: true };
const ROUTE: Route = {
  transport: 'circuit',
  endpoint: { host: '198.51.100.9', port: 443 },
  via: VIA,
};

test('[RLY-13] a circuit is a stream like TCP, opened by relay and slot; its link knows the way', () => {
  const { net, a, b, gate } = pair();
  a.links.dial(1, b.target(gate), [ROUTE], new Uint8Array(0), net.nowMs);
  const opens: Extract<LinksOutput, { type: 'stream-open' }>[] = [];
  // The two ends of one circuit, carried by hand.
  const far = 901;
  let near: number | undefined;
  for (let steps = 0; steps < 40; steps++) {
    for (let out = a.links.poll(); out; out = a.links.poll()) {
      if (out.type === 'stream-open') {
        opens.push(out);
        near = out.stream;
        b.links.handleStreamAccepted(far, ROUTE.endpoint, net.nowMs, 'circuit');
        a.links.handleStreamOpened(near, net.nowMs);
      } else if (out.type === 'stream-write') {
        b.links.handleStreamBytes(far, out.bytes, net.nowMs);
      } else a.events.push(out);
    }
    for (let out = b.links.poll(); out; out = b.links.poll()) {
      if (out.type === 'stream-write') a.links.handleStreamBytes(near!, out.bytes, net.nowMs);
      else if (out.type === 'replay') b.links.handleReplayStored(out.token, true, net.nowMs);
      else b.events.push(out);
    }
  }
  expect(opens).toMatchObject([{ transport: 'circuit', to: ROUTE.endpoint, via: VIA }]);
  expect(a.of('up')[0]!.route).toEqual(ROUTE);
  expect(b.of('up')[0]!.route).toEqual({ transport: 'circuit', endpoint: ROUTE.endpoint });
});
