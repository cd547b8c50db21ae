/**
 * Tracker URLs: where a tracker is asked, as lists of trackers write it (TRK-1).
 *
 *   http://host[:port]/announce     https://host[:port]/announce     udp://host:port[/announce]
 *
 * Any path and query will do over HTTP: many trackers know their users by them. Pure.
 * @module
 */
import { formatAddress, parseAddress } from '../base/endpoint.ts';

/** Trackers of one list. */
export const TRACKERS_MAX = 16;
export const TRACKER_URL_CHARACTERS_MAX = 256;

export interface Tracker {
  readonly kind: 'udp' | 'http' | 'https';
  /** A name in small letters, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query; `/announce` where UDP is spoken, which has none. */
  readonly path: string;
}

const URL_PARTS = /^(udp|https?):\/\/(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::(\d{1,5}))?(\/.*)?$/i;
/** What may stand in a path and a query: no line of HTTP ends there, and no entry of a list. */
const PATH = /^\/[A-Za-z0-9/._~!$&'()*+;=:@%?-]*$/;
const NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const STANDARD_PORTS = { http: 80, https: 443, udp: undefined };

/** Reads one URL; undefined where it is no tracker's. */
export function parseTracker(text: string): Tracker | undefined {
  const match = text.length > TRACKER_URL_CHARACTERS_MAX ? null : URL_PARTS.exec(text);
  if (!match) return undefined;
  const kind = match[1]!.toLowerCase() as Tracker['kind'];
  const host = hostOf(match[2], match[3]);
  const port = match[4] === undefined ? STANDARD_PORTS[kind] : Number(match[4]);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  const path = match[5] ?? '/';
  if (!PATH.test(path)) return undefined;
  return { kind, host, port, path: kind === 'udp' ? '/announce' : path };
}

/** The one text of a tracker, by which it is known again. */
export function trackerText({ host, kind, path, port }: Tracker): string {
  const isStandard = port === STANDARD_PORTS[kind];
  return `${kind}://${bracketed(host)}${isStandard ? '' : `:${port}`}${path}`;
}

/** Host and port as HTTP names them. */
export function authorityOf({ host, kind, port }: Omit<Tracker, 'path'>): string {
  return port === STANDARD_PORTS[kind] ? bracketed(host) : `${bracketed(host)}:${port}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Four numbers are an address or nothing: no name ends in a number. */
function hostOf(six: string | undefined, other: string | undefined): string | undefined {
  const address = parseAddress(six ?? other!);
  if (address)
    return (six === undefined) === (address.length === 4) ? formatAddress(address) : undefined;
  const name = other?.toLowerCase();
  const isName = name !== undefined && NAME.test(name) && !/(^|\.)[0-9]+$/.test(name);
  return isName ? name : undefined;
}
