/**
 * A host outside that tells who asks how it sees him: `mirror ADDRESS ADDRESS [ADDRESS ADDRESS]`,
 * two addresses of each family.
 *
 *   UDP 7001, 7002   {"id": 1, "from": "here" | "port" | "address" | "both"} is answered with
 *                    {"id": 1, "host": "203.0.113.13", "port": 4711}, from here or from where the
 *                    port, the address or both are the other ones
 *   UDP 3478, 3479   STUN (RFC 5780): Binding, with CHANGE-REQUEST
 *   TCP 80, 443, 7001   says who connected, as one line of JSON, and hangs up
 *
 * Also {"to": {"host", "port"}, "say": TEXT} sends that text there.
 * @module
 */
import { createSocket, type Socket } from 'node:dgram';
import { createServer } from 'node:net';

const PROBE_PORTS = [7001, 7002] as const;
const STUN_PORTS = [3478, 3479] as const;
const TCP_PORTS = [80, 443, 7001];
const BINDING_REQUEST = 0x0001;
const BINDING_RESPONSE = 0x0101;
const MAPPED_ADDRESS = 0x0001;
const CHANGE_REQUEST = 0x0003;
const XOR_MAPPED_ADDRESS = 0x0020;
const STUN_HEAD_BYTES = 20;

interface Question {
  readonly id: number;
  readonly from?: 'here' | 'port' | 'address' | 'both';
  readonly to?: { readonly host: string; readonly port: number };
  readonly say?: string;
}

type Corner = { readonly socket: Socket; readonly address: number; readonly port: number };
type Hear = (corner: Corner, bytes: Buffer, from: { host: string; port: number }) => void;

/** Four sockets: two addresses, two ports. */
async function corners(
  addresses: readonly string[],
  ports: readonly number[],
  hear: Hear,
): Promise<Corner[]> {
  const all: Corner[] = [];
  for (const [address, host] of addresses.entries()) {
    for (const [port, number] of ports.entries()) {
      const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
      const corner = { socket, address, port };
      socket.on('message', (bytes, { address: from, port: fromPort }) => {
        hear(corner, bytes, { host: from, port: fromPort });
      });
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => socket.bind(number, host, resolve));
      all.push(corner);
    }
  }
  return all;
}

function other(all: readonly Corner[], { address, port }: Corner, far: boolean, next: boolean) {
  const wanted = [far ? 1 - address : address, next ? 1 - port : port];
  return all.find((corner) => corner.address === wanted[0] && corner.port === wanted[1])!.socket;
}

function answerProbe(all: readonly Corner[]): Hear {
  return (corner, bytes, from) => {
    let question: Question;
    try {
      question = JSON.parse(bytes.toString()) as Question;
    } catch {
      return;
    }
    const { from: where, id, say, to } = question;
    if (to) return void corner.socket.send(String(say), to.port, to.host);
    const far = where === 'address' || where === 'both';
    const next = where === 'port' || where === 'both';
    const answer = JSON.stringify({ id, ...from });
    other(all, corner, far, next).send(answer, from.port, from.host);
  };
}

function answerStun(all: readonly Corner[]): Hear {
  return (corner, bytes, from) => {
    if (bytes.length < STUN_HEAD_BYTES || bytes.readUInt16BE(0) !== BINDING_REQUEST) return;
    let change = 0;
    for (let at = STUN_HEAD_BYTES; at + 8 <= bytes.length;) {
      const size = bytes.readUInt16BE(at + 2);
      if (bytes.readUInt16BE(at) === CHANGE_REQUEST) change = bytes.readUInt32BE(at + 4);
      at += 4 + size;
    }
    const plain = Buffer.from([0, 0, 0, 0, ...from.host.split('.').map(Number)]);
    plain[1] = 1; // IPv4
    plain.writeUInt16BE(from.port, 2);
    const masked = Buffer.from(plain);
    // The port is masked with the first half of the cookie, the address with all of it.
    for (let i = 2; i < plain.length; i++) masked[i]! ^= bytes[i < 4 ? i + 2 : i]!;
    const attributes = Buffer.concat([
      Buffer.from([0, MAPPED_ADDRESS, 0, plain.length]),
      plain,
      Buffer.from([0, XOR_MAPPED_ADDRESS, 0, masked.length]),
      masked,
    ]);
    const head = Buffer.from(bytes.subarray(0, STUN_HEAD_BYTES));
    head.writeUInt16BE(BINDING_RESPONSE, 0);
    head.writeUInt16BE(attributes.length, 2);
    const socket = other(all, corner, (change & 4) !== 0, (change & 2) !== 0);
    socket.send(Buffer.concat([head, attributes]), from.port, from.host);
  };
}

async function listenTcp(host: string, port: number): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(`${JSON.stringify({ host: socket.remoteAddress, port: socket.remotePort })}\n`);
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
}

const addresses = process.argv.slice(2);
for (const family of [addresses.slice(0, 2), addresses.slice(2, 4)]) {
  if (family.length === 0) continue;
  const probes: Corner[] = [];
  probes.push(...(await corners(family, PROBE_PORTS, (...heard) => answerProbe(probes)(...heard))));
  const stuns: Corner[] = [];
  const isFour = !family[0]!.includes(':');
  const hearStun: Hear = (...heard) => answerStun(stuns)(...heard);
  if (isFour) stuns.push(...(await corners(family, STUN_PORTS, hearStun)));
  for (const host of family) for (const port of TCP_PORTS) await listenTcp(host, port);
}
process.stdin.resume().on('end', () => process.exit(0));
process.stdout.write('{"ready":true}\n');
