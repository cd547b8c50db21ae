/**
 * NAT-PMP: the messages of RFC 6886, IPv4 alone.
 *
 *   address request    00 00                        response  00 80 result(2) epoch(4) address(4)
 *   map request        00 op 0(2) own(2) wanted(2) lease(4)    op 1 UDP, 2 TCP; lease 0 gives back
 *   map response       00 80+op result(2) epoch(4) own(2) outside(2) lease(4)
 *   other version      result 1 (MAP-4)
 *
 * Spec: docs/spec/port-map.md MAP-2 to MAP-6.
 * @module
 */
import { concat, readUintBE, uintBE } from '../../base/bytes.ts';
import { formatAddress } from '../../base/endpoint.ts';
import type { ControlAnswer, ControlCodec, MapWish } from './control.ts';

const VERSION = 0;
const PCP_VERSION = 2;
const RESPONSE = 0x80;
const OP_ADDRESS = 0;
const OP_UDP = 1;
const OP_TCP = 2;
const RESULT_OK = 0;
const RESULT_VERSION = 1;
const HEAD_BYTES = 8;
const ADDRESS_BYTES = 12;
const MAP_BYTES = 16;

export const NAT_PMP: ControlCodec = {
  via: 'nat-pmp',
  // RFC 6886 3.1: 250 ms, doubled; nine requests take two minutes.
  firstWaitMs: 250,
  triesMax: 9,
  probe: () => new Uint8Array([VERSION, OP_ADDRESS]),
  map: encodeMap,
  decode: decodeNatPmp,
  // RFC 6886 3.6: two seconds below what it should at least be.
  hasForgotten: ({ beforeS, elapsedS, nowS }) => nowS + 2 < beforeS + (elapsedS * 7) / 8,
};

function encodeMap({ leaseS, port, suggested, transport }: MapWish): Uint8Array {
  return concat(
    new Uint8Array([VERSION, transport === 'udp' ? OP_UDP : OP_TCP, 0, 0]),
    uintBE(port, 2),
    uintBE(suggested?.port ?? 0, 2),
    uintBE(leaseS, 4),
  );
}

function decodeNatPmp(bytes: Uint8Array): ControlAnswer | undefined {
  if (bytes.length < HEAD_BYTES || bytes.length > MAP_BYTES + HEAD_BYTES + HEAD_BYTES) {
    return undefined;
  }
  const op = bytes[1]! - RESPONSE;
  // A router that has PCP alone says so in PCP, where the result is one byte.
  if (bytes[0] === PCP_VERSION && op >= 0 && bytes[3] === RESULT_VERSION) return { type: 'absent' };
  if (bytes[0] !== VERSION || op < 0) return undefined;
  const result = readUintBE(bytes, 2, 2);
  // The answer of a router that has no PCP to a question in PCP: not for us.
  if (result === RESULT_VERSION) return undefined;
  const epochS = readUintBE(bytes, 4, 4);
  if (op === OP_ADDRESS) {
    if (result !== RESULT_OK) return { type: 'refused', wish: undefined };
    if (bytes.length !== ADDRESS_BYTES) return undefined;
    const external = formatAddress(bytes.subarray(HEAD_BYTES, ADDRESS_BYTES));
    return { type: 'alive', epochS, external };
  }
  if (op !== OP_UDP && op !== OP_TCP) return undefined;
  const transport = op === OP_UDP ? 'udp' : 'tcp';
  if (result !== RESULT_OK) return { type: 'refused', wish: { transport } };
  if (bytes.length !== MAP_BYTES) return undefined;
  return {
    type: 'mapped',
    epochS,
    wish: { transport, port: readUintBE(bytes, 8, 2) },
    externalPort: readUintBE(bytes, 10, 2),
    leaseS: readUintBE(bytes, 12, 4),
  };
}
