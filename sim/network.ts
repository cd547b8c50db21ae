/**
 * The network between hosts: datagrams that may be lost, and streams that may break (streams.ts).
 * A process is attached while it runs; whatever arrives at an address asks who is there then.
 * @module
 */
import { assert } from '@sotto/core/base/assert.ts';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import type { Prng } from '@sotto/core/base/prng.ts';
import type { Effect, Input } from '@sotto/core/effects.ts';
import type { Scheduler } from './scheduler.ts';
import { Streams } from './streams.ts';
import type { Weather } from './weather.ts';

/** One running process on the network. */
export interface Port {
  /** A number no other process of the run has. */
  readonly process: number;
  /** Number of its host: what weather is about. */
  readonly host: number;
  readonly address: string;
  readonly udpPort: number;
  readonly tcpPort: number;
  receive(input: Input): void;
}

/** `killed`: its machine goes on and says so. `unplugged`: silence. */
export type Departure = 'killed' | 'unplugged';

export type StreamEffect = Extract<
  Effect,
  { type: 'stream-open' | 'stream-write' | 'stream-close' }
>;

/** UDP over IPv4: larger ones do not exist. */
const DATAGRAM_BYTES_MAX = 65_507;

export class Network {
  readonly weather: Weather;
  readonly streams: Streams;
  readonly #scheduler: Scheduler;
  readonly #ports = new Map<string, Port>();
  /** Addresses whose machine runs, whether or not our process does. */
  readonly #machines = new Set<string>();
  datagrams = 0;

  constructor(deps: { scheduler: Scheduler; prng: Prng; weather: Weather }) {
    this.#scheduler = deps.scheduler;
    this.weather = deps.weather;
    this.streams = new Streams({ ...deps, network: this });
  }

  attach(port: Port): void {
    assert(!this.#ports.has(port.address), 'one process per address');
    this.#ports.set(port.address, port);
    this.#machines.add(port.address);
  }

  detach(port: Port, how: Departure): void {
    assert(this.#ports.get(port.address) === port, 'it was attached');
    this.#ports.delete(port.address);
    if (how === 'unplugged') this.#machines.delete(port.address);
    this.streams.handleDeparture(port, how);
  }

  /** The machine left this address for good. */
  vacate(address: string): void {
    this.#machines.delete(address);
  }

  /** The process at an address, if any runs. */
  at(address: string): Port | undefined {
    return this.#ports.get(address);
  }

  /** Does anything answer at this address, if only with a refusal? */
  machineRuns(address: string): boolean {
    return this.#machines.has(address);
  }

  isAttached(port: Port): boolean {
    return this.#ports.get(port.address) === port;
  }

  sendDatagram(from: Port, to: Endpoint, bytes: Uint8Array): void {
    assert(bytes.length <= DATAGRAM_BYTES_MAX, 'a datagram fits into UDP');
    this.datagrams++;
    const target = this.#ports.get(to.host);
    if (!target || target.udpPort !== to.port) return;
    const source = { host: from.address, port: from.udpPort };
    const copy = bytes.slice(); // the sender may use its buffer again
    for (const delay of this.weather.datagram(from.host, target.host, this.#scheduler.nowMs)) {
      this.#scheduler.after(delay, () => {
        const receiver = this.#ports.get(to.host);
        if (!receiver || receiver.udpPort !== to.port) return;
        receiver.receive({ type: 'datagram', from: source, bytes: copy });
      });
    }
  }
}
