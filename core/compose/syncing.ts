/**
 * Syncing: a link that leads through a relay looks for a direct path (path/sync.ts): both ends
 * open their routers at one instant, then the initiator attaches a path beside the present one.
 * @module
 */
import { hex } from '../base/bytes.ts';
import type { Dict } from '../base/bencode.ts';
import { type Endpoint, endpointKey } from '../base/endpoint.ts';
import { earliest } from '../base/time.ts';
import type { Secret } from '../crypto/keys.ts';
import { CallKey } from '../path/calls.ts';
import { type Route, sameRoutes } from '../path/candidates.ts';
import { decodeSync, encodeSync, Sync } from '../path/sync.ts';
import type { Connections, Openings } from './connections.ts';
import type { Context } from './context.ts';

/** What there is to know of a link here. */
export interface SyncSession {
  readonly link: number;
  readonly up: { readonly initiator: boolean; readonly exporter: Secret<'link exporter'> };
  /** The device it leads to, once its hello was accepted. */
  readonly device: string | undefined;
  /** Where its path leads. */
  readonly at: Route;
}

export type SyncConnections = Pick<
  Connections,
  'send' | 'attach' | 'openings' | 'endOpenings' | 'birthdays' | 'calling'
>;

interface Entry {
  readonly session: SyncSession;
  readonly sync: Sync;
  readonly key: CallKey;
  /** Its circuit; undefined while the link has no path. */
  at: Route | undefined;
  /** The last ways that calls came by since the last go; one call may come by many copies. */
  readonly called: string[];
}

/** Places that one link attaches to because a call came from there. */
const CALLED_MAX = 4;

export class Syncing {
  readonly #syncs = new Map<number, Entry>();

  /** @param allows may the link of this session use that route? */
  constructor(
    private readonly context: Context,
    private readonly connections: SyncConnections,
    private readonly allows: (session: SyncSession, route: Route) => boolean,
  ) {}

  /**
   * The path of a link may be another now, or it is told by now whom it leads to. Whatever was
   * tried beside a path has ended when a circuit took its place: it is tried again at once.
   * @param path undefined while the link has none.
   */
  look(session: SyncSession, path: Route | undefined): void {
    const isRelayed = session.device !== undefined && session.at.transport === 'circuit';
    if (!isRelayed) return this.forget(session.link);
    const known = this.#syncs.get(session.link);
    if (known) {
      const isOther = path && !(known.at && sameRoutes([known.at], [path]));
      known.at = path;
      if (isOther) known.sync.handleNews(this.context.now.monoMs);
      return;
    }
    const { exporter, initiator } = session.up;
    const sync = new Sync(initiator, this.context.now.monoMs);
    const key = new CallKey(exporter);
    this.#syncs.set(session.link, { session, sync, key, at: path, called: [] });
  }

  /** One side has told the other anew where it is. */
  news(link: number): void {
    this.#syncs.get(link)?.sync.handleNews(this.context.now.monoMs);
  }

  /** False where it is no call of the far end of one of these links. */
  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean {
    const { monoMs } = this.context.now;
    for (const entry of this.#syncs.values()) {
      if (!entry.sync.listens(monoMs) || !entry.key.opens(bytes)) continue;
      this.#called(entry, from);
      return true;
    }
    return false;
  }

  forget(link: number): void {
    const { device } = this.#syncs.get(link)?.session ?? {};
    const openings = device === undefined ? undefined : this.connections.openings(device);
    if (openings) this.connections.endOpenings(openings.identity);
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
  }

  wakeAtMs(): number | undefined {
    let soonest: number | undefined;
    for (const { sync } of this.#syncs.values()) soonest = earliest(soonest, sync.wakeAtMs());
    return soonest;
  }

  /** It came by a way that is open now, whether that was named or not. */
  #called({ called, key, session }: Entry, from: Endpoint): void {
    const route: Route = { transport: 'udp', endpoint: from };
    const name = endpointKey(from);
    if (called.includes(name) || called.length >= CALLED_MAX) return;
    if (!this.allows(session, route)) return;
    called.push(name);
    if (session.up.initiator) return this.connections.attach(session.link, [route], true);
    // Only the initiator attaches: it is told of the way, by that way.
    const openings = this.connections.openings(session.device!);
    if (openings) this.#open(key, { ...openings, routes: [route] });
  }

  /** Calls that were answered before say nothing of ways that are opened now. */
  #birthday({ called, key, session, sync }: Entry, { birth, identity }: Openings): void {
    if (!birth) return;
    const { initiator } = session.up;
    if (initiator) this.connections.send(session.link, encodeSync('many'));
    called.length = 0;
    sync.handleMany(this.context.now.monoMs);
    this.connections.birthdays.start(hex(identity), birth, () => key.seal(this.context.random));
  }

  #drain(entry: Entry): void {
    const { key, session, sync } = entry;
    const { device, link } = session;
    for (let out = sync.poll(); out; out = sync.poll()) {
      const begins = out.type === 'say' ? out.step === 'go' : out.type === 'open';
      // A try towards where a call came from before may have ended meanwhile.
      if (begins) entry.called.length = 0;
      if (out.type === 'say') {
        this.connections.send(link, encodeSync(out.step));
        continue;
      }
      const openings = this.connections.openings(device!);
      if (!openings) continue;
      // As sure as a call: they send there too, at this instant.
      if (out.type === 'attach') this.connections.attach(link, openings.routes, true);
      else if (out.type === 'many') this.#birthday(entry, openings);
      else this.#open(key, openings);
    }
  }

  #open(key: CallKey, { identity, routes }: Openings): void {
    const to = routes.map(({ endpoint }) => endpoint);
    this.connections.calling.open(hex(identity), key, to);
  }
}
