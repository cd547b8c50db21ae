/**
 * UPnP-IGD: what is said between us and a router, versions 1 and 2 alike.
 *
 *   search   UDP to 239.255.255.250:1900  "M-SEARCH * HTTP/1.1 ... ST: urn:..."
 *            or [ff02::c]:1900
 *   answer   UDP                          "HTTP/1.1 200 OK ... LOCATION: http://GATEWAY:PORT/PATH"
 *   look     GET LOCATION                 XML: services, each with a type and a control address
 *   call     POST control address         SOAP: action and arguments; status 500: an error code
 *
 * Nothing here is a whole XML parser on purpose: names of tags are looked for, and the text
 * between two tags is taken. So there are no entities of a document, no nesting and no depth.
 * ⚑ Every address that comes out of it is the router's own (MAP-8).
 * Spec: docs/spec/port-map.md MAP-7 to MAP-9, MAP-19, MAP-20.
 * @module
 */
import { utf8 } from '../../base/bytes.ts';
import { endpointKey, parseEndpoint, type Endpoint, type Family } from '../../base/endpoint.ts';
import type { HttpReply, HttpRequest } from './contract.ts';

export const SSDP: Readonly<Record<Family, Endpoint>> = {
  v4: { host: '239.255.255.250', port: 1900 },
  v6: { host: 'ff02::c', port: 1900 },
};
export const ANSWER_BYTES_MAX = 2_048;
export const SERVICES_MAX = 4;
const PATH_LENGTH_MAX = 256;
/** Parts of a description that may be services; the largest known one has 14. */
const PARTS_MAX = 64;

const TARGETS = [
  'urn:schemas-upnp-org:device:InternetGatewayDevice:1',
  'urn:schemas-upnp-org:device:InternetGatewayDevice:2',
];
/** Services that map ports, and the one that opens a wall of IPv6. */
export const MAP_SERVICE = /^urn:schemas-upnp-org:service:WAN(IP|PPP)Connection:[12]$/;
export const WALL_SERVICE = /^urn:schemas-upnp-org:service:WANIPv6FirewallControl:1$/;
const ANSWER_TARGET = /^urn:schemas-upnp-org:(device:InternetGatewayDevice|service:WAN)/;

/** Where something is on the router. */
export interface Place {
  readonly to: Endpoint;
  readonly path: string;
}

/** A service of a router. */
export interface Service {
  readonly type: string;
  readonly control: Place;
}

/** The questions after routers, one for each version. They say nothing of us. */
export function searches(family: Family): { to: Endpoint; bytes: Uint8Array }[] {
  const to = SSDP[family];
  return TARGETS.map((target) => ({
    to,
    bytes: utf8(
      [
        'M-SEARCH * HTTP/1.1',
        `HOST: ${endpointKey(to)}`,
        'MAN: "ssdp:discover"',
        'MX: 1',
        `ST: ${target}`,
        '\r\n',
      ].join('\r\n'),
    ),
  }));
}

/** The place that an answer names, where it is one of this router. */
export function parseAnswer(bytes: Uint8Array, gateway: string): Place | undefined {
  if (bytes.length > ANSWER_BYTES_MAX) return undefined;
  const [status, ...lines] = latin1(bytes).split('\r\n');
  if (status === undefined || !/^HTTP\/1\.[01] 200\b/.test(status)) return undefined;
  const headers = new Map(
    lines.flatMap((line) => {
      const at = line.indexOf(':');
      return at < 0 ? [] : [[line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()]];
    }),
  );
  if (!ANSWER_TARGET.test(headers.get('st') ?? '')) return undefined;
  return parsePlace(headers.get('location') ?? '', gateway);
}

/**
 * A whole http address, where its host is this router. Over IPv6 a router has several addresses and
 * names another than that of our route: then port and path count, and it is asked at ours.
 */
function parsePlace(url: string, gateway: string): Place | undefined {
  const match = /^http:\/\/([0-9.]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?(\/[!-~]*)?$/i.exec(url);
  const named = match && parseEndpoint(`${match[1]}:${match[2] ?? '80'}`);
  if (!named || named.host.includes(':') !== gateway.includes(':')) return undefined;
  if (!gateway.includes(':') && match[1] !== gateway) return undefined;
  const path = match[3] ?? '/';
  return isPath(path) ? { to: { host: gateway, port: named.port }, path } : undefined;
}

function isPath(path: string): boolean {
  return path.length <= PATH_LENGTH_MAX && /^\/[!-~]*$/.test(path) && !path.includes('#');
}

/** The services of a description that are of a kind, in its order; those that map ports. */
export function servicesOf(bytes: Uint8Array, at: Place, kind = MAP_SERVICE): Service[] {
  const text = latin1(bytes);
  // An own document type brings entities of its own: no router needs one.
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) return [];
  const base = parsePlace(textOf(text, 'URLBase') ?? '', at.to.host) ?? at;
  const parts = text.split(/<(?:\w{1,16}:)?service(?=[\s>])/, PARTS_MAX).slice(1);
  return parts
    .flatMap((part) => {
      const type = textOf(part, 'serviceType') ?? '';
      const control = resolve(textOf(part, 'controlURL') ?? '', base);
      return kind.test(type) && control ? [{ type, control }] : [];
    })
    .slice(0, SERVICES_MAX);
}

function resolve(url: string, base: Place): Place | undefined {
  if (/^[a-z]+:/i.test(url)) return parsePlace(url, base.to.host);
  // "//host/path" would lead to another host.
  if (url === '' || url.startsWith('//')) return undefined;
  const folder = base.path.slice(0, base.path.lastIndexOf('/') + 1);
  const path = url.startsWith('/') ? url : folder + url;
  return isPath(path) ? { to: base.to, path } : undefined;
}

/** Asks for a description. */
export function lookRequest({ path, to }: Place): HttpRequest {
  return { to, path, method: 'GET', headers: {}, body: '' };
}

/** Calls an action. Names and values are ours: figures, addresses and plain words. */
export function callRequest(
  { control, type }: Service,
  action: string,
  values: Readonly<Record<string, string | number>>,
): HttpRequest {
  const inside = Object.entries(values).map(([name, value]) => `<${name}>${value}</${name}>`);
  const soap = 'http://schemas.xmlsoap.org/soap';
  const body =
    '<?xml version="1.0"?>\r\n' +
    `<s:Envelope xmlns:s="${soap}/envelope/" s:encodingStyle="${soap}/encoding/"><s:Body>` +
    `<u:${action} xmlns:u="${type}">${inside.join('')}</u:${action}></s:Body></s:Envelope>\r\n`;
  const headers = {
    'Content-Type': 'text/xml; charset="utf-8"',
    SOAPAction: `"${type}#${action}"`,
  };
  return { to: control.to, path: control.path, method: 'POST', headers, body };
}

export type CallReply =
  | { readonly ok: true; value(name: string): string | undefined }
  /** 0: it gave no code. */
  | { readonly ok: false; readonly code: number };

export function parseReply({ body, status }: NonNullable<HttpReply>): CallReply {
  const text = latin1(body);
  if (status === 200) return { ok: true, value: (name) => textOf(text, name) };
  const code = textOf(text, 'errorCode') ?? '';
  return { ok: false, code: /^\d{3}$/.test(code) ? Number(code) : 0 };
}

/** The text of the first element of this name that holds text alone. */
function textOf(xml: string, name: string): string | undefined {
  const open = new RegExp(`<(?:\\w{1,16}:)?${name}(?:\\s[^<>]*)?>([^<]*)<`).exec(xml);
  return open?.[1]!
    .trim()
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

/** One character per byte: names of routers come in any encoding, what we look for is ASCII. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
