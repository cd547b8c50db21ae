import { expect, test } from 'vitest';
import { asDict, decode, encode, type Bvalue } from '../base/bencode.ts';
import { utf8 } from '../base/bytes.ts';
import type { Endpoint, Family } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import type { Doc } from '../base/vault.ts';
import { encodeSaved } from '../discovery/saved.ts';
import type { Effect } from '../effects.ts';
import { Context } from './context.ts';
import {
  ASK_LINKED_AGAIN_MS,
  Finding,
  RESOLVE_AGAIN_MS,
  RESOLVE_AGAIN_MS_MAX,
  SAVED_HEAD_START_MS,
  WISH_EVERY_MS,
} from './finding.ts';

const { bytes } = new Prng(4);

let takesPart = true;
let linkedAt: readonly Endpoint[] = [];

function offline(
  docs: readonly Doc[] = [],
  families: readonly Family[] = ['v4'],
): {
  finding: Finding;
  context: Context;
  asked: (untilMs: number) => number[];
} {
  const profile = { bootstrap: ['router.example:6881'], dht: true, readOnly: false };
  const context = new Context(bytes, {
    ...profile,
    allowReserved: false,
    displayName: undefined,
  });
  const none = (): void => undefined;
  const finding = new Finding(context, bytes(32), docs, families, {
    found: none,
    external: none,
    votes: none,
    helpers: none,
    relayed: () => ({ get: () => none, put: () => none }),
    takesPart: () => takesPart,
    linkedAt: () => linkedAt,
    copyOfUs: none,
    recordFor: (_, record) => record,
  });
  const asked = (untilMs: number): number[] => {
    const times: number[] = [];
    for (let atMs = finding.wakeAtMs(); atMs !== undefined && atMs <= untilMs;) {
      context.now = { monoMs: atMs, wallMs: 1.7e12 + atMs };
      finding.handleTimeout();
      for (let e: Effect | undefined = context.poll(); e; e = context.poll()) {
        if (e.type === 'resolve') times.push(atMs);
      }
      const nextMs = finding.wakeAtMs();
      if (nextMs !== undefined && nextMs <= atMs) throw new Error('it does not sleep');
      atMs = nextMs;
    }
    return times;
  };
  return { finding, context, asked };
}

test('[PTH-9] names of helpers are asked for at once, then ever more rarely while offline', () => {
  const { asked } = offline();
  const times = asked(4 * 3_600_000);
  expect(times[0]).toBe(0);
  const pauses = times.slice(1).map((atMs, i) => atMs - times[i]!);
  expect(pauses[0]).toBe(RESOLVE_AGAIN_MS);
  expect(pauses[1]).toBe(2 * RESOLVE_AGAIN_MS);
  expect(Math.max(...pauses)).toBe(RESOLVE_AGAIN_MS_MAX);
  expect(times.length).toBeLessThan(52);
});

test('[PTH-9] a new address of this computer asks at once', () => {
  const { asked, context, finding } = offline();
  asked(3_600_000);
  context.now = { monoMs: 3_600_001, wallMs: 1.7e12 };
  finding.handleNetworkChange(['v4', 'v6']);
  expect(asked(3_600_002).length).toBe(1);
});

test('[PTH-9] while nobody answers a person who asks is not left waiting, as after signing in', () => {
  const { asked, context, finding } = offline();
  asked(3_600_000);
  const begunMs = 3_600_001;
  const wish = (atMs: number): number[] => {
    context.now = { monoMs: atMs, wallMs: 1.7e12 + atMs };
    finding.wish();
    return asked(atMs);
  };
  expect(wish(begunMs)).toEqual([begunMs]);
  expect(wish(begunMs + WISH_EVERY_MS - 1)).toEqual([]);
  expect(wish(begunMs + WISH_EVERY_MS)).toEqual([begunMs + WISH_EVERY_MS]);
});

function decoded(message: Uint8Array): Bvalue {
  const read = decode(message);
  if (!read.ok) throw new Error(read.reason);
  return read.value;
}

const FOUR = { host: '93.184.216.34', port: 6881 };

/** What an earlier run saved that had IPv4 alone. */
function savedFour(): Doc {
  const nodes = [{ id: bytes(20), endpoint: FOUR }];
  const value = encodeSaved({ v4: { id: bytes(20), external: undefined, nodes } });
  return { space: 'dht', key: utf8('table'), value };
}

test('[PTH-9] who was there in an earlier run is asked first, and helps once there is an answer', () => {
  const { asked, finding } = offline([savedFour()]);
  expect(finding.stats()['dht.nodes']).toBe(1);
  expect(finding.helpers).toBe(0);
  expect(asked(60_000)[0]).toBe(SAVED_HEAD_START_MS);
});

test('[PTH-9] a family without saved nodes asks for names at once, and alone takes what they give', () => {
  const { asked, context, finding } = offline([savedFour()], ['v4', 'v6']);
  const sentTo = (): string[] => {
    const hosts: string[] = [];
    for (let e = context.poll(); e; e = context.poll()) {
      if (e.type === 'datagram') hosts.push(e.to.host);
    }
    return hosts;
  };
  expect(asked(0)).toEqual([0]);
  sentTo();
  const router = { host: '93.184.216.99', port: 6881 };
  const router6 = { host: '2606:2800:220:1::99', port: 6881 };
  finding.handleResolved([router, router6]);
  expect(sentTo()).toEqual([router6.host]);
  // Who was saved has not answered: now they are asked for that family too.
  expect(asked(SAVED_HEAD_START_MS)).toEqual([SAVED_HEAD_START_MS]);
  finding.handleResolved([router]);
  expect(asked(60_000)).toEqual([]);
  expect(asked(SAVED_HEAD_START_MS + RESOLVE_AGAIN_MS)).toHaveLength(1);
});

test('[PTH-9] while one family answers, names are asked for the other ever more rarely', () => {
  const { asked, context, finding } = offline([savedFour()], ['v4', 'v6']);
  for (let e = context.poll(); e; e = context.poll()) {
    if (e.type !== 'datagram' || e.to.host !== FOUR.host) continue;
    const query = asDict(decoded(e.bytes))!;
    const reply = encode({
      r: { id: bytes(20), nodes: new Uint8Array(0) },
      t: query['t']!,
      y: 'r',
    });
    finding.handleDatagram(FOUR, reply);
  }
  expect(asked(4 * 3_600_000).length).toBeGreaterThan(8);
  expect(finding.helpers).toBe(1);
  finding.wish();
  expect(asked(context.now.monoMs)).toEqual([]);
  const before = context.now.monoMs;
  finding.handleNetworkChange(['v4', 'v6']);
  expect(asked(before)).toEqual([before]);
});

test('[DSC-34] who shows nobody their address asks nobody, and enters as soon as there is somebody', () => {
  takesPart = false;
  const { asked, context, finding } = offline();
  const sent: string[] = [];
  const drain = (): void => {
    for (let e = context.poll(); e; e = context.poll()) sent.push(e.type);
  };
  expect(asked(3_600_000)).toEqual([]);
  const ping = utf8('d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe');
  expect(finding.handleDatagram({ host: '93.184.216.34', port: 6881 }, ping)).toBe(false);
  finding.setRelays(2);
  expect(finding.helpers).toBe(2);
  drain();
  expect(sent).not.toContain('datagram');
  takesPart = true;
  finding.review();
  finding.handleTimeout();
  expect(finding.handleDatagram({ host: '93.184.216.34', port: 6881 }, ping)).toBe(true);
  expect(asked(7_200_000).length).toBeGreaterThan(0);
  takesPart = false;
  finding.review();
  sent.length = 0;
  asked(14_400_000);
  drain();
  expect(sent).not.toContain('datagram');
  takesPart = true;
});

test('[DSC-46] who knows no node asks whom they are linked to, once in 10 s at most', () => {
  const { context, finding } = offline();
  const sent: [number, string][] = [];
  const run = (untilMs: number): void => {
    for (let atMs = context.now.monoMs; atMs <= untilMs; atMs += 250) {
      context.now = { monoMs: atMs, wallMs: 1.7e12 + atMs };
      finding.handleLinked();
      finding.handleTimeout();
      for (let e = context.poll(); e; e = context.poll()) {
        if (e.type === 'datagram') sent.push([atMs, e.to.host]);
      }
    }
  };
  run(1_000);
  expect(sent).toEqual([]);
  linkedAt = [FOUR, { host: '2606:2800:220:1::99', port: 6881 }];
  run(60_000);
  expect(new Set(sent.map(([, host]) => host))).toEqual(new Set([FOUR.host]));
  expect(sent.length).toBeGreaterThan(3);
  expect(sent.length).toBeLessThanOrEqual((3 * 60_000) / ASK_LINKED_AGAIN_MS);
  linkedAt = [];
});

test('[DSC-46] ⚑ who knows a node, or takes no part in the DHT, asks nobody for being linked', () => {
  linkedAt = [{ host: '93.184.216.77', port: 6881 }];
  const hosts = ({ context, finding }: ReturnType<typeof offline>): Set<string> => {
    const all = new Set<string>();
    finding.handleLinked();
    finding.handleTimeout();
    for (let e = context.poll(); e; e = context.poll()) {
      if (e.type === 'datagram') all.add(e.to.host);
    }
    return all;
  };
  expect(hosts(offline([savedFour()]))).not.toContain(linkedAt[0]!.host);
  takesPart = false;
  expect(hosts(offline())).toEqual(new Set());
  takesPart = true;
  expect(hosts(offline())).toContain(linkedAt[0]!.host);
  linkedAt = [];
});
