import { describe, expect, test } from 'vitest';
import { utf8, utf8Text } from '../../base/bytes.ts';
import type { Family } from '../../base/endpoint.ts';
import {
  callRequest,
  parseAnswer,
  parseReply,
  searches,
  servicesOf,
  SERVICES_MAX,
  WALL_SERVICE,
} from './igd.ts';
import { DESCRIPTION, GATEWAY } from './test-router.ts';

const AT = { to: { host: GATEWAY, port: 5000 }, path: '/a/desc.xml' };
const IGD = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1';
const answer = (location: string, st = IGD): string =>
  `HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nst: ${st}\r\nLocation: ${location}\r\n\r\n`;
const place = (text: string): unknown => parseAnswer(utf8(text), GATEWAY);
const service = (type: string, url: string): string =>
  `<service><serviceType>urn:schemas-upnp-org:service:${type}</serviceType>` +
  `<controlURL>${url}</controlURL></service>`;
const controls = (xml: string): string[] =>
  servicesOf(utf8(xml), AT).map(({ control: { path, to } }) => `${to.host}:${to.port}${path}`);

test('[MAP-7] [MAP-19] a search asks for routers of both versions and says nothing of us', () => {
  const said = (family: Family): unknown =>
    searches(family).map(({ bytes, to }) => [to, utf8Text(bytes)]);
  const asked = (host: string, name: string): unknown =>
    [1, 2].map((version) => [
      { host, port: 1900 },
      `M-SEARCH * HTTP/1.1\r\nHOST: ${name}:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\n` +
        `ST: urn:schemas-upnp-org:device:InternetGatewayDevice:${version}\r\n\r\n`,
    ]);
  expect(said('v4')).toEqual(asked('239.255.255.250', '239.255.255.250'));
  expect(said('v6')).toEqual(asked('ff02::c', '[ff02::c]'));
});

test('[MAP-7] the answer of the router names its description', () => {
  expect(place(answer('http://192.168.1.1:5000/desc.xml'))).toEqual({
    to: { host: GATEWAY, port: 5000 },
    path: '/desc.xml',
  });
  expect(place(answer('http://192.168.1.1'))).toEqual({
    to: { host: GATEWAY, port: 80 },
    path: '/',
  });
});

describe('[MAP-8] an answer that leads elsewhere is not followed', () => {
  test.each([
    ['another host', answer('http://192.168.1.2:5000/desc.xml')],
    ['a name', answer('http://router.lan:5000/desc.xml')],
    ['a user before the host', answer('http://192.168.1.1@example.org/desc.xml')],
    ['another scheme', answer('https://192.168.1.1/desc.xml')],
    ['a file', answer('file:///etc/passwd')],
    ['a port that is none', answer('http://192.168.1.1:70000/')],
    ['a header inside the path', answer('http://192.168.1.1/a b')],
    ['a long path', answer(`http://192.168.1.1/${'a'.repeat(300)}`)],
    ['another device', answer('http://192.168.1.1/', 'urn:schemas-upnp-org:device:TV:1')],
    ['another status', answer('http://192.168.1.1/').replace('200', '404')],
    ['a notice', answer('http://192.168.1.1/').replace('HTTP/1.1 200 OK', 'NOTIFY * HTTP/1.1')],
    ['too much', answer('http://192.168.1.1/') + 'X: y\r\n'.repeat(1_000)],
    ['nothing', ''],
  ])('%s', (_, text) => expect(place(text)).toBeUndefined());
});

test('[MAP-9] services that map ports are found in the order of the description', () => {
  expect(servicesOf(utf8(DESCRIPTION), AT)).toEqual([
    {
      type: 'urn:schemas-upnp-org:service:WANIPConnection:1',
      control: { to: AT.to, path: '/ctl/IPConn' },
    },
  ]);
  const several = ['WANPPPConnection:1', 'WANIPConnection:2', 'WANCommonInterfaceConfig:1']
    .map((type, i) => service(type, `/c${i}`))
    .join('');
  expect(controls(several)).toEqual(['192.168.1.1:5000/c0', '192.168.1.1:5000/c1']);
  const many = service('WANIPConnection:1', '/c').repeat(200);
  expect(controls(many)).toHaveLength(SERVICES_MAX);
  const prefixed = DESCRIPTION.replaceAll(/<(\/?)(service|controlURL|serviceType)>/g, '<$1u:$2>');
  expect(controls(prefixed)).toEqual(['192.168.1.1:5000/ctl/IPConn']);
});

describe('[MAP-8] the address of a service is one of the router', () => {
  const one = (url: string): string[] => controls(service('WANIPConnection:1', url));
  test.each([
    ['/ctl', '192.168.1.1:5000/ctl'],
    ['ctl/x', '192.168.1.1:5000/a/ctl/x'],
    ['http://192.168.1.1:49000/upnp?a=1&amp;b=2', '192.168.1.1:49000/upnp?a=1&b=2'],
  ])('%s leads to it', (url, at) => expect(one(url)).toEqual([at]));
  test.each([
    'http://192.168.1.2/ctl',
    'http://example.org/ctl',
    '//192.168.1.2/ctl',
    'gopher://192.168.1.1/x',
    '/ctl HTTP/1.1&#13;&#10;Host: x',
    '/a b',
    '/ä',
    '',
  ])('%s does not', (url) => expect(one(url)).toEqual([]));

  test('a base counts where it is one of the router', () => {
    const xml = service('WANIPConnection:1', 'ctl');
    const based = (base: string): string[] => controls(`<URLBase>${base}</URLBase>${xml}`);
    expect(based('http://192.168.1.1:80/')).toEqual(['192.168.1.1:80/ctl']);
    expect(based('http://192.168.1.9:80/')).toEqual(['192.168.1.1:5000/a/ctl']);
  });
});

test('[MAP-8] what is no plain description has no services, and is read in linear time', () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "${'b'.repeat(99)}">]>${DESCRIPTION}`;
  for (const xml of ['', '<', bomb, '<service>'.repeat(14_000), '<'.repeat(128_000)]) {
    expect(controls(xml)).toEqual([]);
  }
  const open = `<service><serviceType ${'x '.repeat(60_000)}`;
  expect(controls(open)).toEqual([]);
});

test('[MAP-14] a call carries figures and addresses, and nothing about us', () => {
  const [found] = servicesOf(utf8(DESCRIPTION), AT);
  const request = callRequest(found!, 'DeletePortMapping', { NewExternalPort: 40_001 });
  expect(request).toMatchObject({ to: AT.to, path: '/ctl/IPConn', method: 'POST' });
  expect(request.headers).toEqual({
    'Content-Type': 'text/xml; charset="utf-8"',
    SOAPAction: '"urn:schemas-upnp-org:service:WANIPConnection:1#DeletePortMapping"',
  });
  expect(request.body).toContain(
    '<u:DeletePortMapping xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1">' +
      '<NewExternalPort>40001</NewExternalPort></u:DeletePortMapping>',
  );
});

test('[MAP-12] replies give a value or a code', () => {
  const reply = (status: number, text: string): ReturnType<typeof parseReply> =>
    parseReply({ status, body: utf8(text) });
  const fine = reply(200, '<a><NewPort> 7 </NewPort><Empty></Empty></a>');
  expect(fine.ok && [fine.value('NewPort'), fine.value('Empty'), fine.value('No')]).toEqual([
    '7',
    '',
    undefined,
  ]);
  expect(reply(500, '<s:x><errorCode>718</errorCode></s:x>')).toEqual({ ok: false, code: 718 });
  expect(reply(500, '<errorCode>7e2</errorCode>')).toEqual({ ok: false, code: 0 });
  expect(reply(302, '')).toEqual({ ok: false, code: 0 });
});

describe('[MAP-19] over IPv6 a router is asked at the address of our route, whatever it calls itself', () => {
  const router = 'fe80::1';
  const six = (location: string): unknown => parseAnswer(utf8(answer(location)), router);
  test.each([
    ['http://[2a00:1::1]:5000/desc.xml', 5000, '/desc.xml'],
    ['http://[fe80::1]/', 80, '/'],
    ['http://[fd00::66]:49000', 49_000, '/'],
  ])('%s', (location, port, path) => {
    expect(six(location)).toEqual({ to: { host: router, port }, path });
  });
  test.each([
    'http://192.168.1.1:5000/desc.xml',
    'http://router.lan:5000/desc.xml',
    'https://[2a00:1::1]:5000/',
    'http://[2a00:1::1]:70000/',
    'http://[2a00:::1]:5000/',
    'http://[2a00:1::1]:5000/a b',
    'http://[2a00:1::1]@example.org/',
  ])('%s leads nowhere', (location) => expect(six(location)).toBeUndefined());

  test('so is its service, which is another one than over IPv4', () => {
    const at = { to: { host: router, port: 5000 }, path: '/desc.xml' };
    const type = 'WANIPv6FirewallControl:1';
    const found = (url: string): unknown =>
      servicesOf(utf8(service('WANIPConnection:2', '/no') + service(type, url)), at, WALL_SERVICE);
    const place = (port: number): unknown => [
      {
        type: `urn:schemas-upnp-org:service:${type}`,
        control: { to: { host: router, port }, path: '/ctl/IP6FCtl' },
      },
    ];
    expect(found('/ctl/IP6FCtl')).toEqual(place(5000));
    expect(found('http://[2a00:1::9]:6000/ctl/IP6FCtl')).toEqual(place(6000));
    expect(found('http://192.168.1.1:6000/ctl/IP6FCtl')).toEqual([]);
    expect(servicesOf(utf8(service(type, '/x')), at)).toEqual([]);
  });
});
