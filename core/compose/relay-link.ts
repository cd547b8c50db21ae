/**
 * A relay and our link to it: who we are to it is made up for this one relay and this one run, so
 * that it sees no identity (RLY-1).
 *
 *   resting --needed--> dialling --up--> linked --down--> resting, or due again where still needed
 *                          '--failed--> what waited for it fails; due again where a place is kept
 *
 * A relay without room lets a link come up and ends it at once: that is a failure as well (PTH-7).
 *
 * A dial is on the relay's own port, and where nothing has come of that after a second on TCP port
 * 443 beside it, if the relay is there too (RLY-25).
 *
 * @module
 */
import { earliest, unit } from '../base/time.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { hex } from '../base/bytes.ts';
import type { LinksOutput, Route } from '../link/contract.ts';
import type { Links } from '../link/links.ts';
import { BACK_OFF_MS, STABLE_LINK_MS } from '../path/dialer.ts';
import { HTTPS_PORT } from '../relay/address.ts';
import { RelayClient, type RelayClientPorts, type Reservation } from '../relay/client.ts';
import type { RelayAddress } from '../relay/entry.ts';
import type { Context } from './context.ts';
import { linksOfNobody, relayTarget } from './nobody.ts';

/** A link without circuits and without a reservation is left after this. */
export const UNUSED_MS = 30_000;
/** Circuits end where their relay has not answered for this: another way is tried sooner. */
export const CIRCUIT_GRACE_MS = 1_000;
/** A link that has not answered for so long is dialled anew, beside its own tries. */
const REDIAL_MS = 2_000;
/** Where its own port has not answered for so long, the relay is tried on 443. */
export const WEB_AFTER_MS = 1_000;

type Up = Extract<LinksOutput, { type: 'up' }>;
type Stream = Extract<LinksOutput, { stream: number }>;

export interface RelayLinkPorts extends Omit<RelayClientPorts, 'send' | 'broken'> {
  allocateStream(): number;
  /** May a datagram leave to where the relay is said to be? */
  mayProbe(): boolean;
  /** The same for a TCP connection. */
  mayConnect(): boolean;
  /** Opens, writes or closes a stream that this link asked for. */
  stream(output: Stream): void;
  /** The link is up, or came to nothing: what waited for it goes on or fails. */
  settled(isUp: boolean): void;
  /** What is known of the relay has changed. */
  changed(): void;
}

export interface RelayLinkOptions {
  /** The relay through which it is reached, where it is behind one. */
  readonly guard: RelayLink | undefined;
  /** By whose word the relay is there; undefined for the user's own. */
  readonly namedBy: string | undefined;
  /** A reservation of an earlier run. */
  readonly former: Reservation | undefined;
}

export class RelayLink {
  /** Hex of its key. */
  readonly name: string;
  readonly guard: RelayLink | undefined;
  readonly namedBy: string | undefined;
  readonly client: RelayClient;
  readonly #links: Links;
  readonly #ports: RelayLinkPorts;
  #link: number | undefined;
  /** What is under way, and since when. */
  readonly #dials = new Map<number, number>();
  #nextDial = 1;
  /** When port 443 is tried too. */
  #webAtMs: number | undefined;
  /** The last link came to be there: its own port may be shut here. */
  #cameByWeb = false;
  #dueAtMs: number | undefined;
  /** Since when the link has no path, or one that owes an answer. */
  #silentSinceMs: number | undefined;
  #hasPath = false;
  #unusedAtMs: number | undefined;
  #isKept = false;
  #draining = false;
  /** Dials that failed and links that ended too soon, since one last stood. */
  #failures = 0;
  #upAtMs = 0;
  /** Of its newest path. */
  #route: Route | undefined;
  rttMs: number | undefined;

  constructor(
    private readonly context: Context,
    readonly address: RelayAddress,
    ports: RelayLinkPorts,
    { former, guard, namedBy }: RelayLinkOptions,
  ) {
    this.name = hex(address.key);
    this.guard = guard;
    this.namedBy = namedBy;
    this.#ports = ports;
    this.#links = linksOfNobody(context.random, {
      allocateStream: () => ports.allocateStream(),
      mayProbe: () => ports.mayProbe(),
      mayConnect: () => ports.mayConnect(),
    });
    const clientPorts: RelayClientPorts = {
      ...ports,
      send: (body) => {
        return this.#link !== undefined && this.#links.send(this.#link, body, context.now.monoMs);
      },
      broken: () => this.#leave('protocol'),
    };
    this.client = new RelayClient(clientPorts, former);
    this.#unusedAtMs = context.now.monoMs + UNUSED_MS;
  }

  get isExtended(): boolean {
    return this.guard !== undefined;
  }

  get isUp(): boolean {
    return this.#link !== undefined && this.#silentSinceMs === undefined;
  }

  /** Where it answers us over UDP, if it does. */
  get udpAt(): Endpoint | undefined {
    return this.isUp && this.#route?.transport === 'udp' ? this.#route.endpoint : undefined;
  }

  /** Tries in a row that came to nothing; none while it stands, or has a place for us. */
  get failures(): number {
    return this.isUp && (this.client.isReserved || !this.#isYoung) ? 0 : this.#failures;
  }

  get #isYoung(): boolean {
    return this.context.now.monoMs < this.#upAtMs + STABLE_LINK_MS;
  }

  /** Nothing is under way and nobody wants anything. */
  get isOver(): boolean {
    return this.#link === undefined && this.#dials.size === 0 && this.#dueAtMs === undefined;
  }

  /** Keeps a reservation there, or lets it go. */
  keep(isKept: boolean): void {
    if (isKept === this.#isKept) return;
    this.#isKept = isKept;
    this.client.setWanted(isKept, this.context.now.monoMs);
    if (isKept) this.need();
    else if (!this.client.isUsed) this.#unusedAtMs = this.context.now.monoMs;
    if (!isKept && this.#link === undefined) this.#dueAtMs = undefined;
    this.drain();
  }

  /** So many tries came to nothing before this link was made: the waits go on from there. */
  recall(failures: number): void {
    this.#failures = Math.max(this.#failures, failures);
  }

  /** Something waits for the link: it is dialled unless that is under way. */
  need(): void {
    this.#unusedAtMs = this.context.now.monoMs + UNUSED_MS;
    // A fresh link would end all circuits of one that is only slow: that is given its time.
    if (this.#link === undefined || !this.#hasPath) this.#dialAnew();
  }

  #dialAnew(): void {
    // One that is under way is that which is due.
    this.#dueAtMs = undefined;
    if (this.isUp || this.#dials.size > 0) return;
    const { monoMs } = this.context.now;
    const { endpoint, web } = this.address;
    const hasWeb = web && endpoint.port !== HTTPS_PORT && !this.isExtended;
    this.#webAtMs = hasWeb ? monoMs + (this.#cameByWeb ? 0 : WEB_AFTER_MS) : undefined;
    this.#dialOn(this.#routes());
    if (this.#cameByWeb) this.#dialWeb();
    this.drain();
  }

  /** Port 443, where that was not tried yet; false where there is nothing to try. */
  #dialWeb(): boolean {
    if (this.#webAtMs === undefined) return false;
    this.#webAtMs = undefined;
    const endpoint = { host: this.address.endpoint.host, port: HTTPS_PORT };
    this.#dialOn([{ transport: 'tcp', endpoint }]);
    return true;
  }

  #dialOn(routes: readonly Route[]): void {
    const { monoMs } = this.context.now;
    const dial = this.#nextDial++;
    this.#dials.set(dial, monoMs);
    const target = relayTarget(this.address.key);
    this.#links.dial(dial, target, routes, new Uint8Array(0), monoMs);
  }

  #cancelDials(): void {
    for (const dial of this.#dials.keys()) this.#links.cancelDial(dial);
    this.#dials.clear();
    this.#webAtMs = undefined;
  }

  /** True where the datagram was for this link. */
  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean {
    if (!this.#links.handleDatagram(from, bytes, this.context.now.monoMs)) return false;
    this.drain();
    return true;
  }

  handleStream(stream: number, what: 'opened' | 'writable' | 'closed' | Uint8Array): void {
    const nowMs = this.context.now.monoMs;
    if (what === 'opened') this.#links.handleStreamOpened(stream, nowMs);
    else if (what === 'writable') this.#links.handleStreamWritable(stream, nowMs);
    else if (what === 'closed') this.#links.handleStreamClosed(stream, nowMs);
    else this.#links.handleStreamBytes(stream, what, nowMs);
    this.drain();
  }

  handleWake(): void {
    this.#links.handleWake(this.context.now.monoMs);
    if (this.#isKept) this.need();
    this.drain();
  }

  handleTimeout(): void {
    const { monoMs } = this.context.now;
    this.#links.handleTimeout(monoMs);
    this.client.handleTimeout(monoMs);
    if (this.#dueAtMs !== undefined && monoMs >= this.#dueAtMs) this.#dialAnew();
    if (this.#webAtMs !== undefined && monoMs >= this.#webAtMs) this.#dialWeb();
    const silentMs = this.#silentSinceMs;
    if (silentMs !== undefined && monoMs >= silentMs + CIRCUIT_GRACE_MS) {
      this.client.abandon(monoMs);
    }
    const isUnused = !this.#isKept && !this.client.isUsed;
    if (!isUnused) this.#unusedAtMs = monoMs + UNUSED_MS;
    else if (monoMs >= (this.#unusedAtMs ?? 0)) this.#leave('closed');
    this.drain();
  }

  wakeAtMs(): number | undefined {
    const isUnused = this.#link !== undefined && !this.#isKept && !this.client.isUsed;
    const silentMs = this.client.isUsed ? this.#silentSinceMs : undefined;
    return earliest(
      this.#links.wakeAtMs(),
      this.client.wakeAtMs(),
      this.#dueAtMs,
      this.#webAtMs,
      silentMs === undefined ? undefined : silentMs + CIRCUIT_GRACE_MS,
      isUnused ? this.#unusedAtMs : undefined,
    );
  }

  /** Ends everything: nobody wants it any more. */
  close(): void {
    this.#isKept = false;
    this.client.setWanted(false, this.context.now.monoMs);
    this.#leave('closed');
    this.drain();
  }

  /** Moves what the link says on; after anything was told to `client` directly. */
  drain(): void {
    if (this.#draining) return; // the outer call goes on with what this one has added
    this.#draining = true;
    for (let out = this.#links.poll(); out; out = this.#links.poll()) this.#carryOut(out);
    this.#draining = false;
  }

  stats(): Record<string, number> {
    return { circuits: this.client.circuits, reserved: this.client.isReserved ? 1 : 0 };
  }

  #routes(): Route[] {
    const { endpoint, tcp, udp } = this.address;
    if (this.isExtended) return [{ transport: 'circuit', endpoint }];
    const routes: Route[] = [];
    if (udp) routes.push({ transport: 'udp', endpoint });
    if (tcp) routes.push({ transport: 'tcp', endpoint });
    return routes;
  }

  #carryOut(out: LinksOutput): void {
    const nowMs = this.context.now.monoMs;
    switch (out.type) {
      case 'datagram':
        return this.context.emit(out);
      case 'stream-open':
      case 'stream-write':
      case 'stream-close':
        return this.#ports.stream(out);
      case 'up':
        return this.#up(out);
      case 'message':
        this.client.handleMessage(out.body, nowMs);
        return this.#links.credit(out.link, out.bytes, nowMs);
      case 'writable':
        return this.client.handleWritable(nowMs);
      case 'path':
        return this.#path(out);
      case 'down':
        return this.#down(out);
      case 'dial-failed':
        return this.#failed(out.dial);
      case 'replay':
        return; // nobody comes in here
    }
  }

  #up({ dial, exporter, link, route }: Up): void {
    const { monoMs } = this.context.now;
    if (this.#link !== undefined) this.client.handleDown(monoMs); // it restarted
    this.#forgive();
    this.#link = link;
    this.#upAtMs = monoMs;
    this.#route = route;
    const sinceMs = this.#dials.get(dial!) ?? monoMs;
    this.#dials.delete(dial!);
    this.#cancelDials();
    this.#cameByWeb = route.endpoint.port !== this.address.endpoint.port;
    this.#dueAtMs = undefined;
    // Two round trips: the flight and its reply, then the mix.
    this.rttMs ??= (monoMs - sinceMs) / 2;
    this.#silentSinceMs = undefined;
    this.#hasPath = true;
    this.client.handleUp(exporter, monoMs);
    this.#ports.settled(true);
    this.#ports.changed();
  }

  #path({ doubted, link, route, rttMs }: Extract<LinksOutput, { type: 'path' }>): void {
    if (link !== this.#link) return;
    const { monoMs } = this.context.now;
    this.rttMs = rttMs ?? this.rttMs;
    const wasUp = this.isUp;
    this.#forgive();
    this.#hasPath = route !== undefined;
    this.#route = route ?? this.#route;
    if (route === undefined || doubted) {
      this.#silentSinceMs ??= monoMs;
      // Where it restarted, it knows the link no more: only a fresh one helps.
      this.#dueAtMs ??= monoMs + REDIAL_MS;
    } else {
      this.#silentSinceMs = undefined;
      this.#dueAtMs = undefined;
    }
    if (wasUp === this.isUp) return;
    if (this.isUp) this.#ports.settled(true);
    this.#ports.changed();
  }

  #down({ link, reason }: Extract<LinksOutput, { type: 'down' }>): void {
    if (link !== this.#link) return; // a newer one has replaced it
    this.#forgive();
    if (this.#isYoung && reason !== 'closed') this.#failures++; // but for one that we left
    this.#link = undefined;
    this.#silentSinceMs = undefined;
    this.client.handleDown(this.context.now.monoMs);
    if (this.#isKept) this.#again();
    this.#ports.changed();
  }

  #failed(dial: number): void {
    this.#dials.delete(dial);
    if (this.#dials.size > 0 || this.#dialWeb()) return;
    this.#failures++;
    this.#ports.settled(false);
    if (this.#isKept) this.#again();
    this.#ports.changed();
  }

  /** What failed before a link that stood counts no more. */
  #forgive(): void {
    if (this.isUp && !this.#isYoung) this.#failures = 0;
  }

  #again(): void {
    const step = Math.min(Math.max(this.#failures, 1), BACK_OFF_MS.length) - 1;
    const waitMs = BACK_OFF_MS[step]! * (1 + unit(this.context.random) / 4);
    this.#dueAtMs = this.context.now.monoMs + waitMs;
  }

  #leave(reason: 'closed' | 'protocol'): void {
    const nowMs = this.context.now.monoMs;
    this.#dueAtMs = undefined;
    this.#cancelDials();
    if (this.#link !== undefined) this.#links.close(this.#link, reason, nowMs);
  }
}
