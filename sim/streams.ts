/**
 * Reliable ordered byte streams: TCP, and UDX over the UDP port. Loss makes them late, silence
 * breaks them in the end, and a break loses whatever had not arrived.
 *
 *   opening --connected--> open --close, reset, silence--> closed
 *
 * TCP knocks until somebody answers. UDX has no knock: each side names both ids, and bytes that
 * arrive before the other side's stream exists are lost and come again a second later.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import { concat } from '@sotto/core/base/bytes.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import type { Prng } from '@sotto/core/base/prng.ts';
import type { StreamId, StreamTransport } from '@sotto/core/effects.ts';
import type { Departure, Network, Port, StreamEffect } from './network.ts';
import type { Scheduler } from './scheduler.ts';

/** TCP asks again after these waits (RFC 6298, doubling), then gives up. */
const KNOCKS_MS = [1_000, 3_000, 7_000, 15_000];
/** A stream that cannot get a byte across this long is broken. */
const SILENCE_MS: Record<StreamTransport, number> = { tcp: 120_000, udx: 20_000 };
/** A stalled stream tries again this often. */
const RETRY_MS: Record<StreamTransport, number> = { tcp: 400, udx: 1_000 };
const BYTES_PER_MS = 2_000;
/** What the operating system takes before the driver's own queue fills. */
const SEND_BUFFER_BYTES = 128 * 1024;
/** How often a chunk arrives in two pieces. */
const SPLIT_RATE = 0.1;

interface Chunk {
  readonly readyAtMs: number;
  readonly what: Uint8Array | 'opened' | 'end';
}

/** One side of a stream. */
interface End {
  readonly port: Port;
  readonly id: StreamId;
  readonly transport: StreamTransport;
  readonly remote: Endpoint;
  /** UDX: the name of the other side, `address:port:id`. */
  readonly remoteName: string | undefined;
  readonly ownName: string | undefined;
  /** TCP: the other side, once connected. */
  peer: End | undefined;
  state: 'opening' | 'open' | 'closing' | 'closed';
  readonly chunks: Chunk[];
  queuedBytes: number;
  lastReadyMs: number;
  stalledSinceMs: number | undefined;
  pumping: boolean;
  owesWritable: boolean;
}

export class Streams {
  readonly #scheduler: Scheduler;
  readonly #prng: Prng;
  readonly #network: Network;
  readonly #ends = new Map<string, End>();
  readonly #udx = new Map<string, End>();
  #accepted = 0;
  opened = 0;

  constructor(deps: { scheduler: Scheduler; prng: Prng; network: Network }) {
    this.#scheduler = deps.scheduler;
    this.#prng = deps.prng;
    this.#network = deps.network;
  }

  get size(): number {
    return this.#ends.size;
  }

  handle(port: Port, effect: StreamEffect): void {
    if (effect.type === 'stream-open') return this.#open(port, effect);
    const end = this.#ends.get(endKey(port, effect.stream));
    if (!end || end.state === 'closing') return; // it broke, and the node has not heard yet
    if (effect.type === 'stream-write') {
      this.#enqueue(end, effect.bytes.slice());
    } else {
      this.#enqueue(end, 'end');
      end.state = 'closing';
    }
  }

  /** A process is gone: its TCP streams end or are cut, its UDX streams fall silent. */
  handleDeparture(port: Port, how: Departure): void {
    for (const end of [...this.#ends.values()]) {
      if (end.port !== port) continue;
      const flushes = how === 'killed' && end.transport === 'tcp' && end.peer !== undefined;
      if (flushes && this.#prng.chance(0.5)) {
        if (end.state !== 'closing') this.#enqueue(end, 'end');
        end.state = 'closing';
      } else {
        this.#drop(end);
        if (flushes) this.#sendReset(end);
      }
    }
  }

  /** Breaks one open stream on both sides; false where there is none. */
  resetOne(prng: Prng): boolean {
    const open = [...this.#ends.values()].filter((end) => end.state === 'open');
    if (open.length === 0) return false;
    const end = prng.pick(open);
    const peer = this.#peerOf(end);
    this.#close(end, 'reset');
    if (peer) this.#close(peer, 'reset');
    return true;
  }

  #open(port: Port, effect: Extract<StreamEffect, { type: 'stream-open' }>): void {
    const { stream, transport, to, localId, remoteId } = effect;
    assert(stream % 2 === 0, 'dialled streams are even');
    assert(!this.#ends.has(endKey(port, stream)), 'a stream id is used once');
    const udx = transport === 'udx';
    const end = newEnd(port, stream, transport, to, {
      own: udx ? `${port.address}:${port.udpPort}:${localId}` : undefined,
      remote: udx ? `${to.host}:${to.port}:${remoteId}` : undefined,
    });
    this.#ends.set(endKey(port, stream), end);
    this.opened++;
    if (!udx) return this.#knock(end, 0);
    assert(localId !== undefined && remoteId !== undefined, 'UDX streams name both ids');
    assert(!this.#udx.has(end.ownName!), 'a local UDX id is used once at a time');
    this.#udx.set(end.ownName!, end);
    this.#scheduler.after(0, () => this.#opened(end));
  }

  #opened(end: End): void {
    if (end.state !== 'opening') return;
    end.state = 'open';
    end.port.receive({ type: 'stream-opened', stream: end.id });
    this.#pump(end);
  }

  /** One SYN. */
  #knock(end: End, attempt: number): void {
    const target = this.#network.at(end.remote.host);
    const { weather } = this.#network;
    const [delay] = target
      ? weather.datagram(end.port.host, target.host, this.#scheduler.nowMs)
      : [];
    if (target && delay !== undefined) this.#scheduler.after(delay, () => this.#answer(end));
    const refused = !target && this.#network.machineRuns(end.remote.host);
    if (refused) this.#scheduler.after(2, () => this.#close(end, 'refused'));
    const waitMs = KNOCKS_MS[attempt];
    this.#scheduler.after(waitMs ?? KNOCKS_MS.at(-1)!, () => {
      if (end.state !== 'opening' || end.peer) return;
      if (waitMs === undefined) this.#close(end, 'timeout');
      else this.#knock(end, attempt + 1);
    });
  }

  /** A SYN has arrived. */
  #answer(end: End): void {
    if (end.peer || (end.state !== 'opening' && end.state !== 'closing')) return;
    const target = this.#network.at(end.remote.host);
    if (!target || target.tcpPort !== end.remote.port) {
      this.#scheduler.after(2, () => this.#close(end, 'refused'));
      return;
    }
    const id = 2 * this.#accepted++ + 1;
    const from = { host: end.port.address, port: 10_000 + (id % 50_000) };
    const peer = newEnd(target, id, 'tcp', from, {});
    peer.state = 'open';
    peer.peer = end;
    end.peer = peer;
    this.#ends.set(endKey(target, id), peer);
    this.#enqueue(peer, 'opened');
    target.receive({ type: 'stream-accepted', stream: id, from });
  }

  #enqueue(end: End, what: Chunk['what']): void {
    const { nowMs } = this.#scheduler;
    const bytes = typeof what === 'string' ? 0 : what.length;
    const target = this.#network.at(end.remote.host);
    const latency = target
      ? this.#network.weather.segment(end.port.host, target.host, nowMs)
      : RETRY_MS[end.transport];
    const readyAtMs = Math.max(end.lastReadyMs + bytes / BYTES_PER_MS, nowMs + latency);
    end.lastReadyMs = readyAtMs;
    end.chunks.push({ readyAtMs, what });
    end.queuedBytes += bytes;
    if (bytes > 0) {
      end.owesWritable = true;
      this.#sayWritable(end);
    }
    this.#pump(end);
  }

  #sayWritable(end: End): void {
    if (!end.owesWritable || end.queuedBytes > SEND_BUFFER_BYTES) return;
    end.owesWritable = false;
    this.#scheduler.after(0, () => {
      if (end.state === 'open') end.port.receive({ type: 'stream-writable', stream: end.id });
    });
  }

  /** Moves what is ready to the other side, and comes back for the rest. */
  #pump(end: End, retryAtMs = 0): void {
    const head = end.chunks[0];
    if (!head || end.pumping || end.state === 'closed') return;
    if (end.transport === 'tcp' && !end.peer) return; // not connected yet
    end.pumping = true;
    this.#scheduler.at(Math.max(head.readyAtMs, retryAtMs), () => {
      end.pumping = false;
      if (end.state !== 'closed') this.#deliver(end);
    });
  }

  #deliver(end: End): void {
    const { nowMs } = this.#scheduler;
    const peer = this.#reachablePeer(end);
    if (peer === 'gone') return this.#close(end, 'reset');
    if (!peer) {
      end.stalledSinceMs ??= nowMs;
      if (nowMs - end.stalledSinceMs >= SILENCE_MS[end.transport]) {
        return this.#close(end, 'timeout');
      }
      return this.#pump(end, nowMs + RETRY_MS[end.transport]);
    }
    end.stalledSinceMs = undefined;
    const parts: Uint8Array[] = [];
    let control: 'opened' | 'end' | undefined;
    while (!control && end.chunks.length > 0 && end.chunks[0]!.readyAtMs <= nowMs) {
      const { what } = end.chunks.shift()!;
      if (typeof what === 'string') control = what;
      else parts.push(what);
    }
    this.#arrive(peer, concat(...parts));
    end.queuedBytes -= parts.reduce((sum, part) => sum + part.length, 0);
    if (control === 'opened') this.#opened(peer);
    if (control === 'end') {
      this.#close(peer, 'ended');
      this.#drop(end);
    }
    this.#sayWritable(end);
    this.#pump(end);
  }

  #arrive(peer: End, bytes: Uint8Array): void {
    if (bytes.length === 0 || peer.state === 'closing') return;
    const stream = peer.id;
    const cut = bytes.length > 1 && this.#prng.chance(SPLIT_RATE);
    const at = cut ? this.#prng.int(1, bytes.length - 1) : bytes.length;
    peer.port.receive({ type: 'stream-bytes', stream, bytes: bytes.slice(0, at) });
    if (at === bytes.length || peer.state === 'closed') return;
    peer.port.receive({ type: 'stream-bytes', stream, bytes: bytes.slice(at) });
  }

  /** The other side, if a byte would reach it now; 'gone' where its machine would say no. */
  #reachablePeer(end: End): End | 'gone' | undefined {
    const { weather } = this.#network;
    const peer = this.#peerOf(end);
    const host = peer?.port.host ?? this.#network.at(end.remote.host)?.host;
    if (host === undefined) return undefined;
    if (weather.isBlocked(end.port.host, host) || weather.isBlocked(host, end.port.host)) {
      return undefined;
    }
    if (peer && peer.state !== 'closed') return peer;
    const answers = end.transport === 'tcp' && this.#network.machineRuns(end.remote.host);
    return answers ? 'gone' : undefined;
  }

  #peerOf(end: End): End | undefined {
    if (end.transport === 'tcp') return end.peer;
    const peer = this.#udx.get(end.remoteName!);
    return peer?.remoteName === end.ownName ? peer : undefined;
  }

  /** A dead process's machine resets its peer. */
  #sendReset(end: End): void {
    const { peer } = end;
    if (!peer) return;
    const delay = this.#network.weather.segment(
      end.port.host,
      peer.port.host,
      this.#scheduler.nowMs,
    );
    this.#scheduler.after(delay, () => {
      const blocked = this.#network.weather.isBlocked(end.port.host, peer.port.host);
      if (!blocked) this.#close(peer, 'reset');
    });
  }

  /** The stream is over for this side, and its node hears it unless it closed it itself. */
  #close(end: End, reason: string): void {
    if (end.state === 'closed') return;
    const tells = end.state !== 'closing';
    this.#drop(end);
    if (tells) end.port.receive({ type: 'stream-closed', stream: end.id, reason });
  }

  #drop(end: End): void {
    end.state = 'closed';
    end.chunks.length = 0;
    this.#ends.delete(endKey(end.port, end.id));
    if (end.ownName !== undefined && this.#udx.get(end.ownName) === end) {
      this.#udx.delete(end.ownName);
    }
  }
}

function newEnd(
  port: Port,
  id: StreamId,
  transport: StreamTransport,
  remote: Endpoint,
  names: { own?: string | undefined; remote?: string | undefined },
): End {
  return {
    port,
    id,
    transport,
    remote,
    ownName: names.own,
    remoteName: names.remote,
    peer: undefined,
    state: 'opening',
    chunks: [],
    queuedBytes: 0,
    lastReadyMs: 0,
    stalledSinceMs: undefined,
    pumping: false,
    owesWritable: false,
  };
}

/** Hosts and addresses are reused, processes are not. */
function endKey(port: Port, stream: StreamId): string {
  return `${port.process}#${stream}`;
}
