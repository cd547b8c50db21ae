/**
 * Mouths: UDP sockets beside the one of each family, for a birthday punch (PTH-29). Each writes to
 * one endpoint, so that our router gives each another port. One by which an answer comes is from
 * then on the way to that endpoint, for datagrams and for streams, for as long as streams use it.
 *
 *   open --answer--> the way there --no stream left, or shut without one--> closed
 *     '---shut without an answer-------------------------------------------> closed
 *
 * @module
 */
import type UDX from 'udx-native';
import type { UdxSocket } from 'udx-native';
import { endpointKey, type Endpoint } from '@sotto/core/base/endpoint.ts';

/** As many as a punch may open, and some of earlier ones that are ways still. */
export const MOUTHS_MAX = 272;

interface Mouth {
  readonly socket: UdxSocket;
  readonly to: Endpoint;
  streams: number;
  isOver: boolean;
}

export class Mouths {
  readonly #mouths = new Set<Mouth>();
  /** Those by which something came, by the endpoint. */
  readonly #ways = new Map<string, Mouth>();

  constructor(
    private readonly udx: UDX,
    private readonly onDatagram: (from: Endpoint, bytes: Buffer) => void,
  ) {}

  get size(): number {
    return this.#mouths.size;
  }

  /** Opens another one and writes to that endpoint from it. IPv4 alone: IPv6 has no such router. */
  open(to: Endpoint, bytes: Uint8Array): void {
    if (this.#mouths.size >= MOUTHS_MAX || to.host.includes(':')) return;
    const socket = this.udx.createSocket();
    try {
      socket.bind(0, '0.0.0.0');
    } catch {
      // The system has no more sockets for us.
      void socket.close();
      return;
    }
    const mouth: Mouth = { socket, to, streams: 0, isOver: false };
    this.#mouths.add(mouth);
    socket.on('message', (heard, { host, port }) => {
      if (host !== to.host || port !== to.port) return;
      const key = endpointKey(to);
      if (!this.#ways.has(key)) this.#ways.set(key, mouth);
      this.onDatagram(to, heard);
    });
    socket.send(bytes, to.port, to.host).catch(() => undefined);
  }

  /** The socket by which that endpoint has answered. */
  to(endpoint: Endpoint): UdxSocket | undefined {
    return this.#ways.size === 0 ? undefined : this.#ways.get(endpointKey(endpoint))?.socket;
  }

  /** A stream goes that way. @returns what to call when it is over. */
  use(endpoint: Endpoint): () => void {
    const mouth = this.#ways.get(endpointKey(endpoint));
    if (!mouth) return () => undefined;
    mouth.streams++;
    return () => {
      mouth.streams--;
      if (mouth.isOver && mouth.streams === 0) this.#shut(mouth);
    };
  }

  /** The punch is over: those that are no way with a stream on it are closed. */
  shut(): void {
    for (const mouth of this.#mouths) {
      mouth.isOver = true;
      if (mouth.streams === 0) this.#shut(mouth);
    }
  }

  /** Resolves when the ports are free. */
  async close(): Promise<void> {
    const sockets = [...this.#mouths].map(({ socket }) => socket);
    this.#mouths.clear();
    this.#ways.clear();
    await Promise.all(sockets.map((socket) => socket.close()));
  }

  #shut(mouth: Mouth): void {
    this.#mouths.delete(mouth);
    const key = endpointKey(mouth.to);
    if (this.#ways.get(key) === mouth) this.#ways.delete(key);
    void mouth.socket.close();
  }
}
