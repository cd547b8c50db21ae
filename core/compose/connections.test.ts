import { describe, expect, test } from 'vitest';
import { endpointKey } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import type { LinkTarget } from '../link/contract.ts';
import type { Effect } from '../effects.ts';
import type { Route } from '../path/candidates.ts';
import type { NatClass } from '../path/nat-class.ts';
import { OPENER_BYTES } from '../path/openers.ts';
import { Connections } from './connections.ts';
import { Context } from './context.ts';

const { bytes } = new Prng(11);
const ROUTES: readonly Route[] = [
  { transport: 'udp', endpoint: { host: '192.0.2.1', port: 4000 } },
];

function scene(nat: NatClass = 'unknown'): {
  connections: Connections;
  effects: () => Effect[];
  run: (untilMs: number) => void;
  nowMs: () => number;
} {
  const profile = { bootstrap: [], dht: false, readOnly: false, allowReserved: true };
  const context = new Context(bytes, { ...profile, displayName: undefined });
  const connections = new Connections(context, {
    self: { identity: bytes(32), device: bytes(32), noise: new Secret('device noise', bytes(32)) },
    docs: [],
    gates: () => [],
    admit: () => false,
    nat: () => nat,
    handlers: {
      up: () => undefined,
      message: () => undefined,
      writable: () => undefined,
      path: () => undefined,
      down: () => undefined,
    },
  });
  const run = (untilMs: number): void => {
    for (;;) {
      const wakeMs = Math.max(connections.wakeAtMs() ?? Infinity, context.now.monoMs);
      if (wakeMs > untilMs) break;
      context.now = { monoMs: wakeMs, wallMs: wakeMs };
      connections.handleTimeout();
    }
    context.now = { monoMs: untilMs, wallMs: untilMs };
  };
  const effects = (): Effect[] => {
    const all: Effect[] = [];
    for (let out = context.poll(); out; out = context.poll()) all.push(out);
    return all;
  };
  return { connections, effects, run, nowMs: () => context.now.monoMs };
}

/** A relay of theirs: the host is the relay's. */
function circuitBy(host: string): Route {
  const via = { relay: bytes(32), slot: bytes(16), udp: true, tcp: true };
  return { transport: 'circuit', endpoint: { host, port: 443 }, via };
}

/** Where datagrams go. */
function goals(effects: readonly Effect[]): string[] {
  return effects.flatMap((one) => (one.type === 'datagram' ? [endpointKey(one.to)] : []));
}

function targetBehind(kind: 'invite' | 'direct'): LinkTarget {
  return {
    identity: bytes(32),
    device: bytes(32),
    noise: bytes(32),
    versions: [1],
    gate: { id: kind, kind, secret: new Secret('gate', bytes(32)) },
  };
}

test('[PTH-6] who is wanted is dialled soon, though never met; who is forgotten, never', () => {
  const { connections, nowMs, run } = scene();
  const target = targetBehind('invite');
  connections.setTarget('ben', target, ROUTES);
  run(200_000);
  while (connections.wakeAtMs()! - nowMs() < 20_000) run(connections.wakeAtMs()!);
  connections.want(bytes(32));
  expect(connections.wakeAtMs()! - nowMs()).toBeGreaterThan(19_000);
  connections.want(target.identity);
  expect(connections.wakeAtMs()! - nowMs()).toBeLessThan(3_000);
  connections.forget(target.identity);
  expect(connections.wakeAtMs()).toBeUndefined();
  expect(connections.stats()['dialers']).toBe(0);
});

test('[PTH-5] a renewed gate is tried soon, the same one told again is not', () => {
  const { connections, nowMs, run } = scene();
  const target = targetBehind('direct');
  const secret = target.gate.secret.reveal();
  connections.setTarget('ben', target, ROUTES);
  run(200_000); // long unreachable: the waits have grown
  while (connections.wakeAtMs()! - nowMs() < 20_000) run(connections.wakeAtMs()!);
  const soonMs = nowMs() + 10_000;
  const again = { ...target.gate, secret: new Secret('gate' as const, secret.slice()) };
  connections.setTarget('ben', { ...target, gate: again }, ROUTES);
  expect(connections.wakeAtMs()).toBeGreaterThan(soonMs);
  const renewed = { ...target.gate, secret: new Secret('gate' as const, bytes(32)) };
  connections.setTarget('ben', { ...target, gate: renewed }, ROUTES);
  expect(connections.wakeAtMs()).toBeLessThan(soonMs);
});

test('[PTH-3] victims named in ever new records, by several devices, get 16 datagrams in 10 s', () => {
  const { connections, effects, nowMs, run } = scene();
  const contact = targetBehind('direct');
  const sentMs: number[] = [];
  for (let round = 0; round < 100; round++) {
    for (let device = 0; device < 3; device++) {
      const routes: Route[] = [1, 2, 3].map((i) => ({
        transport: 'udp',
        endpoint: { host: `192.0.2.${i}`, port: 1_000 + 10 * round + device },
      }));
      const noise = contact.noise.slice();
      noise[0] = device;
      connections.setTarget(`device ${device}`, { ...contact, noise }, routes);
      connections.news(`device ${device}`);
    }
    connections.want(contact.identity);
    connections.punch(contact.identity, 'steady');
    run(nowMs() + 200);
    for (const effect of effects()) if (effect.type === 'datagram') sentMs.push(nowMs());
  }
  const most = sentMs.map((from) => sentMs.filter((ms) => ms >= from && ms < from + 9_800).length);
  expect(Math.max(...most)).toBe(16);
});

test('[PTH-3] ⚑ of 1,000 hellos that name victims, 16 TCP connections begin in 10 s', () => {
  const { connections, effects, nowMs, run } = scene();
  const contact = targetBehind('direct');
  const begunMs: number[] = [];
  for (let hello = 0; hello < 1_000; hello++) {
    const device = hello % 3;
    const routes: Route[] = [1, 2, 3, 4].map((i) => ({
      transport: 'tcp',
      endpoint: { host: `192.0.2.${i}`, port: 1_000 + hello },
    }));
    const noise = contact.noise.slice();
    noise[0] = device;
    connections.setTarget(`device ${device}`, { ...contact, noise }, routes);
    run(nowMs() + 50);
    for (const effect of effects()) if (effect.type === 'stream-open') begunMs.push(nowMs());
  }
  const most = begunMs.map(
    (from) => begunMs.filter((ms) => ms >= from && ms < from + 9_900).length,
  );
  expect(Math.max(...most)).toBe(16);
  // Nobody else waits for it.
  connections.setTarget('cleo', targetBehind('direct'), [
    { transport: 'tcp', endpoint: { host: '192.0.2.9', port: 443 } },
  ]);
  run(nowMs() + 50);
  const hosts = effects().map((effect) => effect.type === 'stream-open' && effect.to.host);
  expect(hosts).toContain('192.0.2.9');
});

test('[PTH-14] between two random routers no flight leaves in a slot, towards others they do', () => {
  const { connections, effects, nowMs, run } = scene('random');
  const flights = (nat: 'random' | 'independent'): number => {
    const target = targetBehind('direct');
    connections.setTarget(nat, target, [{ ...ROUTES[0]!, nat }]);
    run(nowMs() + 10_100); // the race is over, the next one waits
    effects();
    connections.punch(target.identity, 'single');
    const count = effects().filter(({ type }) => type === 'datagram').length;
    connections.forget(target.identity);
    return count;
  };
  expect(flights('random')).toBe(0);
  expect(flights('independent')).toBe(1);
});

test('[PTH-31] ⚑ [POL-4] the host of a relay or of a TCP route is none of a UDP candidate', () => {
  const { connections, effects, run } = scene();
  const host = '192.0.2.1';
  const routes: Route[] = [circuitBy(host), { transport: 'tcp', endpoint: { host, port: 443 } }];
  for (const route of routes) {
    connections.setTarget('ben', targetBehind('direct'), [route]);
    expect(connections.handleOpener({ host, port: 4_444 }, bytes(OPENER_BYTES))).toBe(false);
  }
  run(20_000);
  expect(goals(effects())).toEqual([]);
});

describe('a place that an opener came from', () => {
  const LEARNED = { host: '192.0.2.1', port: 4_444 };
  const learned = (): ReturnType<typeof scene> & { target: LinkTarget } => {
    const made = scene();
    const target = targetBehind('direct');
    made.connections.setTarget('ben', target, ROUTES);
    expect(made.connections.handleOpener(LEARNED, bytes(OPENER_BYTES))).toBe(true);
    return { ...made, target };
  };

  test('[PTH-31] is raced, and named no more once a dial there led nowhere', () => {
    const { connections, effects, run, target } = learned();
    run(9_000);
    expect(goals(effects())).toContain(endpointKey(LEARNED));
    run(10_000);
    expect(connections.attempts(target.identity)[0]!.failure).toBe('unreachable');
    run(20_000);
    expect(new Set(goals(effects()))).toEqual(new Set([endpointKey(ROUTES[0]!.endpoint)]));
  });

  test('[PTH-31] ⚑ [POL-4] is forgotten when no UDP route of its host is left', () => {
    const { connections, effects, run, target } = learned();
    run(1_000);
    effects();
    connections.setTarget('ben', target, [circuitBy('192.0.2.9')]);
    run(20_000);
    expect(goals(effects())).toEqual([]);
  });

  test('[PTH-31] is forgotten when a link is up', () => {
    const { connections, effects, run } = learned();
    run(1_000);
    connections.linked('ben', 1, true, ROUTES[0]!);
    effects();
    connections.linkLost('ben');
    run(20_000);
    expect(new Set(goals(effects()))).toEqual(new Set([endpointKey(ROUTES[0]!.endpoint)]));
  });
});
