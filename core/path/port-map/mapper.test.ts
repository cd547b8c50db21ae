import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, utf8, utf8Text } from '../../base/bytes.ts';
import { SEARCH_MS } from './calls.ts';
import { ANEW_MS_MIN, REFUSED_AGAIN_MS, RENEW_MS_MIN } from './contract.ts';
import { LEAVE_MS, STOP_MS } from './mapper.ts';
import { AGAIN_MS, CHECK_EVERY_MS, DECIDE_MS, LOOK_MS } from './site.ts';
import {
  both,
  GATEWAY,
  Home,
  home,
  HOUR_MS,
  LOCAL,
  open,
  OUTSIDE,
  PORTS,
  SITE,
  SITE_SIX,
  type Abilities,
} from './test-router.ts';
import { PORTS_TRIED_MAX } from './upnp.ts';

const PROTOCOLS: [string, Abilities][] = [
  ['pcp', { pcp: true }],
  ['nat-pmp', { natPmp: true }],
  ['upnp', { upnp: true }],
];

describe('[MAP-3] all protocols are asked at once, and the best that answers maps', () => {
  test.each<[string, Abilities, string]>([
    ['PCP', { pcp: true, natPmp: true, upnp: true }, 'pcp'],
    ['NAT-PMP', { natPmp: true, upnp: true }, 'nat-pmp'],
    ['UPnP', { upnp: true }, 'upnp'],
  ])('%s', (_, can, via) => {
    const here = home(can);
    expect(open(here)).toEqual(both(via));
    expect(here.maps[0]!.external.host).toBe(OUTSIDE);
    expect(here.mapper.state(here.nowMs)).toBe('open');
    expect(here.table.size).toBe(2);
  });

  test('one that answers at once waits for a better one a second at most', () => {
    const here = new Home({ natPmp: true });
    // Its answer to the question in PCP got lost.
    const settle = here.settle.bind(here);
    here.can.natPmp = false;
    here.begin();
    here.can.natPmp = true;
    here.answer(fromHex('008000000000000a5db8d822')!);
    settle();
    expect(here.maps).toEqual([]);
    here.pass(DECIDE_MS);
    expect(open(here)).toEqual(both('nat-pmp'));
  });

  test('IPv6: PCP for the address that we have, else a pinhole by UPnP; no NAT-PMP', () => {
    const here = new Home({ pcp: true, natPmp: true, upnp: true }, 1, SITE_SIX);
    here.begin();
    expect(open(here)).toEqual(both('pcp'));
    expect(here.maps[0]).toMatchObject({ family: 'v6', external: { host: SITE_SIX.local } });
    expect(here.holes.size).toBe(0);
    const other = new Home({ natPmp: true, upnp: true }, 1, SITE_SIX);
    other.begin();
    other.pass(DECIDE_MS);
    expect(open(other)).toEqual(both('upnp'));
    const said = [...here.heard, ...other.heard];
    expect(said.filter((line) => line.startsWith('nat-pmp'))).toEqual([]);
  });
});

describe('[MAP-5] leases', () => {
  test.each<[string, Abilities]>([
    ['pcp', { pcp: true }],
    ['nat-pmp', { natPmp: true }],
  ])('%s: two hours are asked for, and renewed at half', (via, can) => {
    const here = home(can);
    const asked = `${via} udp 7200`;
    const count = (): number => here.heard.filter((line) => line === asked).length;
    expect(count()).toBe(1);
    here.pass(HOUR_MS - 2 * DECIDE_MS);
    expect(count()).toBe(1);
    here.pass(2 * DECIDE_MS);
    expect(count()).toBe(2);
    here.pass(3 * HOUR_MS);
    expect(count()).toBe(5);
    expect(open(here)).toEqual(both(via));
  });

  test('UPnP: the same', () => {
    const here = home({ upnp: true });
    const count = (): number => here.heard.filter((line) => line.includes('AddPort')).length;
    here.pass(HOUR_MS + DECIDE_MS);
    expect(count()).toBe(4);
  });

  test('a router that grants seconds is not asked more than once a minute', () => {
    const here = home({ natPmp: true, leaseMaxS: 1 });
    here.heard.length = 0;
    here.pass(RENEW_MS_MIN);
    expect(here.heard.filter((line) => line === 'nat-pmp udp 7200')).toHaveLength(1);
  });

  test('a router that is silent is asked nine times, then after a pause that doubles', () => {
    const here = new Home({});
    here.begin();
    here.pass(LOOK_MS - 1);
    expect(here.mapper.state(here.nowMs)).toBe('looking');
    here.pass(1);
    expect(here.mapper.state(here.nowMs)).toBe('silent');
    const natPmp = (): number => here.datagrams.filter(({ bytes }) => bytes.length === 2).length;
    here.pass(130_000 - LOOK_MS);
    expect(natPmp()).toBe(9);
    here.pass(AGAIN_MS[0]);
    expect(natPmp()).toBeGreaterThan(9);
    const before = natPmp();
    here.pass(24 * HOUR_MS);
    // Two minutes of asking, a quarter of an hour of pause, and so on.
    expect(natPmp() - before).toBeLessThan(9 * 100);
    here.can.natPmp = true;
    here.pass(AGAIN_MS.at(-1)! + 130_000);
    expect(open(here)).toEqual(both('nat-pmp'));
  });
});

describe('[MAP-6] a router that was restarted', () => {
  test.each<[string, Abilities]>([
    ['pcp', { pcp: true }],
    ['nat-pmp', { natPmp: true }],
  ])('%s: says so, and is asked anew', (via, can) => {
    const here = home(can);
    here.pass(HOUR_MS / 2);
    here.restart();
    here.announce();
    here.settle();
    expect(here.table.size).toBe(2);
    expect(open(here)).toEqual(both(via));
    // One that says so again and again is not asked as often.
    const before = here.heard.length;
    for (let i = 0; i < 50; i++) {
      here.bootedMs = here.nowMs - (i % 2) * HOUR_MS;
      here.announce();
      here.settle();
    }
    expect(here.heard.length).toBe(before);
    here.pass(ANEW_MS_MIN);
  });

  test.each(PROTOCOLS)('%s: says nothing, and is found out within five minutes', (via, can) => {
    const here = home(can);
    here.pass(HOUR_MS / 2);
    here.restart();
    here.pass(CHECK_EVERY_MS + DECIDE_MS);
    expect(here.table.size).toBe(2);
    expect(open(here)).toEqual(both(via));
  });

  test('it says so in a protocol that does not map our ports: it is asked in the one that does', () => {
    for (const can of [{ natPmp: true }, { upnp: true }] as Abilities[]) {
      const here = home(can);
      here.pass(HOUR_MS / 2);
      here.restart();
      here.announce(true);
      here.settle();
      expect(here.table.size).toBe(2);
    }
  });

  test('another outside address is told', () => {
    for (const can of [{ natPmp: true }, { upnp: true }] as Abilities[]) {
      const here = home(can);
      here.can.external = '93.184.216.99';
      here.pass(CHECK_EVERY_MS);
      expect(here.maps.map(({ external }) => external.host)).toEqual([
        '93.184.216.99',
        '93.184.216.99',
      ]);
    }
  });

  test('one that is gone has no ports of ours; one that comes back has', () => {
    const here = home({ pcp: true });
    here.isSilent = true;
    here.pass(CHECK_EVERY_MS + 120_000);
    expect(here.maps).toEqual([]);
    here.isSilent = false;
    here.restart();
    here.pass(130_000);
    expect(open(here)).toEqual(both('pcp'));
  });
});

describe('[MAP-11] a port that another device has', () => {
  const other = { client: '192.168.1.12', port: 40_001, leaseS: 600 };

  test.each(PROTOCOLS)('%s: stays theirs, and ours is another one', (via, can) => {
    const here = new Home(can);
    here.table.set('udp 40001', other);
    here.begin();
    here.pass(DECIDE_MS);
    const [tcp, udp] = open(here);
    expect(tcp).toBe(`tcp 40001 ${via}`);
    expect(udp).not.toBe(`udp 40001 ${via}`);
    expect(here.table.get('udp 40001')).toEqual(other);
    here.stop();
    expect([...here.table]).toEqual([['udp 40001', other]]);
  });

  test('UPnP: another program of this computer is another too; what we left behind is ours', () => {
    const here = new Home({ upnp: true });
    here.table.set('udp 40001', { client: LOCAL, port: 50_000, leaseS: 0 });
    here.table.set('tcp 40001', { client: LOCAL, port: 40_001, leaseS: 0 });
    here.begin();
    here.pass(DECIDE_MS);
    expect(here.table.get('udp 40001')!.port).toBe(50_000);
    expect(here.table.get('tcp 40001')!.leaseS).toBe(7_200);
    here.stop();
    expect([...here.table.keys()]).toEqual(['udp 40001']);
  });

  test('UPnP: one that was taken from us is not taken back, nor deleted', () => {
    const here = home({ upnp: true });
    here.table.set('udp 40001', other);
    here.pass(CHECK_EVERY_MS);
    expect(open(here)[1]).not.toBe('udp 40001 upnp');
    here.table.set('tcp 40001', other);
    here.stop();
    expect([...here.table.keys()]).toEqual(['udp 40001', 'tcp 40001'].sort().reverse());
  });
});

describe('[MAP-12] a router that refuses', () => {
  test.each([718, 501, 729])('%i: another port, a few times', (code) => {
    const here = home({ upnp: true, refuses: (_, port) => (port < 40_002 ? code : undefined) });
    const ports = here.requests.filter(({ headers }) => /AddPort/.test(headers.SOAPAction ?? ''));
    expect(ports.length).toBeGreaterThanOrEqual(4);
    const never = home({ upnp: true, refuses: () => code });
    expect(never.heard.filter((line) => /AddPort/.test(line))).toHaveLength(2 * PORTS_TRIED_MAX);
  });

  test('606 and all others: not asked again for a while, and said', () => {
    const here = home({ upnp: true, refuses: () => 606 });
    here.pass(130_000);
    expect(here.heard.filter((line) => /AddPort/.test(line))).toHaveLength(2);
    expect(here.mapper.state(here.nowMs)).toBe('refused');
    here.pass(AGAIN_MS[0]);
    expect(here.heard.filter((line) => /AddPort/.test(line))).toHaveLength(4);
    expect(here.mapper.state(here.nowMs)).toBe('refused');
  });

  test('one protocol refuses, the next one maps', () => {
    const here = new Home({ pcp: true, upnp: true, result: 2 });
    here.begin();
    here.pass(DECIDE_MS);
    expect(open(here)).toEqual(both('upnp'));
  });

  test('it has no address of its own: nothing is mapped', () => {
    const here = home({ upnp: true, external: '0.0.0.0' });
    here.pass(130_000);
    expect([here.table.size, here.mapper.state(here.nowMs)]).toEqual([0, 'refused']);
  });
});

describe('[MAP-12] a port that is refused beside one that is open', () => {
  const CONTROLS = PROTOCOLS.slice(0, 2);

  test.each(CONTROLS)('%s: is asked for again, once a quarter of an hour', (via, can) => {
    let result = 0;
    const here = home({ ...can, resultOf: (kind) => (kind === 'udp' ? result : 0) });
    // No resources, at the renewal.
    result = via === 'pcp' ? 8 : 4;
    here.pass(HOUR_MS + DECIDE_MS);
    expect(open(here)).toEqual([`tcp 40001 ${via}`]);
    here.heard.length = 0;
    here.pass(REFUSED_AGAIN_MS);
    expect(here.heard.filter((line) => line.includes('udp'))).toHaveLength(1);
    result = 0;
    here.pass(REFUSED_AGAIN_MS);
    expect(open(here)).toEqual(both(via));
  });
});

describe('[MAP-13] a stop gives everything back', () => {
  test.each(PROTOCOLS)('%s', (_, can) => {
    const here = home(can);
    expect(here.table.size).toBe(2);
    here.stop();
    expect([here.table.size, here.maps.length, here.isStopped]).toEqual([0, 0, true]);
    expect(here.mapper.wakeAtMs()).toBeUndefined();
  });

  test('also what was asked for and not yet answered', () => {
    const here = new Home({ pcp: true });
    here.begin();
    const released = here.heard.length;
    here.stop();
    expect(here.heard.slice(released)).toEqual(['pcp udp 0', 'pcp tcp 0']);
    const upnp = new Home({ upnp: true });
    upnp.begin();
    upnp.nowMs += DECIDE_MS;
    upnp.mapper.handleTimeout(upnp.nowMs);
    // The first request is under way, the stop comes in between.
    upnp.stop();
    expect([upnp.table.size, upnp.isStopped]).toEqual([0, true]);
  });

  test('a router that does not answer is not waited for longer than a second', () => {
    for (const can of [{ pcp: true }, { natPmp: true }] as Abilities[]) {
      const here = home(can);
      here.isSilent = true;
      const sent = here.datagrams.length;
      here.stop();
      expect(here.isStopped).toBe(false);
      here.pass(STOP_MS);
      expect(here.isStopped).toBe(true);
      expect(here.datagrams.length - sent).toBe(6);
    }
  });

  test('nothing was found: it ends at once', () => {
    const here = new Home({});
    here.begin();
    here.stop();
    expect(here.isStopped).toBe(true);
  });
});

describe('[MAP-1] another way out', () => {
  test('another router: all begins anew, and the old one is left alone', () => {
    const here = home({ upnp: true });
    const before = here.requests.length;
    const next = { family: 'v4', gateway: '10.0.0.1', local: '10.0.0.7' } as const;
    here.mapper.handleSites([next], PORTS, here.nowMs);
    here.settle();
    expect(here.maps).toEqual([]);
    expect(here.requests.length).toBe(before);
    expect(here.datagrams.at(-1)!.to).toEqual({ host: '239.255.255.250', port: 1900 });
  });

  test('the same router, another address of ours: what it kept for the old one is taken back', () => {
    const here = home({ upnp: true, refuses: (leaseS) => (leaseS === 0 ? undefined : 725) });
    here.move('192.168.1.77');
    here.pass(LEAVE_MS);
    const clients = [...here.table.values()].map(({ client }) => client);
    expect(clients).toEqual(['192.168.1.77', '192.168.1.77']);
  });

  test.each(PROTOCOLS.slice(0, 2))('%s: that leaves from the old one', (via, can) => {
    const here = home(can);
    here.move('192.168.1.77');
    here.pass(LEAVE_MS);
    const clients = [...here.table.values()].map(({ client }) => client);
    expect(clients).toEqual(['192.168.1.77', '192.168.1.77']);
    expect(open(here)).toEqual(both(via));
  });

  test('nothing that is said to the old one is an answer to who asks from the new one', () => {
    const here = home({ natPmp: true });
    here.isSilent = true;
    here.move('192.168.1.77');
    here.answer(fromHex('008000000000000a5db8d822')!);
    here.pass(DECIDE_MS);
    here.table.clear();
    // Our ports are asked for. What was given back is acknowledged, at either address, or refused.
    const from = { host: GATEWAY, port: 5351 };
    for (const op of ['81', '82']) {
      here.answer(fromHex(`00${op}00000000000a9c41000000000000`)!);
      here.mapper.handleDatagram(SITE, from, fromHex(`00${op}000200000000`)!, here.nowMs);
    }
    here.isSilent = false;
    here.pass(DECIDE_MS);
    expect(open(here)).toEqual(both('nat-pmp'));
  });

  test('there is none by a router that is still there: what it has is given back', () => {
    const here = home({ upnp: true, refuses: (leaseS) => (leaseS === 0 ? undefined : 725) });
    here.leave([GATEWAY]);
    expect([here.maps, here.table.size]).toEqual([[], 0]);
    const gone = home({ upnp: true });
    gone.leave();
    expect([gone.maps, gone.table.size]).toEqual([[], 2]);
  });

  test.each(PROTOCOLS)('%s: the same router after a gap knows us again', (via, can) => {
    const here = home(can);
    here.leave();
    here.pass(HOUR_MS / 2);
    here.begin();
    here.pass(DECIDE_MS);
    expect(open(here)).toEqual(both(via));
    here.stop();
    expect(here.table.size).toBe(0);
  });

  test('the same again changes nothing; no way out, or no port of ours, maps nothing', () => {
    const here = home({ pcp: true });
    const sent = here.datagrams.length;
    here.begin();
    expect(here.datagrams.length).toBe(sent);
    here.mapper.handleSites([], PORTS, here.nowMs);
    here.settle();
    expect([here.maps, here.mapper.state(here.nowMs)]).toEqual([[], 'no-router']);
  });

  test('a person asks, or this computer slept: the router is asked at once', () => {
    const here = new Home({});
    here.begin();
    here.pass(140_000);
    here.can.natPmp = true;
    here.mapper.look(here.nowMs);
    here.settle();
    here.pass(DECIDE_MS);
    expect(open(here)).toEqual(both('nat-pmp'));
    here.restart();
    here.mapper.look(here.nowMs);
    here.settle();
    expect(here.table.size).toBe(2);
  });
});

describe('[MAP-6] a router that forgot our ports, and whose clock does not tell', () => {
  test.each(PROTOCOLS)('%s: has them again once a person asks', (via, can) => {
    const here = home(can);
    here.pass(HOUR_MS / 20);
    here.table.clear();
    here.mapper.look(here.nowMs);
    here.settle();
    expect(here.table.size).toBe(2);
    expect(open(here)).toEqual(both(via));
  });
});

describe('[MAP-2] only the router is believed', () => {
  test('what comes from others is not read', () => {
    const here = new Home({ upnp: true, natPmp: true });
    here.isSilent = true;
    here.begin();
    const alive = fromHex('008000000000000a5db8d822')!;
    here.answer(alive, { host: '192.168.1.66', port: 5351 });
    here.answer(alive, { host: GATEWAY, port: 4444 });
    const ssdp =
      'HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n' +
      'LOCATION: http://192.168.1.1:5000/d.xml\r\n\r\n';
    here.answer(utf8(ssdp), { host: '192.168.1.66', port: 1900 });
    here.pass(SEARCH_MS);
    expect([here.requests, here.mapper.maps]).toEqual([[], []]);
  });

  test.each<Abilities>([{ natPmp: true }, { pcp: true }])(
    'word that nobody asked for is a question to the router, and no more: %o',
    (can) => {
      const here = home(can);
      here.pass(HOUR_MS / 20);
      here.heard.length = 0;
      const bootedMs = here.bootedMs;
      // Anybody near can write in the router's name: of another address, and of a new start.
      const forge = (): void => {
        here.can.external = '93.184.216.99';
        here.bootedMs = here.nowMs;
        here.announce();
        delete here.can.external;
        here.bootedMs = bootedMs;
        expect(here.maps.map(({ external }) => external.host)).toEqual([OUTSIDE, OUTSIDE]);
        here.settle();
      };
      const question = can.pcp ? 'pcp announce' : 'nat-pmp address';
      for (let i = 0; i < 50; i++) forge();
      expect(here.heard).toEqual([question]);
      here.pass(ANEW_MS_MIN);
      forge();
      expect(here.heard).toEqual([question, question]);
      expect(here.maps.map(({ external }) => external.host)).toEqual([OUTSIDE, OUTSIDE]);
    },
  );

  test('a forged answer that comes before the true one stands no longer than the next question', () => {
    const here = home({ natPmp: true });
    here.pass(ANEW_MS_MIN);
    here.mapper.look(here.nowMs);
    here.answer(fromHex('008000000000000a5db8d863')!);
    here.settle();
    here.pass(ANEW_MS_MIN);
    here.announce();
    here.settle();
    expect(here.maps.map(({ external }) => external.host)).toEqual([OUTSIDE, OUTSIDE]);
  });

  test('a refusal of what nobody has asked for closes no port', () => {
    const here = home({ natPmp: true });
    for (const op of ['80', '81', '82']) {
      here.answer(fromHex(`00${op}000200000000`)!);
      here.settle();
      expect(open(here)).toEqual(both('nat-pmp'));
    }
    const asking = new Home({});
    asking.begin();
    asking.answer(fromHex('0081000200000000')!);
    expect(asking.mapper.state(asking.nowMs + LOOK_MS)).toBe('silent');
  });

  test('a port that nobody asked for is not taken', () => {
    const here = home({ natPmp: true });
    here.answer(fromHex('00810000000000ff9c42ffff00001c20')!);
    here.answer(fromHex('00810000000000ff9c4107d000001c20')!);
    here.settle();
    expect(open(here)).toEqual(both('nat-pmp'));
  });

  test('whatever comes, nothing throws and little is sent', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ minLength: 60, maxLength: 60 }).map((bytes) => {
        bytes.set([2, 0x81, 0, 0]);
        return bytes;
      }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => {
        bytes.set([0, 0x80 + (bytes[1]! % 3), 0, 0]);
        return bytes;
      }),
      fc
        .string()
        .map((text) => utf8(`HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1/${text}\r\n`)),
    );
    const reply = fc.record({ status: fc.constantFrom(200, 500, 302), body: fc.string() });
    const step = fc.oneof(part, reply);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer(), (steps, seed) => {
        const here = new Home({ pcp: true, natPmp: true, upnp: true }, seed);
        here.begin();
        for (const [i, one] of steps.entries()) {
          if (one instanceof Uint8Array) here.answer(one);
          else here.mapper.handleHttp(i, { ...one, body: utf8(one.body) }, here.nowMs);
          here.settle();
          here.pass(500);
        }
        expect(here.datagrams.length).toBeLessThan(100);
        here.stop();
        here.pass(STOP_MS);
        expect(here.isStopped).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

test('[MAP-8] a router may answer the search with anything: the mapper goes on', () => {
  for (const description of ['', '<service>', '\0'.repeat(1_000)]) {
    const here = home({ upnp: true, description });
    here.pass(130_000);
    expect(here.mapper.state(here.nowMs)).toBe('refused');
  }
  const elsewhere = home({ upnp: true, location: 'http://192.168.1.2/d.xml' });
  elsewhere.pass(SEARCH_MS);
  expect(elsewhere.requests).toEqual([]);
});

test('[MAP-14] no datagram and no request names a program, a person or a device', () => {
  for (const can of [{ pcp: true }, { natPmp: true }, { upnp: true }] as Abilities[]) {
    const here = home(can);
    here.stop();
    const said = [
      ...here.datagrams.map(({ bytes }) => utf8Text(bytes) ?? ''),
      ...here.requests.map(({ body, headers, path }) => JSON.stringify([body, headers, path])),
    ].join('\n');
    expect(said).not.toMatch(/sotto|user-agent|messenger|chat/i);
    const descriptions = said.match(/<NewPortMappingDescription>[^<]*/g) ?? [];
    for (const description of descriptions) expect(description).toMatch(/>40001 (UDP|TCP)$/);
  }
});
