/**
 * One long-lived UDP socket per address family. It carries raw datagrams (DHT, handshakes) and UDX
 * streams side by side: what is no packet of a known stream arrives as a datagram.
 * @module
 */
import UDX from 'udx-native';
import type { UdxSocket, UdxStream } from 'udx-native';
import { familyOf, formatAddress, parseAddress } from '@sotto/core/base/endpoint.ts';
import type { Endpoint, Family } from '@sotto/core/base/endpoint.ts';
import { plain, type StreamListener } from './byte-stream.ts';
import { Mouths } from './mouths.ts';
import { UdxByteStream } from './udx-stream.ts';

/** The largest datagram without fragments on any link we care for, with room for tunnels. */
export const DATAGRAM_BYTES_MAX = 1_472;
/** Datagrams given to the kernel and not yet taken; more are dropped, as a network would. */
export const SENDING_MAX = 256;
/** Datagrams we send: a mean rate and a burst, far above what the DHT and handshakes need. */
export const SENDS_PER_S = 1_000;
export const SENDS_BURST = 1_000;
/** What the kernel holds while we are busy; it grants less where its own limit is lower. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

export interface UdpCounts {
  sent: number;
  received: number;
  /** Over the rate, over the queue, too long, or to a family without a socket. */
  dropped: number;
}

export class Udp {
  readonly counts: UdpCounts = { sent: 0, received: 0, dropped: 0 };
  readonly #udx = new UDX();
  readonly #sockets = new Map<Family, UdxSocket>();
  readonly #streams = new Map<number, UdxStream>();
  readonly #mouths: Mouths;
  readonly #onDatagram: (from: Endpoint, bytes: Uint8Array) => void;
  readonly #monoMs: () => number;
  #sending = 0;
  #allowance = SENDS_BURST;
  #allowanceAtMs: number;

  constructor(
    onDatagram: (from: Endpoint, bytes: Uint8Array) => void,
    monoMs: () => number = () => performance.now(),
  ) {
    this.#onDatagram = onDatagram;
    this.#mouths = new Mouths(this.#udx, (from, bytes) => this.#received(from, bytes));
    this.#monoMs = monoMs;
    this.#allowanceAtMs = monoMs();
  }

  /**
   * Binds the socket of the address's family.
   * @returns the port really bound. @throws an errno error such as EADDRINUSE.
   */
  bind(host: string, port: number): number {
    const socket = this.#udx.createSocket({ ipv6Only: host.includes(':') });
    try {
      socket.bind(port, host);
    } catch (error) {
      void socket.close();
      throw error;
    }
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
    } catch {
      // The system's own size will do.
    }
    socket.on('message', (bytes, from) => {
      const host = canonical(from.host);
      if (host === undefined || from.port === 0) return;
      this.#received({ host, port: from.port }, bytes);
    });
    this.#sockets.set(host.includes(':') ? 'v6' : 'v4', socket);
    return socket.address()!.port;
  }

  /** Sends, or drops and counts: a datagram is a hope, never a promise. */
  send(to: Endpoint, bytes: Uint8Array): void {
    const socket = this.#socketTo(to);
    const isTooMuch = bytes.length > DATAGRAM_BYTES_MAX || this.#sending >= SENDING_MAX;
    if (!socket || socket.closing || isTooMuch || !this.#isWithinRate()) {
      this.counts.dropped++;
      return;
    }
    this.#sending++;
    this.counts.sent++;
    const done = (): void => {
      this.#sending--;
    };
    socket.send(bytes, to.port, to.host).then(done, done);
  }

  /** A datagram that leaves by a socket of its own, which waits for an answer (PTH-29). */
  sendByMouth(to: Endpoint, bytes: Uint8Array): void {
    if (this.#isWithinRate()) this.#mouths.open(to, bytes);
    else this.counts.dropped++;
  }

  /** Closes the sockets of their own that lead nowhere. */
  shutMouths(): void {
    this.#mouths.shut();
  }

  /** A stream with ids that both ends agreed on; `opened` or `closed` follows in a later turn. */
  openStream(
    to: Endpoint,
    localId: number,
    remoteId: number,
    listener: StreamListener,
  ): UdxByteStream | undefined {
    const socket = this.#socketTo(to);
    if (!socket || socket.closing || this.#streams.has(localId)) return undefined;
    let stream: UdxStream;
    try {
      stream = this.#udx.createStream(localId);
      stream.connect(socket, remoteId, to.port, to.host);
    } catch {
      return undefined;
    }
    this.#streams.set(localId, stream);
    const done = this.#mouths.use(to);
    stream.on('close', () => {
      this.#streams.delete(localId);
      done();
    });
    return new UdxByteStream(stream, listener);
  }

  streams(): number {
    return this.#streams.size;
  }

  sockets(): number {
    return this.#sockets.size + this.#mouths.size;
  }

  /** Ends what streams are left, without a flush; resolves when the ports are free. */
  async close(): Promise<void> {
    for (const stream of this.#streams.values()) stream.destroy();
    const sockets = [...this.#sockets.values()].map((socket) => socket.close());
    await Promise.all([...sockets, this.#mouths.close()]);
    this.#sockets.clear();
  }

  #received(from: Endpoint, bytes: Buffer): void {
    this.counts.received++;
    this.#onDatagram(from, plain(bytes));
  }

  #socketTo(to: Endpoint): UdxSocket | undefined {
    return this.#mouths.to(to) ?? this.#sockets.get(familyOf(to));
  }

  #isWithinRate(): boolean {
    const nowMs = this.#monoMs();
    const earned = ((nowMs - this.#allowanceAtMs) * SENDS_PER_S) / 1000;
    this.#allowance = Math.min(SENDS_BURST, this.#allowance + earned);
    this.#allowanceAtMs = nowMs;
    if (this.#allowance < 1) return false;
    this.#allowance--;
    return true;
  }
}

/** The one text of an address. The kernel's dotted quads are that already. */
function canonical(host: string): string | undefined {
  if (!host.includes(':')) return host;
  const address = parseAddress(host);
  return address && formatAddress(address);
}
