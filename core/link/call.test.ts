import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../base/endpoint.ts';
import { linked, type TestNet, type TestNode } from './testing/net.ts';

/** The router gives this end another port: what is sent to the old one leads nowhere. */
function remap(node: TestNode): void {
  node.endpoint = { host: node.endpoint.host, port: node.endpoint.port + 1_000 };
}

function downs(...nodes: TestNode[]): unknown[] {
  return nodes.flatMap((node) => node.of('down'));
}

interface Sent {
  readonly from: TestNode;
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

/** Every datagram from now on. */
function watch(net: TestNet): Sent[] {
  const sent: Sent[] = [];
  net.onDatagram = (from, to, bytes) => {
    sent.push({ from, to, bytes, atMs: net.nowMs });
    return bytes;
  };
  return sent;
}

describe('[LNK-61] a responder whose place has changed calls', () => {
  test('another port by its router: both ways again within 1.5 s, the link is the same', () => {
    const { net, a, b } = linked('udp');
    remap(b);
    a.say('there?');
    b.say('here');
    net.run(1_500);
    expect(b.texts()).toEqual(['there?']);
    expect(a.texts()).toEqual(['here']);
    expect(a.of('path').at(-1)!.route!.endpoint).toEqual(b.endpoint);
    expect(downs(a, b)).toEqual([]);
    expect(a.of('up').length).toBe(1);
  });

  test('forty times, one after the other', () => {
    const { net, a, b } = linked('udp');
    for (let i = 0; i < 40; i++) {
      remap(b);
      for (let j = 0; j < 20; j++) {
        a.say(`${i} ${j}`);
        b.say('an answer');
        net.run(100);
      }
      expect(b.texts().at(-1)).toBe(`${i} 19`);
    }
    expect(b.texts().length).toBe(800);
    expect(downs(a, b)).toEqual([]);
  });

  test('after a sleep it calls twice where the path is alive, and is found where it is not', () => {
    const { net, a, b } = linked('udp');
    const sent = watch(net);
    remap(b);
    b.links.handleWake(net.nowMs);
    net.drain(b);
    net.run(300);
    a.say('found');
    net.run(100);
    expect(b.texts()).toEqual(['found']);
    sent.length = 0;
    net.onDatagram = (from, to, bytes) => {
      if (from === b) sent.push({ from, to, bytes, atMs: net.nowMs });
      return undefined;
    };
    b.links.handleWake(net.nowMs);
    net.drain(b);
    net.run(20_000);
    expect(sent.length).toBe(2);
    expect(downs(a, b)).toEqual([]);
  });

  test('to four places at most, seven times, and elsewhere only within the budget', () => {
    for (const mayProbe of [true, false]) {
      const { net, a, b } = linked('udp', { b: { mayProbe: () => mayProbe } });
      const others = [1, 2, 3, 4, 5].map((i) => ({ host: `10.0.1.${i}`, port: 4_000 }));
      b.links.setRoutes(
        b.link(),
        others.map((endpoint) => ({ transport: 'udp', endpoint })),
      );
      const sent: Sent[] = [];
      net.onDatagram = (from, to, bytes) => {
        if (from === b) sent.push({ from, to, bytes, atMs: net.nowMs });
        return undefined;
      };
      const beganMs = net.nowMs;
      net.resetStreams();
      net.run(29_000);
      const home = sent.filter(({ to }) => to.host === a.endpoint.host);
      expect(home.map(({ atMs }) => atMs - beganMs)).toEqual([
        150, 400, 800, 1_600, 3_200, 6_400, 12_800,
      ]);
      expect(sent.length).toBe(mayProbe ? 28 : 7);
      expect(new Set(sent.map(({ bytes }) => bytes.slice(0, 32).join())).size).toBe(sent.length);
    }
  });

  test('nothing where the way is not allowed any more', () => {
    const { net, a, b } = linked('udp');
    const called: Endpoint[] = [];
    net.onDatagram = (from, to) => {
      if (from === b) called.push(to);
      return undefined;
    };
    b.links.restrict(b.link(), a.noise, '', () => false);
    net.resetStreams();
    net.run(5_000);
    expect(called).toEqual([]);
  });
});

/** The first call of a responder whose router gave it another port. */
function firstCall(options: Parameters<typeof linked>[1] = {}): {
  net: TestNet;
  a: TestNode;
  b: TestNode;
  call: Sent;
} {
  const { net, a, b } = linked('udp', options);
  const sent = watch(net);
  remap(b);
  b.say('owed an answer');
  let call: Sent | undefined;
  for (let i = 0; i < 200 && !call; i++) {
    net.run(10);
    call = sent.find(({ from }) => from === b);
  }
  return { net, a, b, call: call! };
}

describe('[LNK-62] call ids', () => {
  test('a recorded call, sent again, is nobody', () => {
    const { net, a, call } = firstCall();
    net.run(500);
    const taken = net.inject({ host: '10.3.3.3', port: 3 }, a, call.bytes);
    expect(taken).toBe(false);
  });

  test('one that was bent is nobody, and uses nothing up', () => {
    const { net, a, b, call } = firstCall();
    const bent = call.bytes.slice();
    bent[bent.length - 1]! ^= 1;
    expect(net.inject({ host: '10.3.3.3', port: 3 }, a, bent)).toBe(false);
    a.say('still found');
    net.run(1_500);
    expect(b.texts()).toEqual(['still found']);
  });

  test('those of the last three paths are known, 96 in all; with the link they are gone', () => {
    const { net, a, b } = linked('udp');
    for (let i = 0; i < 6; i++) {
      net.resetStreams();
      net.run(500);
    }
    const { callIds } = a.links.stats();
    expect(callIds).toBeGreaterThan(90);
    expect(callIds).toBeLessThanOrEqual(96);
    expect(b.links.stats()['callIds']).toBe(0);
    a.links.close(a.link(), 'closed', net.nowMs);
    net.drain(a);
    expect(a.links.stats()['callIds']).toBe(0);
  });
});

describe('[LNK-63] what a call brings', () => {
  test('one flight, no longer than the call', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { net, a, call } = firstCall({ seed });
      const sent = watch(net);
      net.run(20);
      const answers = sent.filter(
        ({ from, to }) => from === a && to.port === call.from.endpoint.port,
      );
      expect(answers.length).toBe(1);
      expect(answers[0]!.bytes.length).toBeLessThanOrEqual(call.bytes.length);
    }
  });

  test('though guesses elsewhere used up what may leave', () => {
    let left = 16;
    const mayProbe = (_: Uint8Array, __: number, isCalled = false): boolean => {
      return left > (isCalled ? 0 : 6) && !!left--;
    };
    const { net, a, b } = linked('udp', { a: { mayProbe } });
    const guesses = [1, 2, 3].map((i) => {
      return { transport: 'udp', endpoint: { host: `10.0.1.${i}`, port: 4_000 } } as const;
    });
    for (let i = 0; i < 2; i++) {
      a.links.attach(a.link(), guesses, net.nowMs);
      net.run(6_000);
    }
    expect(left).toBe(6);
    remap(b);
    b.say('here');
    net.run(1_500);
    expect(a.texts()).toEqual(['here']);
    expect(left).toBeLessThan(6);
  });

  test('nothing where the policy does not let them in from there', () => {
    let isOpen = true;
    const { net, a, b, call } = firstCall({ a: { admit: () => isOpen } });
    isOpen = false;
    const sent = watch(net);
    net.run(100);
    expect(call.from).toBe(b);
    expect(sent.filter(({ from, to }) => from === a && to.port === b.endpoint.port)).toEqual([]);
    expect(a.links.stats()['dropped: not admitted']).toBe(1);
  });
});
