/**
 * What the gateways of the lab let through, as rules of nftables: LAN on `lan`, the rest of the
 * world on `wan`.
 *
 *   mapping      which outside port a packet from inside gets (RFC 4787, 4.1)
 *     none         no NAT: addresses stay as they are
 *     independent  one for a socket, whoever it writes to; the same number where that is free
 *     dependent    another for each address and port written to, by chance
 *   filtering    who may write back to it (RFC 4787, 5): anybody, an address that was written to,
 *                or an address and port that was written to
 *
 * A packet that nobody asked for must be dropped as it comes in. Else it leaves an entry in the
 * table of connections that takes the port, and what the inside sends there next gets another.
 * @module
 */
import type { Room } from '../rooms/internet.ts';

export type Mapping = 'none' | 'independent' | 'dependent';
export type Filtering = 'anybody' | 'address' | 'port';

/** What a gateway does with IPv4. */
export interface Four {
  readonly mapping: Exclude<Mapping, 'none'>;
  readonly filtering: Filtering;
  /** What may leave; `nothing`: only what the gateway itself sends. */
  readonly out: 'everything' | 'tcp' | 'web' | 'nothing';
}

/** A silent mapping of a cone is forgotten after this time, as Linux forgets two-way traffic. */
const ASKED_S = 120;
/** Ports of the web, all that strict networks let out. */
export const WEB_PORTS = [80, 443];

const OUT = {
  everything: 'iifname "lan" oifname "wan" accept',
  tcp: 'iifname "lan" oifname "wan" meta l4proto tcp accept',
  web: `iifname "lan" oifname "wan" tcp dport { ${WEB_PORTS.join(', ')} } accept`,
  nothing: '',
};

/** Carries out rules in a room; throws with the words of nftables. */
export function nft(room: Room, rules: string): void {
  const { status, stderr } = room.run('nft', ['-f', '-'], { input: rules });
  if (status !== 0) throw new Error(`nft: ${stderr.trim()}`);
}

/** For both families: what comes in must have been asked for. */
const ASKED = `ct state invalid drop
    ct state established,related accept`;

/**
 * @param own what the gateway and its LAN are called inside: what goes from there to its outside
 * address is dropped, there is no hairpin.
 * @param mirrors addresses outside that may answer from where they were not asked (STUN).
 */
export function rulesOfFour(
  four: Four,
  own: readonly string[],
  mirrors: readonly string[],
): string {
  const { collect, map, rewrite } = cone(four.filtering);
  const random = four.mapping === 'dependent' ? ' fully-random' : '';
  const elsewhere = `{ ${own.join(', ')}, 224.0.0.0/4, 255.255.255.255 }`;
  const stun = `iifname "wan" ip saddr { ${mirrors.join(', ')} } udp sport { 3478, 3479 } accept`;
  return `table ip nat {
  ${map}
  chain seen {
    type filter hook forward priority -5
    ${collect}
  }
  chain incoming {
    type nat hook prerouting priority dstnat
    ${rewrite}
  }
  chain outgoing {
    type nat hook postrouting priority srcnat
    oifname "wan" masquerade${random}
  }
}
table ip wall {
  chain input {
    type filter hook input priority 0
    ${ASKED}
    iifname "lan" ip daddr != ${elsewhere} drop
    ${mirrors.length === 0 ? '' : stun}
    iifname "wan" drop
  }
  chain forward {
    type filter hook forward priority 0; policy drop
    ${ASKED}
    ct status dnat accept
    ${OUT[four.out]}
  }
}
`;
}

/** A full cone and a restricted one remember who sent what; a port-restricted one need not. */
function cone(filtering: Filtering): { map: string; collect: string; rewrite: string } {
  if (filtering === 'port') return { map: '', collect: '', rewrite: '' };
  const isOpen = filtering === 'anybody';
  const type = isOpen ? 'inet_service' : 'ipv4_addr . inet_service';
  const [asked, comes] = isOpen
    ? ['udp sport', 'udp dport']
    : ['ip daddr . udp sport', 'ip saddr . udp dport'];
  const flags = `flags dynamic,timeout; timeout ${ASKED_S}s`;
  return {
    map: `map asked { type ${type} : ipv4_addr; ${flags}; }`,
    collect: `iifname "lan" oifname "wan" meta l4proto udp update @asked { ${asked} : ip saddr }`,
    rewrite: `iifname "wan" meta l4proto udp dnat to ${comes} map @asked`,
  };
}

/** Version 6 has no NAT, and its firewall lets in what was asked for. */
export const RULES_OF_SIX = `table ip6 wall {
  chain input {
    type filter hook input priority 0
    ${ASKED}
    meta l4proto ipv6-icmp accept
    iifname "wan" drop
  }
  chain forward {
    type filter hook forward priority 0; policy drop
    ${ASKED}
    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, echo-request } accept
    iifname "lan" oifname "wan" accept
  }
}
`;

/** Where miniupnpd puts what it opens. */
export const RULES_OF_UPNP = `table inet filter {
  chain miniupnpd {
  }
  chain prerouting_miniupnpd {
  }
  chain postrouting_miniupnpd {
  }
  chain forward {
    type filter hook forward priority 10
    jump miniupnpd
  }
  chain prerouting {
    type nat hook prerouting priority -100
    jump prerouting_miniupnpd
  }
  chain postrouting {
    type nat hook postrouting priority 99
    jump postrouting_miniupnpd
  }
}
`;
