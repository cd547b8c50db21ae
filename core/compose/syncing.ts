/**
 * Syncing: a link that leads through a relay looks for a direct path (path/sync.ts): both ends
 * open their routers at one instant, then the initiator attaches a path beside the present one.
 * @module
 */
import { hex } from '../base/bytes.ts';
import type { Dict } from '../base/bencode.ts';
import { earliest } from '../base/time.ts';
import type { Route } from '../path/candidates.ts';
import { Openers } from '../path/openers.ts';
import { PROBES_MAX } from '../path/probes.ts';
import { decodeSync, encodeSync, Sync } from '../path/sync.ts';
import type { Connections } from './connections.ts';
import type { Context } from './context.ts';

/** What there is to know of a link here. */
export interface SyncSession {
  readonly link: number;
  readonly up: { readonly initiator: boolean };
  /** The device it leads to, once its hello was accepted. */
  readonly device: string | undefined;
  /** Where its path leads. */
  readonly at: Route;
}

export type SyncConnections = Pick<Connections, 'send' | 'attach' | 'openings' | 'probes'>;

export class Syncing {
  readonly #syncs = new Map<number, { readonly session: SyncSession; readonly sync: Sync }>();
  readonly #openers: Openers;

  constructor(
    private readonly context: Context,
    private readonly connections: SyncConnections,
  ) {
    this.#openers = new Openers({
      random: context.random,
      mayProbe: (name, nowMs) => connections.probes.take(name, nowMs),
    });
  }

  /** The path of a link is another now, or it is told by now whom it leads to. */
  look(session: SyncSession): void {
    const isRelayed = session.device !== undefined && session.at.transport === 'circuit';
    if (!isRelayed) return this.forget(session.link);
    if (this.#syncs.has(session.link)) return;
    const sync = new Sync(session.up.initiator, this.context.now.monoMs);
    this.#syncs.set(session.link, { session, sync });
  }

  forget(link: number): void {
    this.#syncs.delete(link);
  }

  /** A link message named `s`. Where the path is direct, nothing is to be done about it. */
  handleMessage(link: number, dict: Dict): void {
    const step = decodeSync(dict);
    const entry = this.#syncs.get(link);
    if (!entry || !step) return;
    entry.sync.handleStep(step, this.context.now.monoMs);
    this.#drain(entry);
  }

  handleTimeout(): void {
    const { monoMs } = this.context.now;
    for (const entry of this.#syncs.values()) {
      entry.sync.handleTimeout(monoMs);
      this.#drain(entry);
    }
    this.#openers.handleTimeout(monoMs);
    this.#send();
  }

  wakeAtMs(): number | undefined {
    let soonest = this.#openers.wakeAtMs();
    for (const { sync } of this.#syncs.values()) soonest = earliest(soonest, sync.wakeAtMs());
    return soonest;
  }

  #drain({ session, sync }: { readonly session: SyncSession; readonly sync: Sync }): void {
    const { device, link } = session;
    for (let out = sync.poll(); out; out = sync.poll()) {
      if (out.type === 'say') {
        this.connections.send(link, encodeSync(out.step));
        continue;
      }
      const openings = this.connections.openings(device!);
      if (!openings) continue;
      if (out.type === 'attach') this.connections.attach(link, openings.routes);
      else this.#open(openings);
    }
  }

  #open({ identity, routes }: { identity: Uint8Array; routes: readonly Route[] }): void {
    const to = routes.map(({ endpoint }) => endpoint);
    this.#openers.open(hex(identity), to, PROBES_MAX, this.context.now.monoMs);
    this.#send();
  }

  #send(): void {
    for (let out = this.#openers.poll(); out; out = this.#openers.poll()) {
      this.context.emit({ type: 'datagram', ...out });
    }
  }
}
