/**
 * What outlives a restart of the public relays that we know, as one document of the vault (space
 * 'relay'): a list of at most 16.
 *
 *   key  type   meaning
 *   e    bytes  compact endpoint
 *   f    int    bit 0: it listens on TCP too, bit 1: on TCP port 443 as well
 *   k    bytes  its Noise key (32 B)
 *   t    int    when a handshake last showed it there (ms since 1970)
 * @module
 */
import { asBytes, asDict, asInt, asList, decode, encode } from '../base/bencode.ts';
import { equal, utf8 } from '../base/bytes.ts';
import { decodeEndpoint, encodeEndpoint } from '../base/endpoint.ts';
import type { Doc, DocChange } from '../base/vault.ts';
import { REMEMBERED_MAX, type SeenRelay } from '../relay/directory.ts';
import { KEY_BYTES } from '../relay/slots.ts';

const KEY = utf8('public');
const TCP = 1;
const WEB = 2;

export function directoryDoc(relays: readonly SeenRelay[]): DocChange {
  const list = relays.slice(0, REMEMBERED_MAX).map(({ address, seenMs }) => ({
    e: encodeEndpoint(address.endpoint),
    f: (address.tcp ? TCP : 0) | (address.web ? WEB : 0),
    k: address.key,
    t: seenMs,
  }));
  return { space: 'relay', key: KEY, value: encode(list) };
}

/** Reads our own document; without one nobody is known. */
export function savedDirectory(docs: readonly Doc[]): SeenRelay[] {
  const doc = docs.find(({ key, space }) => space === 'relay' && equal(key, KEY));
  const decoded = doc && decode(doc.value);
  const list = decoded?.ok ? asList(decoded.value) : undefined;
  return (list ?? []).flatMap((entry) => {
    const dict = asDict(entry);
    const place = asBytes(dict?.['e']);
    const endpoint = place && decodeEndpoint(place);
    const flags = asInt(dict?.['f'], 0, 255);
    const key = asBytes(dict?.['k'], KEY_BYTES);
    const seenMs = asInt(dict?.['t'], 0, Number.MAX_SAFE_INTEGER);
    if (!endpoint || flags === undefined || !key || seenMs === undefined) return [];
    const on = { udp: true, tcp: (flags & TCP) !== 0 };
    const web = (flags & WEB) !== 0 && { web: true as const };
    return [{ address: { endpoint, key: key.slice(), ...on, ...web }, seenMs }];
  });
}
