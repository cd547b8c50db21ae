/**
 * Bindings: the addresses of `net.bind`, each with one UDP socket and one TCP listener on the same
 * port number. What this computer does not have at the start it may have later, as the address of
 * a VPN or of a cable that is plugged in: it is tried again, so that it counts without a restart.
 *
 *   missing --retry, every TRY_EVERY_MS--> bound
 *
 * @module
 */
import type { Server, Socket } from 'node:net';
import { listenTcp } from './tcp.ts';
import type { Udp } from './udp.ts';

/** How often an address is tried that is not there. */
export const TRY_EVERY_MS = 5_000;
/** Without IPv6, or without this address, a computer listens on what it has. */
const ABSENT = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

export interface BindingsParts {
  readonly port: number;
  readonly udp: Pick<Udp, 'bind' | 'close'> | undefined;
  /** By TCP too. */
  readonly accepts: boolean;
  readonly onSocket: (socket: Socket) => void;
  readonly monoMs?: () => number;
}

export class Bindings {
  /** Whatever accepts: others may be added that end with these. */
  readonly servers: Server[] = [];
  readonly bound: string[] = [];
  readonly #parts: BindingsParts;
  #missing: readonly string[] = [];
  #triedAtMs = -Infinity;
  #trying: Promise<void> | undefined;
  #closed = false;

  constructor(parts: BindingsParts) {
    this.#parts = parts;
  }

  /** @throws an errno error where one of them is there and cannot be had, such as EADDRINUSE. */
  async open(hosts: readonly string[]): Promise<void> {
    for (const host of hosts) {
      try {
        await this.#bind(host);
      } catch (error) {
        if (!ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
        this.#missing = [...this.#missing, host];
      }
    }
    this.#triedAtMs = this.#nowMs;
  }

  /** Tries what is missing, now and then; resolves when that is done. */
  retry(): Promise<void> {
    if (this.#trying) return this.#trying;
    const isDue = this.#nowMs >= this.#triedAtMs + TRY_EVERY_MS;
    if (this.#closed || this.#missing.length === 0 || !isDue) return Promise.resolve();
    this.#triedAtMs = this.#nowMs;
    this.#trying = this.#retryAll().finally(() => (this.#trying = undefined));
    return this.#trying;
  }

  /** Resolves when the ports are free. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#trying;
    for (const server of this.servers) server.close();
    await this.#parts.udp?.close();
  }

  get #nowMs(): number {
    return (this.#parts.monoMs ?? (() => performance.now()))();
  }

  async #retryAll(): Promise<void> {
    for (const host of this.#missing) {
      try {
        await this.#bind(host);
      } catch {
        // Not there yet, or another program was faster.
      }
    }
    this.#missing = this.#missing.filter((host) => !this.bound.includes(host));
  }

  /** Both or neither. */
  async #bind(host: string): Promise<void> {
    const { accepts, onSocket, port, udp } = this.#parts;
    const server = accepts ? (await listenTcp(host, port, onSocket)).server : undefined;
    try {
      udp?.bind(host, port);
    } catch (error) {
      server?.close();
      throw error;
    }
    if (server) this.servers.push(server);
    this.bound.push(host);
  }
}
