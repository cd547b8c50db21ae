/**
 * The kinds of networks that people sit in, as the lab builds them.
 * @module
 */
import type { Four } from './rules.ts';

export type HomeKind =
  | 'open'
  | 'open-dual'
  | 'full'
  | 'restricted'
  | 'port'
  | 'symmetric'
  | 'upnp'
  | 'carrier'
  | 'carrier-upnp'
  | 'mobile'
  | 'no-udp'
  | 'web'
  | 'proxy'
  | 'proxy-password'
  | 'six'
  | 'dual';

export interface Kind {
  readonly about: string;
  /** Nothing is in front of it. */
  readonly open?: true;
  /** What its own gateway does with IPv4; absent: it has no gateway, or no IPv4. */
  readonly four?: Four;
  /** It has IPv6; where there is a gateway, its firewall lets in what was asked for. */
  readonly six?: true;
  /** It hangs on the network of a carrier, which is a port-restricted NAT too. */
  readonly carrier?: true;
  readonly service?: 'upnp' | 'proxy' | 'proxy-password';
}

const PORT: Four = { mapping: 'independent', filtering: 'port', out: 'everything' };

export const KINDS: Readonly<Record<HomeKind, Kind>> = {
  open: { about: 'a public address of its own', open: true },
  'open-dual': { about: 'public addresses of both families, of its own', open: true, six: true },
  full: { about: 'full cone', four: { ...PORT, filtering: 'anybody' } },
  restricted: { about: 'restricted cone', four: { ...PORT, filtering: 'address' } },
  port: { about: 'port-restricted cone', four: PORT },
  symmetric: { about: 'symmetric', four: { ...PORT, mapping: 'dependent' } },
  upnp: { about: 'port-restricted, opens ports when asked', four: PORT, service: 'upnp' },
  carrier: { about: "port-restricted behind a carrier's NAT", four: PORT, carrier: true },
  'carrier-upnp': {
    about: "behind a carrier's NAT, its own router opens ports",
    four: PORT,
    carrier: true,
    service: 'upnp',
  },
  mobile: { about: "on a carrier's network itself", carrier: true },
  'no-udp': { about: 'TCP alone', four: { ...PORT, out: 'tcp' } },
  web: { about: 'TCP 80 and 443 alone', four: { ...PORT, out: 'web' } },
  proxy: { about: 'an HTTP proxy alone', four: { ...PORT, out: 'nothing' }, service: 'proxy' },
  'proxy-password': {
    about: 'an HTTP proxy alone, which wants a password',
    four: { ...PORT, out: 'nothing' },
    service: 'proxy-password',
  },
  six: { about: 'IPv6 alone, behind a firewall', six: true },
  dual: { about: 'IPv4 port-restricted, and IPv6 behind a firewall', four: PORT, six: true },
};

export const HOME_KINDS = Object.keys(KINDS) as readonly HomeKind[];
