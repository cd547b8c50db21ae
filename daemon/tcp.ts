/**
 * TCP: dialling, listening, and one socket as a byte stream.
 * @module
 */
import { createServer, Socket } from 'node:net';
import type { Server } from 'node:net';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import { DIAL_MS, FLUSH_MS, Once, plain, QUEUED_BYTES_MAX } from './byte-stream.ts';
import type { ByteStream, StreamListener } from './byte-stream.ts';

/** Connections waiting in the kernel to be accepted, per address. */
const BACKLOG = 64;

/**
 * Dials; `opened` or `closed` follows in a later turn. Streams of one isolation number may share
 * what a proxy can tell apart.
 */
export type Dial = (to: Endpoint, listener: StreamListener, isolation?: number) => ByteStream;

/** Dials directly. */
export function dialTcp(to: Endpoint, listener: StreamListener): ByteStream {
  const socket = new Socket();
  const stream = new TcpStream(socket, listener);
  const timer = setTimeout(() => stream.fail('timeout'), DIAL_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.once('connect', () => {
    clearTimeout(timer);
    stream.opened();
  });
  try {
    socket.connect({ host: to.host, port: to.port });
  } catch {
    // An address or port that is none.
    setImmediate(() => stream.fail('unreachable'));
  }
  return stream;
}

/** A socket that came in. */
export function acceptedTcp(socket: Socket, listener: StreamListener): ByteStream {
  return new TcpStream(socket, listener);
}

/**
 * Listens on one address.
 * @returns the server and its port. @throws an errno error such as EADDRINUSE.
 */
export function listenTcp(
  host: string,
  port: number,
  onSocket: (socket: Socket) => void,
): Promise<{ server: Server; port: number }> {
  const server = createServer(onSocket);
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen({ host, port, ipv6Only: true, backlog: BACKLOG }, () => {
      server.off('error', fail);
      // Later trouble is one accept that failed; the server goes on.
      server.on('error', () => undefined);
      done({ server, port: (server.address() as { port: number }).port });
    });
  });
}

class TcpStream implements ByteStream {
  readonly #socket: Socket;
  readonly #listener: Once;
  #corked = false;
  #unwritten = 0;

  constructor(socket: Socket, listener: StreamListener) {
    this.#socket = socket;
    this.#listener = new Once(listener);
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#listener.bytes(plain(bytes)));
    socket.on('end', () => {
      this.#listener.closed('ended');
      this.close();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#listener.closed(error.code ?? 'error');
    });
    socket.on('close', () => this.#listener.closed('closed'));
  }

  opened(): void {
    this.#listener.opened();
  }

  fail(reason: string): void {
    this.#listener.closed(reason);
    this.#socket.destroy();
  }

  write(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return;
    // All frames of one turn leave in one system call.
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        socket.uncork();
      });
    }
    this.#unwritten++;
    socket.write(bytes, this.#written);
    if (socket.writableLength > QUEUED_BYTES_MAX) this.fail('overflow');
  }

  close(): void {
    this.#listener.mute();
    const socket = this.#socket;
    if (socket.destroyed) return;
    // A dial under way has nothing to flush, and is to reach nobody any more (POL-7).
    if (socket.connecting) return void socket.destroy();
    // What still comes in is read and dropped: unread bytes would turn the close into a reset,
    // and a reset makes the other end forget what it has not read yet.
    socket.resume();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), FLUSH_MS);
    socket.once('close', () => clearTimeout(timer));
  }

  reset(): void {
    this.#listener.mute();
    // While it connects Node would wait with the reset until it has.
    if (this.#socket.connecting) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  queuedBytes(): number {
    return this.#socket.writableLength;
  }

  readonly #written = (error?: Error | null): void => {
    this.#unwritten--;
    if (this.#unwritten === 0 && !error) this.#listener.writable();
  };
}
