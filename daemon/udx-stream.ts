/**
 * UDX: one reliable stream over the shared UDP socket.
 *
 * UDX has no handshake and no listening: both ends make their stream with ids agreed beforehand,
 * and it is open at once. Its packets carry no proof of who sent them, so that anyone who knows an
 * id can reset a stream or write into it: `closed` says nothing about the peer, and all bytes are
 * checked above. It has no receive window either: credits above it bound what a peer may send.
 * @module
 */
import type { UdxStream } from 'udx-native';
import { FLUSH_MS, Once, plain, QUEUED_BYTES_MAX } from './byte-stream.ts';
import type { ByteStream, StreamListener } from './byte-stream.ts';

/** Takes over a stream that is connected already; `opened` follows in a later turn. */
export class UdxByteStream implements ByteStream {
  readonly #stream: UdxStream;
  readonly #listener: Once;
  #queuedBytes = 0;
  #willDrain = false;
  #willTell = false;
  #ended = false;
  #gone = false;

  constructor(stream: UdxStream, listener: StreamListener) {
    this.#stream = stream;
    this.#listener = new Once(listener);
    stream.on('data', (bytes) => this.#listener.bytes(plain(bytes)));
    stream.on('drain', () => this.#drained());
    stream.on('end', () => {
      this.#listener.closed('ended');
      this.close();
    });
    stream.on('error', (error) => this.#listener.closed(error.code ?? 'error'));
    stream.on('close', () => {
      this.#gone = true;
      this.#listener.closed('closed');
    });
    setImmediate(() => this.#listener.opened());
  }

  write(bytes: Uint8Array): void {
    if (this.#ended || this.#gone) return;
    this.#queuedBytes += bytes.length;
    if (!this.#stream.write(bytes)) this.#willDrain = true;
    else if (!this.#willDrain && !this.#willTell) {
      this.#willTell = true;
      setImmediate(() => {
        this.#willTell = false;
        if (!this.#willDrain) this.#drained();
      });
    }
    if (this.#queuedBytes > QUEUED_BYTES_MAX) {
      this.#listener.closed('overflow');
      this.#stream.destroy();
    }
  }

  close(): void {
    this.#listener.mute();
    if (this.#ended || this.#gone) return;
    this.#ended = true;
    this.#stream.end();
    const timer = setTimeout(() => this.#stream.destroy(), FLUSH_MS);
    this.#stream.on('close', () => clearTimeout(timer));
  }

  reset(): void {
    this.#listener.mute();
    this.#ended = true;
    this.#stream.destroy();
  }

  queuedBytes(): number {
    return this.#queuedBytes;
  }

  #drained(): void {
    this.#willDrain = false;
    this.#queuedBytes = 0;
    this.#listener.writable();
  }
}
