/**
 * Egress: what may leave this computer by the settings, decided here and nowhere else
 * (PRX-1 to PRX-5).
 *
 *                          no proxy    proxy           proxy, proxy.udp=direct
 *   TCP that we dial       directly    by the proxy    by the proxy
 *   TCP that we accept     yes         none            none
 *   UDP, and so the DHT    yes         none            directly
 *   names looked up        helpers'    none            helpers'
 *   trackers over HTTP     yes         none            none
 *   own addresses told     all         none            UDP ones
 *   asking the router,
 *   looking around nearby  yes         no              no
 *
 * What is dialled inside this computer (Echo) never leaves it, in no column. The one name that is
 * looked up with a proxy is the proxy's own, where the settings name it so.
 * @module
 */
import { parts } from '@sotto/api/settings.ts';
import type { Settings } from '@sotto/api/settings.ts';
import { utf8 } from '@sotto/core/base/bytes.ts';
import { Secret } from '@sotto/core/crypto/keys.ts';

/** Type and not care keeps it out of logs and errors. */
export type ProxyPassword = Secret<'proxy password'>;

export interface ProxyAccount {
  readonly user: string;
  readonly password: ProxyPassword | undefined;
}

export interface ProxySettings {
  readonly kind: 'socks5' | 'http';
  /** Undefined where none is set: then nothing leaves at all. */
  readonly at: { readonly host: string; readonly port: number } | undefined;
  readonly account: ProxyAccount | undefined;
}

export interface Egress {
  /** Undefined: TCP leaves directly. */
  readonly proxy: ProxySettings | undefined;
  readonly udp: boolean;
  /** Do others reach a TCP port of ours? */
  readonly accepts: boolean;
  readonly dht: boolean;
  readonly names: boolean;
  /** May trackers be asked over HTTP? By a proxy they would be told its address (TRK-16). */
  readonly webTrackers: boolean;
  /** May anything tell where we are? */
  readonly tellsAddresses: boolean;
  /** May the router be asked, and this network be looked around in? */
  readonly nearby: boolean;
}

export function egressOf(settings: Settings): Egress {
  const proxy = proxyOf(settings);
  const udp = settings['net.udp'] && (!proxy || settings['proxy.udp'] === 'direct');
  const dht = settings['dht.enabled'] && udp;
  return {
    proxy,
    udp,
    accepts: settings['net.tcp'] && !proxy,
    dht,
    names: !proxy || dht,
    webTrackers: !proxy,
    tellsAddresses: !proxy || udp,
    nearby: !proxy,
  };
}

function proxyOf(settings: Settings): ProxySettings | undefined {
  const kind = settings['proxy.kind'];
  if (kind === 'none') return undefined;
  const user = settings['proxy.user'];
  const password = settings['proxy.password'];
  const account = {
    user,
    password: password === '' ? undefined : new Secret('proxy password', utf8(password)),
  };
  const at = endpointOf(settings['proxy.address']);
  return { kind, at, account: user === '' ? undefined : account };
}

/** `host:port`, the host a name or an address, IPv6 in brackets. */
function endpointOf(text: string): ProxySettings['at'] {
  const [address] = parts(text);
  if (address === undefined) return undefined;
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(address.slice(at + 1)) };
}
