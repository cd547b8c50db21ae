/**
 * All reliable streams of one node: StreamId -> TCP or UDX stream. What a stream tells becomes an
 * input of the node; after `stream-closed`, and after the node's own `stream-close`, an id is
 * forgotten and its stream is silent.
 * @module
 */
import type { Socket } from 'node:net';
import { hostOf } from '@sotto/core/base/endpoint.ts';
import type { Effect, Input, StreamId } from '@sotto/core/effects.ts';
import type { ByteStream, StreamListener } from './byte-stream.ts';
import { acceptedTcp, dialTcp } from './tcp.ts';
import type { Dial } from './tcp.ts';
import type { Udp } from './udp.ts';

/** Both ways together; accepted ones leave room for those we dial. */
export const STREAMS_MAX = 1_024;
export const ACCEPTED_MAX = 768;

type Open = Extract<Effect, { type: 'stream-open' }>;

export class Streams {
  readonly #input: (input: Input) => void;
  readonly #udp: Udp | undefined;
  readonly #dialTcp: Dial;
  readonly #streams = new Map<StreamId, ByteStream>();
  #nextAccepted: StreamId = 1;
  #accepted = 0;

  /**
   * @param udp undefined where the node has no UDP: then no UDX stream opens.
   * @param dial how TCP leaves.
   */
  constructor(input: (input: Input) => void, udp: Udp | undefined, dial: Dial = dialTcp) {
    this.#dialTcp = dial;
    this.#input = input;
    this.#udp = udp;
  }

  open(effect: Open): void {
    const { stream } = effect;
    const listener = this.#listener(stream);
    const opened = this.#streams.size < STREAMS_MAX ? this.#dial(effect, listener) : undefined;
    if (opened) this.#streams.set(stream, opened);
    else this.#input({ type: 'stream-closed', stream, reason: 'unavailable' });
  }

  /** A socket that came in: a number for it, or the door. */
  accept(socket: Socket): void {
    const host = hostOf(socket.remoteAddress ?? '');
    const { remotePort } = socket;
    const isFull = this.#accepted >= ACCEPTED_MAX || this.#streams.size >= STREAMS_MAX;
    if (host === undefined || remotePort === undefined || isFull) {
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    const stream = this.#nextAccepted;
    this.#nextAccepted += 2;
    const from = { host, port: remotePort };
    this.#accepted++;
    socket.once('close', () => this.#accepted--);
    this.#streams.set(stream, acceptedTcp(socket, this.#listener(stream)));
    this.#input({ type: 'stream-accepted', stream, from });
  }

  write(stream: StreamId, bytes: Uint8Array): void {
    this.#streams.get(stream)?.write(bytes);
  }

  close(stream: StreamId, reset = false): void {
    const closing = this.#streams.get(stream);
    if (reset) closing?.reset();
    else closing?.close();
    this.#streams.delete(stream);
  }

  closeAll(): void {
    for (const stream of [...this.#streams.keys()]) this.close(stream);
  }

  stats(): Record<string, number> {
    let queuedBytes = 0;
    for (const stream of this.#streams.values()) queuedBytes += stream.queuedBytes();
    return { streams: this.#streams.size, streamsAccepted: this.#accepted, queuedBytes };
  }

  #dial(effect: Open, listener: StreamListener): ByteStream | undefined {
    const { isolation, localId, remoteId, to, transport } = effect;
    if (transport === 'tcp') return this.#dialTcp(to, listener, isolation);
    if (localId === undefined || remoteId === undefined) return undefined;
    return this.#udp?.openStream(to, localId, remoteId, listener);
  }

  #listener(stream: StreamId): StreamListener {
    const input = this.#input;
    return {
      opened: () => input({ type: 'stream-opened', stream }),
      bytes: (bytes) => input({ type: 'stream-bytes', stream, bytes }),
      writable: () => input({ type: 'stream-writable', stream }),
      closed: (reason) => {
        this.#streams.delete(stream);
        input({ type: 'stream-closed', stream, reason });
      },
    };
  }
}
