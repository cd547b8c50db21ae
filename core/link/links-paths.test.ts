import { describe, expect, test } from 'vitest';
import type { GateKey, Route } from './contract.ts';
import { RELAY_VERSIONS } from './handshake.ts';
import { linked, pair, type TestNet, type TestNode } from './testing/net.ts';

const HOUR_MS = 3_600_000;
const EMPTY = new Uint8Array(0);

/** Swallows what `from` writes, until the next path is there. */
function swallowUntilNextPath(net: TestNet, from: TestNode): void {
  const before = from.of('path').length;
  net.onStream = (sender, _to, bytes) => {
    const { attempts, unproven } = from.links.stats();
    const same = from.of('path').length === before && attempts === 0 && unproven === 0;
    return sender === from && same ? undefined : bytes;
  };
}

function downs(...nodes: TestNode[]): unknown[] {
  return nodes.flatMap((node) => node.of('down'));
}

test('[LNK-8] a dial whose path is proven leaves nothing half open', () => {
  const { net, a, b, gate } = pair();
  // So far away that two flights leave before the first reply: the second leads to nothing.
  net.latencyMs = 300;
  a.links.dial(1, b.target(gate), [b.route('udp')], Uint8Array.of(42), net.nowMs);
  net.drain(a);
  net.run(850);
  expect([b.links.stats()['unproven'], b.of('up').length]).toEqual([2, 0]);
  net.run(1_150);
  expect([b.links.stats()['unproven'], b.of('up').length]).toEqual([0, 1]);
  expect(downs(a, b)).toEqual([]);
});

describe('[POL-7] a path that was begun and not proved goes where it is not allowed any more', () => {
  const onCircuits = ({ transport }: Route): boolean => transport === 'circuit';

  test('of a device that we know, wherever it is', () => {
    const { net, a, b, gate } = pair();
    net.latencyMs = 300;
    a.links.dial(1, b.target(gate), [b.route('udp')], Uint8Array.of(42), net.nowMs);
    net.drain(a);
    net.run(400);
    b.links.restrict(0, b.noise, '', onCircuits);
    expect(b.links.stats()['unproven']).toBe(1);
    b.links.restrict(0, a.noise, '', onCircuits);
    expect(b.links.stats()['unproven']).toBe(0);
  });

  test("of a relay's client, whose key says nothing, by where it is", () => {
    const { net, a, b, gate } = pair({ a: { versions: [...RELAY_VERSIONS] }, b: { gates: [] } });
    (b.options.gates as GateKey[]).push({ ...gate, kind: 'relay' });
    const target = { ...b.target({ ...gate, kind: 'relay' }), identity: b.noise, device: b.noise };
    net.latencyMs = 300;
    a.links.dial(1, { ...target, versions: RELAY_VERSIONS }, [b.route('udp')], EMPTY, net.nowMs);
    net.drain(a);
    net.run(400);
    b.links.restrict(0, b.noise, '10.0.0.99', onCircuits);
    expect(b.links.stats()['unproven']).toBe(1);
    b.links.restrict(0, b.noise, a.endpoint.host, onCircuits);
    expect(b.links.stats()['unproven']).toBe(0);
  });
});

describe('[LNK-39] a path that acknowledges nothing, as after a forged acknowledgement', () => {
  for (const transport of ['udp', 'tcp'] as const) {
    test(`${transport}: the initiator has another beside it within 1 s and a round trip`, () => {
      const { net, a, b } = linked(transport);
      swallowUntilNextPath(net, a);
      a.say('swallowed, then sent again');
      net.run(1_000);
      expect(b.texts()).toEqual([]);
      net.run(150);
      expect(b.texts()).toEqual(['swallowed, then sent again']);
      expect(a.of('path').some(({ route }) => route === undefined)).toBe(false);
      expect(downs(a, b)).toEqual([]);
    });

    test(`${transport}: the responder's reset tells the initiator, who owes nothing`, () => {
      const { net, a, b } = linked(transport);
      swallowUntilNextPath(net, b);
      b.say('swallowed, then sent again');
      net.run(1_150);
      expect(a.texts()).toEqual(['swallowed, then sent again']);
      expect(downs(a, b)).toEqual([]);
    });

    test(`${transport}: also while the other side talks on`, () => {
      const { net, a, b } = linked(transport);
      swallowUntilNextPath(net, a);
      a.say('swallowed, then sent again');
      for (let i = 0; i < 12; i++) {
        b.say(`${i}`);
        net.run(100);
      }
      expect(b.texts()).toEqual(['swallowed, then sent again']);
      expect(a.texts()).toEqual(Array.from({ length: 12 }, (_, i) => `${i}`));
    });
  }

  test('a line that is slow is not left again and again', () => {
    const { net, a, b } = linked('tcp');
    net.latencyMs = 900;
    for (let i = 0; i < 60; i++) {
      a.say(`${i}`);
      net.run(1_000);
    }
    net.run(10_000);
    expect(b.texts()).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`));
    expect(a.of('path').length).toBeLessThan(4);
    expect(downs(a, b)).toEqual([]);
  });

  test('a further path that answers its handshake and nothing else is not waited for long', () => {
    const { net, a, b } = linked('udp');
    net.onStream = () => undefined;
    a.say('through at last');
    net.run(2_500);
    net.onStream = (_from, _to, bytes) => bytes;
    net.run(2_600);
    expect(b.texts()).toEqual(['through at last']);
    expect(downs(a, b)).toEqual([]);
  });
});

test('[LNK-39] a doubt does not wait for a search that is under way', () => {
  const { net, a, b } = linked('udp');
  const silent: Route = { transport: 'udp', endpoint: { host: '10.0.0.77', port: 77 } };
  a.links.setRoutes(a.link(), [silent, b.route('tcp')]);
  a.links.attach(a.link(), [silent], net.nowMs);
  net.run(100);
  expect(a.links.stats()).toMatchObject({ attempts: 1 });
  net.onDatagram = () => undefined;
  net.onStream = () => undefined;
  a.say('swallowed, then sent again');
  net.run(1_000);
  net.onStream = (_from, _to, bytes) => bytes;
  net.run(200);
  expect(b.texts()).toEqual(['swallowed, then sent again']);
  expect(a.of('path').at(-1)).toMatchObject({ route: b.route('tcp') });
});

test('[LNK-35] two circuits are tried beside four endpoints', () => {
  const { net, a, b } = linked('udp');
  const nowhere = [1, 2, 3, 4].map((i): Route => ({
    transport: 'udp',
    endpoint: { host: `10.0.0.${70 + i}`, port: 77 },
  }));
  const circuits = [1, 2].map((i): Route => ({
    transport: 'circuit',
    endpoint: { host: `10.0.1.${i}`, port: 77 },
    via: { relay: new Uint8Array(32).fill(i), slot: new Uint8Array(20), udp: true, tcp: true },
  }));
  a.links.setRoutes(a.link(), [...nowhere, ...circuits]);
  const opened: unknown[] = [];
  const poll = a.links.poll.bind(a.links);
  a.links.poll = () => {
    const out = poll();
    if (out?.type !== 'stream-open' || out.transport !== 'circuit') return out;
    opened.push(out.to);
    return a.links.poll();
  };
  const flights = new Set<string>();
  net.onDatagram = (from, to) => void (from === a && flights.add(to.host));
  net.resetStreams();
  net.run(400);
  expect(opened).toEqual(circuits.map(({ endpoint }) => endpoint));
  expect([...flights]).toEqual([b.endpoint.host, '10.0.0.71', '10.0.0.72', '10.0.0.73']);
});

describe('[LNK-36] streams that are out of step', () => {
  test('are reset, since a farewell inside them would not be read', () => {
    const { net, a, b } = linked('tcp');
    const closes: unknown[] = [];
    const poll = b.links.poll.bind(b.links);
    b.links.poll = () => {
      const out = poll();
      if (out?.type === 'stream-close') closes.push(out);
      return out;
    };
    net.onStream = (from, _to, bytes) => {
      const bent = bytes.slice();
      if (from === a && closes.length === 0) bent[0]! ^= 1;
      return bent;
    };
    a.say('bent');
    net.run(300);
    expect(closes).toEqual([{ type: 'stream-close', stream: expect.any(Number), reset: true }]);
    expect(b.texts()).toEqual(['bent']);
  });
});

describe('[LNK-40] a better path', () => {
  for (const [from, to] of [
    ['tcp', 'udp'],
    ['udp', 'tcp'],
  ] as const) {
    test(`from ${from} to ${to} takes over while messages are in flight both ways`, () => {
      const { net, a, b } = linked(from);
      const sent: string[] = [];
      for (let i = 0; i < 60; i++) {
        sent.push(`${i}`);
        a.say(`${i}`);
        b.say(`${i}`);
        if (i === 20) {
          a.links.attach(a.link(), [b.route(to)], net.nowMs);
          net.drain(a);
        }
        net.run(7);
      }
      net.run(1_000);
      expect(a.of('path').map(({ route }) => route?.transport)).toEqual([to]);
      expect([a.texts(), b.texts()]).toEqual([sent, sent]);
      expect(downs(a, b)).toEqual([]);
      for (const node of [a, b]) expect(node.links.stats()).toMatchObject({ streams: 1 });
    });
  }

  test('that answered is tried once more where its START is lost, and then no more', () => {
    for (const losses of [1, 2]) {
      const { net, a, b } = linked('tcp');
      const startedMs = net.nowMs;
      let flights = 0;
      net.onDatagram = (from, _to, bytes) => {
        if (from === a) flights++;
        return bytes;
      };
      // Nothing else is said meanwhile: what is lost belongs to the path that is to come.
      net.onStream = (from, _to, bytes) => {
        const isLost = from === a && net.nowMs < startedMs + (losses === 1 ? 900 : 10_000);
        return isLost ? undefined : bytes;
      };
      a.links.attach(a.link(), [b.route('udp')], net.nowMs);
      net.drain(a);
      net.run(losses === 1 ? 1_500 : 10_000);
      const paths = a.of('path').map(({ route }) => route?.transport);
      expect([paths, flights]).toEqual([losses === 1 ? ['udp'] : [], 2]);
      expect(a.links.stats()).toMatchObject({ attempts: 0, streams: 1 });
      a.say('still here');
      net.onStream = (_from, _to, bytes) => bytes;
      net.run(15_000);
      expect(downs(a, b)).toEqual([]);
    }
  });

  test('[POL-1] ⚑ that did not prove itself is not tried again where it may not lead by then', () => {
    const { net, a, b } = linked('tcp');
    let flights = 0;
    net.onDatagram = (from, _to, bytes) => {
      if (from === a) flights++;
      return bytes;
    };
    net.onStream = (from, _to, bytes) => (from === a ? undefined : bytes);
    a.links.attach(a.link(), [b.route('udp')], net.nowMs);
    net.drain(a);
    net.run(200);
    expect(flights).toBe(1);
    a.links.restrict(a.link(), b.noise, '', ({ transport }) => transport !== 'udp');
    net.drain(a);
    net.run(5_000);
    expect(flights).toBe(1);
  });

  test('[LNK-63] gets its share of what may leave when the peer calls from there meanwhile', () => {
    const { net, a, b } = linked('tcp', {
      a: { mayProbe: (_, __, isCalled) => isCalled === true },
    });
    a.links.attach(a.link(), [b.route('udp')], net.nowMs);
    net.drain(a);
    net.run(1_000);
    expect(a.of('path')).toEqual([]);
    a.links.attach(a.link(), [b.route('udp')], net.nowMs, true);
    net.drain(a);
    net.run(200);
    expect(a.of('path').at(-1)).toMatchObject({ route: b.route('udp') });
  });

  test('[PTH-3] ⚑ is connected to when it may be: a place that its peer alone names waits', () => {
    let asked = 0;
    const { net, a, b } = linked('udp', { a: { mayConnect: () => ++asked > 3 } });
    const opened: number[] = [];
    const poll = a.links.poll.bind(a.links);
    a.links.poll = () => {
      const out = poll();
      if (out?.type === 'stream-open' && out.transport === 'tcp') opened.push(net.nowMs);
      return out;
    };
    const sinceMs = net.nowMs;
    a.links.attach(a.link(), [b.route('tcp')], sinceMs);
    net.drain(a);
    net.run(1_400);
    expect([opened, asked]).toEqual([[], 3]);
    net.run(300);
    expect(opened).toEqual([sinceMs + 1_500]);
    expect(a.of('path').at(-1)).toMatchObject({ route: b.route('tcp') });
  });

  test('[PTH-3] a way by which the peer has answered needs no leave to be tried again', () => {
    let may = true;
    const { net, a, b } = linked('tcp', { a: { mayConnect: () => may } });
    may = false;
    net.resetStreams();
    net.run(1_000);
    expect(a.of('path').at(-1)).toMatchObject({ route: b.route('tcp') });
    expect(downs(a, b)).toEqual([]);
  });

  test('[PTH-3] a connection is asked for as a dial, or as a search for the path of a link', () => {
    const asked: boolean[] = [];
    const mayConnect = (_: Uint8Array, __: number, isSearch = false): boolean => {
      asked.push(isSearch);
      return true;
    };
    const { net, a, b } = linked('tcp', { a: { mayConnect } });
    expect(asked).toEqual([false]);
    const elsewhere: Route = { transport: 'tcp', endpoint: { host: '10.0.0.77', port: 77 } };
    a.links.setRoutes(a.link(), [elsewhere, b.route('tcp')]);
    net.resetStreams();
    net.run(400);
    expect(asked).toEqual([false, true]);
  });

  test('is looked for wherever the peer is said to be, its last place first', () => {
    const { net, a, b } = linked('udp');
    const elsewhere: Route = { transport: 'udp', endpoint: { host: '10.0.0.77', port: 77 } };
    a.links.setRoutes(a.link(), [elsewhere, b.route('udp'), b.route('tcp')]);
    const flights: string[] = [];
    net.onDatagram = (from, to, bytes) => {
      if (from === a) flights.push(to.host);
      return from === a ? undefined : bytes;
    };
    net.resetStreams();
    net.run(400);
    expect(flights.slice(0, 2)).toEqual([b.endpoint.host, '10.0.0.77']);
    expect(a.of('path').at(-1)).toMatchObject({ route: b.route('tcp') });
    expect(a.links.stats()).toMatchObject({ attempts: 0, streams: 1 });
  });

  test('wanted while another try is under way it begins beside it, the same one begins anew', () => {
    const { net, a, b } = linked('tcp');
    const silent: Route = { transport: 'udp', endpoint: { host: '10.0.0.77', port: 77 } };
    const flights: number[] = [];
    net.onDatagram = (from, to, bytes) => {
      if (from === a && to.host === '10.0.0.77') flights.push(net.nowMs);
      return bytes;
    };
    const startMs = net.nowMs;
    const attach = (routes: readonly Route[]): void => {
      a.links.attach(a.link(), routes, net.nowMs);
      net.drain(a);
    };
    attach([silent]);
    net.run(300);
    attach([silent]);
    net.run(2_000);
    expect(flights.map((atMs) => atMs - startMs)).toEqual([0, 300, 800, 1_800]);
    attach([b.route('udp')]);
    net.run(100);
    expect(a.of('path').at(-1)).toMatchObject({ route: b.route('udp') });
    expect(a.links.stats()).toMatchObject({ attempts: 0, streams: 1 });
  });

  test('tries elsewhere leave ids for the place of the last path', () => {
    const { net, a, b } = linked('tcp');
    net.onDatagram = () => undefined;
    for (let i = 0; i < 60; i++) {
      a.links.attach(a.link(), [b.route('udp')], net.nowMs);
      net.drain(a);
      net.run(6_000);
    }
    net.resetStreams();
    net.run(1_000);
    a.say('still there');
    net.run(100);
    expect(b.texts()).toEqual(['still there']);
    expect(downs(a, b)).toEqual([]);
  });

  test('on four routes that all are silent: ids last for as long as the link does', () => {
    const { net, a, b } = linked('udp');
    const nowhere = [1, 2, 3].map((i): Route => ({
      transport: 'udp',
      endpoint: { host: `10.0.0.${70 + i}`, port: 77 },
    }));
    a.links.setRoutes(a.link(), nowhere);
    net.onDatagram = () => undefined;
    net.resetStreams();
    net.run(27_500);
    net.onDatagram = (_from, _to, bytes) => bytes;
    net.run(2_400);
    a.say('still known');
    net.run(100);
    expect(b.texts()).toEqual(['still known']);
    expect(downs(a, b)).toEqual([]);
  });
});

describe('[LNK-41] after sleep, or with other addresses', () => {
  /** Both ends wake `forMs` later; nothing ran meanwhile. */
  function sleep(net: TestNet, nodes: TestNode[], forMs: number): void {
    net.nowMs += forMs;
    for (const node of nodes) {
      node.links.handleWake(net.nowMs);
      net.drain(node);
    }
  }

  test('a path is asked at once, and a dead one replaced at once', () => {
    const { net, a, b } = linked('tcp');
    let writes = 0;
    net.onStream = (from, _to, bytes) => {
      if (from === b) writes++;
      return bytes;
    };
    sleep(net, [b], 5 * 60_000);
    net.run(net.latencyMs);
    expect(writes).toBe(1);
    net.onStream = (_from, _to, bytes) => bytes;
    net.run(1_000);
    a.say('hello');
    net.run(100);
    expect(b.texts()).toEqual(['hello']);
  });

  test('a search that began before is begun anew, since no answer finds us any more', () => {
    const { net, a, b } = linked('udp');
    net.onDatagram = () => undefined;
    net.resetStreams();
    net.run(1_100);
    net.onDatagram = (_from, _to, bytes) => bytes;
    a.say('from elsewhere');
    sleep(net, [a], 0);
    net.run(200);
    expect(b.texts()).toEqual(['from elsewhere']);
  });

  test('a link without a path gets its 30 s again, and goes on', () => {
    const { net, a, b } = linked('udp');
    net.onDatagram = () => undefined;
    net.resetStreams();
    a.say('written before the sleep');
    net.run(5_000);
    sleep(net, [a, b], HOUR_MS);
    expect(downs(a, b)).toEqual([]);
    net.onDatagram = (_from, _to, bytes) => bytes;
    net.run(2_000);
    expect(b.texts()).toEqual(['written before the sleep']);
  });

  test('what was owed before is not held against the path', () => {
    const { net, a, b } = linked('udp');
    net.latencyMs = 100;
    a.say('in flight when the lid closed');
    sleep(net, [a, b], HOUR_MS);
    net.run(500);
    expect(b.texts()).toEqual(['in flight when the lid closed']);
    expect(a.of('path').some(({ route }) => route === undefined)).toBe(false);
    expect(downs(a, b)).toEqual([]);
  });
});
