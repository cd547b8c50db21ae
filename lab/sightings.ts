/**
 * What a capture shows of one person and another.
 * @module
 */
import { decodeKrpc } from '@sotto/core/discovery/krpc.ts';
import type { Packet } from './bars/a3-capture.ts';

/** Addresses of the one whose packets were captured, and of the other. */
export interface Pair {
  readonly own: string;
  readonly other: string;
}

/** Counts of packets. */
export interface Sightings {
  /** Either way between the two. */
  readonly between: number;
  /** By which the one asks or tells the DHT anything. */
  readonly asked: number;
}

/** What a capture holds from one moment to another, both in ms since 1970. */
export function sightings(
  packets: readonly Packet[],
  { other, own }: Pair,
  fromMs: number,
  toMs: number,
): Sightings {
  const then = packets.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const between = then.filter(({ from, to }) => from === other || to === other);
  const asked = then.filter(({ from, payload, protocol }) => {
    if (protocol !== 'udp' || from !== own) return false;
    const read = decodeKrpc(new Uint8Array(payload));
    if (!read.ok || read.kind !== 'query') return false;
    return read.query.method === 'get' || read.query.method === 'put';
  });
  return { between: between.length, asked: asked.length };
}

/** What passed between the two around a moment, for who reads why a test failed. */
export function story(packets: readonly Packet[], { other }: Pair, momentMs: number): string {
  const near = packets.filter(({ atMs, from, to }) => {
    return (from === other || to === other) && atMs > momentMs - 200;
  });
  const lines = near.map(({ atMs, from, payload, protocol, to }) => {
    return `${(atMs - momentMs).toFixed(0)} ms: ${protocol} ${from} > ${to} ${payload.length}`;
  });
  return ['they must not hear from each other', ...lines].join('\n');
}
