/**
 * Targets: what a router, or whoever in the network poses as it, answers to those who want a port
 * opened: NAT-PMP, PCP, and UPnP by SSDP, descriptions and calls.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { concat, uintBE, utf8 } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import type { ControlAnswer } from '@sotto/core/path/port-map/control.ts';
import {
  ANSWER_BYTES_MAX,
  parseAnswer,
  parseReply,
  type Place,
  SERVICES_MAX,
  servicesOf,
} from '@sotto/core/path/port-map/igd.ts';
import { NAT_PMP } from '@sotto/core/path/port-map/nat-pmp.ts';
import { PCP } from '@sotto/core/path/port-map/pcp.ts';
import { DESCRIPTION, GATEWAY } from '@sotto/core/path/port-map/test-router.ts';
import type { Target } from './target.ts';

const NONCE = new Prng(31).bytes(12);
const PORT_MAX = 65_535;

function isPlain(answer: ControlAnswer | undefined): boolean {
  if (answer?.type !== 'mapped') return answer !== undefined;
  const { externalPort, leaseS, wish } = answer;
  assert(externalPort <= PORT_MAX && wish.port <= PORT_MAX && leaseS < 2 ** 32, 'figures fit');
  return true;
}

const natPmp: Target = {
  name: 'nat-pmp',
  covers: { 'core/path/port-map/nat-pmp.ts': ['decodeNatPmp'] },
  bytesMax: 48,
  words: [Uint8Array.of(0, 128), Uint8Array.of(0, 129), Uint8Array.of(0, 130)],
  start() {
    const address = Uint8Array.of(93, 184, 216, 34);
    const answers = [
      concat(Uint8Array.of(0, 128, 0, 0), uintBE(77, 4), address),
      concat(Uint8Array.of(0, 129, 0, 0), uintBE(77, 4), uintBE(4_000, 2), uintBE(5_000, 2)),
      concat(Uint8Array.of(0, 130, 0, 2), uintBE(77, 4)),
      concat(Uint8Array.of(0, 128, 0, 3), uintBE(77, 4)),
      Uint8Array.of(2, 129, 0, 1, 0, 0, 0, 0),
    ];
    answers[1] = concat(answers[1]!, uintBE(7_200, 4));
    return { seeds: answers, run: (input) => isPlain(NAT_PMP.decode(input, [])) };
  },
};

const pcp: Target = {
  name: 'pcp',
  covers: { 'core/path/port-map/pcp.ts': ['decodePcp'] },
  bytesMax: 1_200,
  words: [NONCE, Uint8Array.of(17), Uint8Array.of(6), Uint8Array.of(2, 129)],
  start() {
    const head = (op: number, result: number): Uint8Array =>
      concat(Uint8Array.of(2, op, 0, result), uintBE(7_200, 4), uintBE(77, 4), new Uint8Array(12));
    const map = (result: number, protocol: number): Uint8Array =>
      concat(
        head(129, result),
        NONCE,
        Uint8Array.of(protocol, 0, 0, 0),
        uintBE(4_000, 2),
        uintBE(5_000, 2),
        concat(new Uint8Array(10), Uint8Array.of(255, 255, 93, 184, 216, 34)),
      );
    return {
      seeds: [map(0, 17), map(0, 6), map(8, 6), head(128, 0), Uint8Array.of(0, 128, 0, 1)],
      run: (input) => isPlain(PCP.decode(input, [NONCE])),
    };
  },
};

const GATEWAY_SIX = 'fe80::1';

/** Whatever a router writes, it is asked at its own address alone. */
function isItsOwn({ path, to }: Place, gateway = GATEWAY): void {
  assert(to.host === gateway && to.port >= 1 && to.port <= PORT_MAX, 'a place on the router');
  assert(/^\/[!-~]*$/.test(path), 'a path that can stand in a request');
}

const IGD = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1';

const ssdp: Target = {
  name: 'ssdp-answer',
  covers: { 'core/path/port-map/igd.ts': ['parseAnswer', 'parsePlace', 'isPath'] },
  bytesMax: ANSWER_BYTES_MAX + 100,
  words: [
    ...[
      'HTTP/1.1 200 OK\r\n',
      'ST: ',
      'LOCATION: ',
      'http://',
      `${GATEWAY}`,
      ':5000',
      ':99999',
      '/x',
      '#',
    ],
    ...['\r\n', IGD, 'urn:schemas-upnp-org:service:WANIPConnection:1'],
  ],
  start() {
    const answer = (location: string): Uint8Array =>
      utf8(`HTTP/1.1 200 OK\r\nno colon\r\nST: ${IGD}\r\nLOCATION: ${location}\r\n\r\n`);
    return {
      seeds: [
        ...[`http://${GATEWAY}:5000/desc.xml`, `http://${GATEWAY}`],
        `http://[${GATEWAY_SIX}]:5000/desc.xml`,
      ].map(answer),
      run(input) {
        const place = parseAnswer(input, GATEWAY);
        if (place) isItsOwn(place);
        const six = parseAnswer(input, GATEWAY_SIX);
        if (six) isItsOwn(six, GATEWAY_SIX);
        return place !== undefined || six !== undefined;
      },
    };
  },
};

const service = (type: string, url: string): string =>
  `<x:service a="b"><serviceType>urn:schemas-upnp-org:service:${type}</serviceType>` +
  `<controlURL>${url}</controlURL></x:service>`;

const description: Target = {
  name: 'igd-description',
  covers: { 'core/path/port-map/igd.ts': ['servicesOf', 'resolve', 'textOf'] },
  bytesMax: 16_000,
  words: [
    ...['<service>', '</service>', '<serviceType>', '<controlURL>', '<URLBase>', '<!DOCTYPE', '//'],
    ...['urn:schemas-upnp-org:service:WANIPConnection:1', '&lt;', '&amp;', `http://${GATEWAY}/`],
  ],
  start: () => ({
    seeds: [
      utf8(DESCRIPTION),
      utf8(service('WANPPPConnection:1', 'ctl')),
      utf8(`<URLBase>http://${GATEWAY}:80/a/</URLBase>${service('WANIPConnection:2', '/ctl')}`),
      utf8(service('WANIPConnection:1', `http://${GATEWAY}/&lt;a&gt;&quot;&apos;&amp;`)),
    ],
    run(input) {
      const found = servicesOf(input, { to: { host: GATEWAY, port: 5_000 }, path: '/a/d.xml' });
      assert(found.length <= SERVICES_MAX, 'a few services');
      for (const { control } of found) isItsOwn(control);
      return found.length > 0;
    },
  }),
};

/** First byte: the status, 200 or 500. */
const reply: Target = {
  name: 'igd-reply',
  covers: { 'core/path/port-map/igd.ts': ['parseReply', 'textOf'] },
  bytesMax: 4_000,
  words: ['<errorCode>', '</errorCode>', '<NewExternalIPAddress>', '725', '&gt;'],
  start: () => ({
    seeds: [
      utf8('0<s:Body><NewExternalIPAddress>93.184.216.34</NewExternalIPAddress></s:Body>'),
      utf8('1<UPnPError><errorCode>725</errorCode></UPnPError>'),
    ],
    run(input) {
      const status = ((input[0] ?? 0) & 1) === 0 ? 200 : 500;
      const read = parseReply({ status, body: input.subarray(1) });
      if (!read.ok) {
        assert(read.code >= 0 && read.code <= 999, 'a code of three digits');
        return read.code > 0;
      }
      return read.value('NewExternalIPAddress') !== undefined;
    },
  }),
};

export const ROUTERS: readonly Target[] = [natPmp, pcp, ssdp, description, reply];
