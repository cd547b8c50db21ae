/**
 * Hosts: UDP sockets of ours on loopback, for tests.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from 'vitest';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import { Udp } from './udp.ts';

export interface Host {
  readonly udp: Udp;
  readonly at: Endpoint;
  readonly heard: { from: Endpoint; bytes: Uint8Array }[];
}

const hosts: Host[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map(({ udp }) => udp.close()));
});

/** Closed after the test. */
export function newHost(host = '127.0.0.1', monoMs?: () => number): Host {
  const heard: Host['heard'] = [];
  const udp = new Udp((from, bytes) => heard.push({ from, bytes }), monoMs);
  const made = { udp, at: { host, port: udp.bind(host, 0) }, heard };
  hosts.push(made);
  return made;
}

export async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it did not happen');
    await sleep(2);
  }
}
