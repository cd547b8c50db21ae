/**
 * Where a relay may be, and what counts as one network (RLY-9, RLY-11).
 *
 * ⚑ An endpoint in somebody's record or request could be anything: a service on this computer, a
 * printer behind this router, a stranger's mail server. A relay is on the public internet, at port
 * 443 or one that needs no privilege.
 * @module
 */
import { type Endpoint, parseAddress, scopeOf } from '../base/endpoint.ts';

/** The one port below 1,024 at which a relay may listen. */
export const HTTPS_PORT = 443;
const UNPRIVILEGED_PORT = 1_024;

/**
 * May a relay be there? IPv6 forms that carry an IPv4 address (6to4, Teredo, NAT64) count as none.
 * @param isLab addresses for documentation and benchmarks count as public.
 */
export function isRelayEndpoint({ host, port }: Endpoint, isLab: boolean): boolean {
  if (port !== HTTPS_PORT && port < UNPRIVILEGED_PORT) return false;
  const bytes = parseAddress(host);
  if (!bytes || isSpecialSix(bytes)) return false;
  return scopeOf(host) === 'public' || (isLab && isLabAddress(bytes));
}

/**
 * Of the IPv6 addresses that count as public: 2002::/16 leads to the IPv4 address inside, 2001::/23
 * belongs to protocols (Teredo, 2001::/32, carries IPv4 too), 3fff::/20 to documentation.
 */
function isSpecialSix(bytes: Uint8Array): boolean {
  if (bytes.length === 4) return false;
  const [first, third] = [(bytes[0]! << 8) | bytes[1]!, bytes[2]!];
  if (first === 0x2002) return true;
  return (first === 0x2001 && third < 2) || (first === 0x3fff && third < 0x10);
}

/** RFC 5737, RFC 2544 and RFC 3849. */
function isLabAddress(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes as unknown as [number, number, number, number];
  if (bytes.length === 16) return a === 0x20 && b === 0x01 && c === 0x0d && d === 0xb8;
  if (a === 198 && (b === 18 || b === 19)) return true;
  return (
    (a === 192 && b === 0 && c === 2) ||
    (a === 198 && b === 51 && c === 100) ||
    (a === 203 && b === 0 && c === 113)
  );
}

/** Who counts as one client: an IPv4 host, or an IPv6 /64, all of which one has. */
export function clientKey(host: string): string {
  return prefixOf(host, 4, 8);
}

function prefixOf(host: string, v4Bytes: number, v6Bytes: number): string {
  const bytes = parseAddress(host);
  if (!bytes) return host;
  const isV4 = bytes.length === 4;
  return `${isV4 ? '4' : '6'}:${bytes.subarray(0, isV4 ? v4Bytes : v6Bytes).join('.')}`;
}

/** Relays of one network may fall, or be watched, together: IPv4 /16, IPv6 /32. */
export function networkKey(host: string): string {
  return prefixOf(host, 2, 4);
}
