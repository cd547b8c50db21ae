import { expect, test } from 'vitest';
import type { Endpoint } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import type { Vote } from '../discovery/ip-vote.ts';
import { Context } from './context.ts';
import { Place } from './place.ts';

const NOTHING_MAPPED = { verdict: 'none', udp: undefined, tcp: undefined } as const;
const BEFORE = { host: '2a01:4f8:1::9', port: 4_000 };
const BEFORE_FOUR = { host: '93.184.216.34', port: 4_000 };

/** What is taken for our outside addresses, and so is published. */
function outside(addresses: readonly string[], seen: readonly Endpoint[] = []): unknown[] {
  const profile = { bootstrap: [], dht: false, readOnly: false, allowReserved: false };
  const context = new Context(new Prng(3).bytes, { ...profile, displayName: undefined });
  const finding = {
    external: BEFORE_FOUR,
    external6: BEFORE,
    votes: (): Vote[] => seen.map((endpoint) => ({ voter: endpoint, seen: endpoint, atMs: 0 })),
  };
  const listen = { addresses, udpPort: 5_000, tcpPort: 5_000, networks: [] };
  const own = new Place(context, []).own(finding, listen, NOTHING_MAPPED);
  return [own.external, own.external6];
}

test('[PTH-1] an address that an earlier run was told gives way to those that we have', () => {
  expect(outside(['192.168.1.7', '2a01:4f8:2::7'])).toEqual([BEFORE_FOUR, undefined]);
  expect(outside(['81.2.69.142'])).toEqual([undefined, BEFORE]);
  expect(outside(['192.168.1.7'])).toEqual([BEFORE_FOUR, BEFORE]);
});

test('[PTH-1] but not where somebody sees us there today', () => {
  expect(outside(['2a01:4f8:2::7'], [BEFORE])).toEqual([BEFORE_FOUR, BEFORE]);
  const otherPort = { ...BEFORE, port: 5_000 };
  expect(outside(['2a01:4f8:1::9'], [otherPort])).toEqual([BEFORE_FOUR, undefined]);
});
