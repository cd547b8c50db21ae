/**
 * PCP: the messages of RFC 6887 that we use, ANNOUNCE and MAP, over IPv4 and IPv6. An IPv4 address
 * stands as ::ffff:a.b.c.d.
 *
 *   offset  size  request                      response
 *   0       1     version 2                    version 2
 *   1       1     opcode 0 ANNOUNCE, 1 MAP     0x80 | opcode
 *   2       2     0                            0, result
 *   4       4     lease, s; 0: give back       lease, s
 *   8       16    our address                  epoch (4), 0
 *   24      12    MAP: nonce                   nonce
 *   36      4     protocol 17 | 6, 0           same
 *   40      2     our port                     our port
 *   42      2     wanted port                  outside port
 *   44      16    wanted address               outside address
 *
 * Spec: docs/spec/port-map.md MAP-2 to MAP-6.
 * @module
 */
import { concat, equal, readUintBE, uintBE } from '../../base/bytes.ts';
import { formatAddress, parseAddress } from '../../base/endpoint.ts';
import { assert } from '../../base/assert.ts';
import type { ControlAnswer, ControlCodec, MapWish } from './control.ts';

const VERSION = 2;
const NAT_PMP_VERSION = 0;
const RESPONSE = 0x80;
const OP_ANNOUNCE = 0;
const OP_MAP = 1;
const PROTOCOLS = { udp: 17, tcp: 6 } as const;
const RESULT_OK = 0;
const RESULT_VERSION = 1;
const HEAD_BYTES = 24;
const MAP_BYTES = 60;
const MESSAGE_BYTES_MAX = 1_100;

export const PCP: ControlCodec = {
  via: 'pcp',
  // RFC 6887 8.1.1: 3 s, doubled.
  firstWaitMs: 3_000,
  triesMax: 5,
  probe: (local) => encodeHead(OP_ANNOUNCE, 0, local),
  map: encodeMap,
  decode: decodePcp,
  // RFC 6887 8.5.
  hasForgotten: ({ beforeS, elapsedS, nowS }) => {
    if (nowS + 1 < beforeS) return true;
    const passedS = nowS - beforeS;
    return elapsedS + 2 < passedS - passedS / 16 || passedS + 2 < elapsedS - elapsedS / 16;
  },
};

function encodeHead(op: number, leaseS: number, local: string): Uint8Array<ArrayBuffer> {
  return concat(new Uint8Array([VERSION, op, 0, 0]), uintBE(leaseS, 4), sixteen(local));
}

function encodeMap({ leaseS, local, nonce, port, suggested, transport }: MapWish): Uint8Array {
  const none = local.includes(':') ? '::' : '0.0.0.0';
  return concat(
    encodeHead(OP_MAP, leaseS, local),
    nonce,
    new Uint8Array([PROTOCOLS[transport], 0, 0, 0]),
    uintBE(port, 2),
    uintBE(suggested?.port ?? 0, 2),
    sixteen(suggested?.host ?? none),
  );
}

/** Any address in 16 bytes. */
function sixteen(host: string): Uint8Array {
  const address = parseAddress(host);
  assert(address !== undefined, 'a host is an address');
  if (address.length === 16) return address;
  return concat(new Uint8Array(10), new Uint8Array([0xff, 0xff]), address);
}

function decodePcp(bytes: Uint8Array, nonces: readonly Uint8Array[]): ControlAnswer | undefined {
  const isNatPmp = bytes[0] === NAT_PMP_VERSION && bytes.length >= 4;
  // RFC 6886 3.5: a router that has NAT-PMP alone says so in NAT-PMP.
  if (isNatPmp && bytes[1]! >= RESPONSE && readUintBE(bytes, 2, 2) === RESULT_VERSION) {
    return { type: 'absent' };
  }
  const fits = bytes.length >= HEAD_BYTES && bytes.length <= MESSAGE_BYTES_MAX;
  if (bytes[0] !== VERSION || !fits || bytes.length % 4 !== 0) return undefined;
  const op = bytes[1]! - RESPONSE;
  const result = bytes[3]!;
  // The answer to a question in NAT-PMP: not for us.
  if (result === RESULT_VERSION) return undefined;
  const epochS = readUintBE(bytes, 8, 4);
  // Whatever it says of ANNOUNCE, it speaks PCP.
  if (op === OP_ANNOUNCE) return { type: 'alive', epochS };
  if (op !== OP_MAP || bytes.length < MAP_BYTES) return undefined;
  const nonce = nonces.find((own) => equal(own, bytes.subarray(24, 36)));
  const transport = bytes[36] === PROTOCOLS.udp ? 'udp' : 'tcp';
  if (!nonce || bytes[36] !== PROTOCOLS[transport]) return undefined;
  const wish = { transport, port: readUintBE(bytes, 40, 2) } as const;
  if (result !== RESULT_OK) return { type: 'refused', wish };
  return {
    type: 'mapped',
    epochS,
    wish,
    external: formatAddress(bytes.subarray(44, 60)),
    externalPort: readUintBE(bytes, 42, 2),
    leaseS: readUintBE(bytes, 4, 4),
  };
}
