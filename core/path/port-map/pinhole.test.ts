import { describe, expect, test } from 'vitest';
import { utf8, utf8Text } from '../../base/bytes.ts';
import { SEARCH_MS } from './calls.ts';
import { LEAVE_MS, STOP_MS } from './mapper.ts';
import { AGAIN_MS, CHECK_EVERY_MS, DECIDE_MS } from './site.ts';
import { Home, SITE_SIX, type Abilities } from './test-router.ts';

const HOUR_MS = 3_600_000;
const { gateway: ROUTER, local: LOCAL } = SITE_SIX;

function home(can: Abilities = {}): Home {
  const here = new Home({ upnp: true, ...can }, 1, SITE_SIX);
  here.begin();
  here.pass(DECIDE_MS);
  return here;
}

/** What is let in, and what is told of it. */
const holes = ({ holes: all }: Home): string[] =>
  [...all.values()].map(({ client, leaseS, port, protocol }) =>
    [protocol, client, port, leaseS].join(' '),
  );
const told = ({ maps }: Home): string[] =>
  maps.map(
    ({ external: { host, port }, family, transport, via }) =>
      `${family} ${transport} ${host} ${port} ${via}`,
  );
const count = ({ heard }: Home, action: string): number =>
  heard.filter((line) => line === `http ${action}`).length;

const OPEN = [`17 ${LOCAL} 40001 7200`, `6 ${LOCAL} 40001 7200`];
const TOLD = ['udp', 'tcp'].map((transport) => `v6 ${transport} ${LOCAL} 40001 upnp`);

describe('[MAP-20] a pinhole for each of our ports', () => {
  test('is asked for by the address that it is for, at the router of the route', () => {
    const here = home();
    expect([holes(here), told(here)]).toEqual([OPEN, TOLD]);
    expect(here.mapper.state(here.nowMs)).toBe('open');
    expect(here.requests.map(({ from, to }) => [from, to.host])).toEqual(
      here.requests.map(() => [LOCAL, ROUTER]),
    );
    const [first] = here.requests.filter(({ body }) => body.includes('AddPinhole'));
    expect(first!.path).toBe('/ctl/IP6FCtl');
    expect(first!.body).toContain(
      '<u:AddPinhole xmlns:u="urn:schemas-upnp-org:service:WANIPv6FirewallControl:1">' +
        '<RemoteHost></RemoteHost><RemotePort>0</RemotePort>' +
        `<InternalClient>${LOCAL}</InternalClient><InternalPort>40001</InternalPort>` +
        '<Protocol>17</Protocol><LeaseTime>7200</LeaseTime></u:AddPinhole>',
    );
  });

  test('has its time again every 5 minutes', () => {
    const here = home();
    const before = count(here, 'UpdatePinhole');
    here.pass(CHECK_EVERY_MS);
    expect(count(here, 'UpdatePinhole') - before).toBe(2);
    here.pass(24 * HOUR_MS);
    expect([holes(here), told(here), count(here, 'AddPinhole')]).toEqual([OPEN, TOLD, 2]);
  });

  test('is asked for anew where the router has forgotten it', () => {
    const here = home();
    here.restart();
    here.pass(CHECK_EVERY_MS);
    expect([holes(here), told(here)]).toEqual([OPEN, TOLD]);
    here.stop();
    expect([holes(here), here.isStopped]).toEqual([[], true]);
  });

  test('of a killed process is taken over by its next start, and given back', () => {
    const here = home();
    const next = new Home({ upnp: true }, 2, SITE_SIX);
    for (const [id, hole] of here.holes) next.holes.set(id, hole);
    next.begin();
    next.pass(DECIDE_MS);
    expect([holes(next), told(next)]).toEqual([OPEN, TOLD]);
    next.stop();
    expect(holes(next)).toEqual([]);
  });
});

describe('[MAP-21] what a router says of its wall', () => {
  test('it is down: everybody is let in, and nothing is asked for; up again: it is', () => {
    for (const no of ['0', 'false', 'no']) {
      const here = home({ wall: [no, '1'] });
      expect([holes(here), told(here)]).toEqual([[], TOLD]);
      here.can.wall = ['1', '1'];
      here.pass(CHECK_EVERY_MS);
      expect([holes(here), told(here)]).toEqual([OPEN, TOLD]);
    }
  });

  test('it stands, and nobody may ask: refused, until that changes', () => {
    const here = home({ wall: ['1', '0'] });
    // PCP is waited for before that is said.
    here.pass(130_000);
    expect([told(here), here.mapper.state(here.nowMs)]).toEqual([[], 'refused']);
    expect(count(here, 'AddPinhole')).toBe(0);
    here.can.wall = ['1', '1'];
    here.pass(AGAIN_MS[0] + DECIDE_MS);
    expect(told(here)).toEqual(TOLD);
    here.can.wall = ['1', '0'];
    here.pass(CHECK_EVERY_MS);
    expect(told(here)).toEqual([]);
  });

  test.each([501, 606, 701, 703])('%i: refused, and not asked again for a while', (code) => {
    const here = home({ refusesHole: code });
    here.pass(130_000);
    expect([told(here), here.mapper.state(here.nowMs)]).toEqual([[], 'refused']);
    expect(count(here, 'AddPinhole')).toBe(2);
    here.can.refusesHole = undefined;
    here.pass(AGAIN_MS[0] + DECIDE_MS);
    expect(told(here)).toEqual(TOLD);
  });

  test('it has a wall and no such service: as if it were silent', () => {
    const here = home({ description: '<service><serviceType>x</serviceType></service>' });
    here.pass(130_000);
    expect([told(here), here.mapper.state(here.nowMs)]).toEqual([[], 'silent']);
  });
});

describe('[MAP-19] only the router of our route is believed', () => {
  test('what comes from another is not read; what it names elsewhere is not asked', () => {
    const here = new Home({ upnp: true }, 1, SITE_SIX);
    here.isSilent = true;
    here.begin();
    const said = (host: string): Uint8Array =>
      utf8(
        'HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:2\r\n' +
          `LOCATION: http://${host}:5000/d.xml\r\n\r\n`,
      );
    here.answer(said('[fe80::66]'), { host: 'fe80::66', port: 1900 });
    here.answer(said('192.168.1.1'), { host: ROUTER, port: 1900 });
    here.settle();
    expect(here.requests).toEqual([]);
    here.answer(said('[fe80::66]'), { host: ROUTER, port: 1900 });
    here.settle();
    expect(here.requests.map(({ to }) => to)).toEqual([{ host: ROUTER, port: 5000 }]);
  });

  test('it is searched for at 0, 1 and 3 s, in this network alone', () => {
    const here = new Home({}, 1, SITE_SIX);
    here.begin();
    here.pass(SEARCH_MS);
    const asked = here.datagrams.filter(({ to }) => to.port === 1900);
    expect(asked.map(({ to }) => to.host)).toEqual(Array.from({ length: 6 }, () => 'ff02::c'));
    expect(asked.every(({ bytes }) => utf8Text(bytes)!.startsWith('M-SEARCH'))).toBe(true);
  });
});

describe('[MAP-13] [MAP-20] a stop gives pinholes back', () => {
  test('also one whose number is not known yet', () => {
    const here = new Home({ upnp: true }, 1, SITE_SIX);
    here.begin();
    here.nowMs += DECIDE_MS;
    here.mapper.handleTimeout(here.nowMs);
    // AddPinhole is under way.
    here.mapper.stop(here.nowMs);
    here.settle();
    here.pass(STOP_MS);
    expect([holes(here), here.isStopped, count(here, 'DeletePinhole')]).toEqual([[], true, 1]);
  });

  test('and another address of ours has its own', () => {
    const here = home();
    here.move('2a00:1::77');
    here.pass(LEAVE_MS);
    expect(count(here, 'DeletePinhole')).toBe(2);
  });

  test('a router that is silent at the end is not waited for longer than a second', () => {
    const here = home();
    here.isSilent = true;
    here.stop();
    here.pass(STOP_MS);
    expect(here.isStopped).toBe(true);
  });
});

test('[MAP-14] no pinhole names a program, a person or a device', () => {
  const here = home();
  here.stop();
  const said = here.requests.map(({ body, headers, path }) =>
    JSON.stringify([body, headers, path]),
  );
  expect(said.length).toBeGreaterThan(4);
  expect(said.join('\n')).not.toMatch(/sotto|user-agent|messenger|chat/i);
});
