/**
 * Connections: links and the dialers that ask for them, as one part of the node. It knows devices
 * by the hex of their signing key and nothing of people or messages.
 * @module
 */
import { equal, hex } from '../base/bytes.ts';
import { earliest } from '../base/time.ts';
import { familyOf, type Endpoint, type Family } from '../base/endpoint.ts';
import type { Doc, DocChange } from '../base/vault.ts';
import type {
  CloseReason,
  DialFailure,
  GateKey,
  LinkSelf,
  LinksOutput,
  LinkTarget,
} from '../link/contract.ts';
import { Links } from '../link/links.ts';
import { FEATURES, VERSIONS } from './versions.ts';
import { Dialer, patienceMs } from '../path/dialer.ts';
import { isSameWay, nearerRoutes, sameRoutes, type Route } from '../path/candidates.ts';
import { birthOf, type Birth } from '../path/birthday.ts';
import { isWorthPunching, type NatClass } from '../path/nat-class.ts';
import { OPENER_BYTES } from '../path/openers.ts';
import { Probes, PROBES_SPARED } from '../path/probes.ts';
import { timetableOf, type Pace, type PunchTimetable } from '../path/punch.ts';
import { Improvement } from '../path/improvement.ts';
import { Learned } from '../path/learned.ts';
import { Birthdays } from './birthdays.ts';
import { Calling } from './calling.ts';
import type { CircuitStreams, StreamInput } from './circuit-streams.ts';
import { failed, type Context } from './context.ts';
import { Isolation } from './isolation.ts';
import { isOfInvite, type Linked, sameGate, type Wanted } from './wanted.ts';
import { Replays } from './replays.ts';

export type LinkUp = Extract<LinksOutput, { type: 'up' }>;
export type LinkPath = Extract<LinksOutput, { type: 'path' }>;

export interface LinkHandlers {
  /** The device that a fresh link leads to, where it is already known. */
  up(link: LinkUp, target: string | undefined): void;
  message(link: number, body: Uint8Array, bytes: number): void;
  writable(link: number): void;
  path(path: LinkPath): void;
  down(link: number): void;
}

/** Where openers and attach flights of a punch go. */
export interface Openings {
  readonly identity: Uint8Array;
  readonly routes: readonly Route[];
  /** What we would do where only many ports and chance can help (PTH-29). */
  readonly birth?: Birth | undefined;
}

interface Way {
  readonly routes: readonly Route[];
  readonly timetable?: PunchTimetable | undefined;
}

export interface ConnectionDeps {
  readonly self: LinkSelf;
  /** The vault's documents: first flights seen before the restart. */
  readonly docs: readonly Doc[];
  gates(): readonly GateKey[];
  /** May this Noise key come in by that gate, from there? */
  admit(noise: Uint8Array, gate: GateKey, from: Route): boolean;
  /** What our own router does with ports of this family. */
  nat(family: Family): NatClass;
  readonly handlers: LinkHandlers;
  /** What carries streams through relays; absent, there is no such way. */
  readonly circuits?: CircuitStreams | undefined;
  /** Numbers for the streams of all who share the driver. */
  readonly allocateStream?: () => number;
}

/** How far the dialling of one device is. */
export interface Attempt {
  readonly routes: number;
  readonly dialling: boolean;
  /** Dials in a row that led nowhere, and why the last one did. */
  readonly failures: number;
  readonly failure: DialFailure | undefined;
}

export class Connections {
  readonly #links: Links;
  /** By hex of the device's signing key. */
  readonly #wanted = new Map<string, Wanted>();
  readonly #dials = new Map<number, string>();
  readonly #replays: Replays;
  readonly #isolation = new Isolation();
  /** Contacts go by the hex of their identity. */
  readonly probes = new Probes();
  readonly birthdays: Birthdays;
  readonly calling: Calling;
  #nextDial = 1;
  #draining = false;

  readonly #handlers: LinkHandlers;
  readonly #circuits: CircuitStreams | undefined;
  readonly #nat: (family: Family) => NatClass;

  constructor(
    private readonly context: Context,
    deps: ConnectionDeps,
  ) {
    this.#handlers = deps.handlers;
    this.#circuits = deps.circuits;
    this.#nat = (family) => deps.nat(family);
    this.birthdays = new Birthdays(context);
    this.calling = new Calling(context, this.probes);
    this.#replays = new Replays(deps.docs);
    this.#links = new Links({
      random: context.random,
      self: deps.self,
      versions: VERSIONS,
      features: FEATURES,
      gates: () => deps.gates(),
      admit: (noise, gate, from) => {
        // A relay's client has a key of nobody: what it may have is asked inside.
        return gate.kind === 'relay' || deps.admit(noise, gate, from);
      },
      replaySeen: this.#replays.seen,
      ...(deps.allocateStream && { allocateStream: deps.allocateStream }),
      mayProbe: (noise, _, isCalled) => {
        return this.mayProbe(this.nameOf(noise), isCalled ? 'called' : 'search');
      },
      mayConnect: (noise, nowMs, isSearch) =>
        this.probes.takeConnect(this.nameOf(noise), nowMs, isSearch),
    });
  }

  /** Where a device is and how to pass its gate. Dials when anything here is new. */
  setTarget(device: string, target: LinkTarget, routes: readonly Route[], linked?: Linked): void {
    const nowMs = this.context.now.monoMs;
    let wanted = this.#wanted.get(device);
    if (!wanted) {
      const dialer = new Dialer({ random: this.context.random, nextDial: () => this.#nextDial++ });
      if (linked) dialer.handleLinked(nowMs);
      const improvement = new Improvement();
      improvement.handleRoute(linked?.route, nowMs);
      const fresh = { gates: [], routes: [], failure: undefined, learned: new Learned() };
      wanted = { ...fresh, dialer, target, linked, improvement };
      this.#wanted.set(device, wanted);
    }
    // What was derived from a secret is kept with the object that holds it.
    const known = wanted.gates.find((gate) => sameGate(gate, target.gate));
    const gate = known ?? target.gate;
    wanted.target = target;
    wanted.gates = [
      gate,
      ...wanted.gates.filter((other) => isOfInvite(other) !== isOfInvite(gate)),
    ];
    if (!known) wanted.dialer.handleGate(nowMs);
    const moved = !sameRoutes(wanted.routes, routes);
    wanted.routes = routes;
    wanted.learned.handleRoutes(routes);
    wanted.dialer.handleRoutes(routes, nowMs);
    if (this.punchable(routes).length === 0) this.endOpenings(target.identity);
    if (moved) this.#improve(wanted);
    this.#drain();
  }

  /** Somebody wants this person now, or a message waits for them: on any of their devices. */
  want(identity: Uint8Array): void {
    this.birthdays.renew(hex(identity));
    for (const [, { dialer }] of this.#ofPerson(identity)) {
      dialer.handleWanted(this.context.now.monoMs);
    }
    this.#drain();
  }

  /** It says that it is there: it is dialled at once unless it is linked. */
  hurry(device: string): void {
    this.#wanted.get(device)?.dialer.handleNetworkChange(this.context.now.monoMs);
    this.#drain();
  }

  /** A slot or beat of the pair has come: flights leave to all devices of this person. */
  punch(identity: Uint8Array, pace: Exclude<Pace, 'race'>): void {
    for (const [, { dialer }] of this.#ofPerson(identity)) {
      dialer.handlePunch(pace, this.context.now.monoMs);
    }
    this.#drain();
  }

  /** A slot of the pair: where only chance can help, it is tried (PTH-32). @param atMs its time. */
  chance(identity: Uint8Array, atMs: number): void {
    for (const [, { linked, routes }] of this.#ofPerson(identity)) {
      if (!linked) this.guess(hex(identity), routes, atMs);
    }
  }

  /** The same for whoever is known by a name alone. */
  guess(name: string, routes: readonly Route[], atMs: number): void {
    const birth = this.#birthOf(this.punchable(routes));
    if (birth) this.birthdays.startInSlot(name, birth, atMs);
  }

  /** An opener came from where a device may be: it is dialled there at once (PTH-31). */
  handleOpener(from: Endpoint, bytes: Uint8Array): boolean {
    const { monoMs } = this.context.now;
    if (bytes.length !== OPENER_BYTES) return false;
    const theirs = [...this.#wanted.values()].filter(({ learned, linked, routes }) => {
      return !linked && learned.handleOpener(from, routes, monoMs);
    });
    for (const { dialer } of theirs) dialer.handleNetworkChange(monoMs);
    this.#drain();
    return theirs.length > 0;
  }

  /** A device has told anew where it is: it is there, even where that is the same as before. */
  news(device: string): void {
    const wanted = this.#wanted.get(device);
    wanted?.dialer.handleNews(this.context.now.monoMs);
    if (wanted) this.birthdays.renew(hex(wanted.target.identity));
    this.#drain();
  }

  /** Whose device this is, and where an opening of our router may let it in. */
  openings(device: string): Openings | undefined {
    const wanted = this.#wanted.get(device);
    const { identity } = wanted?.target ?? {};
    if (!wanted || !identity) return undefined;
    const routes = this.punchable(wanted.routes);
    return { identity, routes, birth: this.#birthOf(routes) };
  }

  /** What opens routers between us and this person ends, but for dials: calls, and chance. */
  endOpenings(identity: Uint8Array): void {
    const name = hex(identity);
    this.birthdays.end(name);
    this.calling.end(name);
  }

  /** Attaches a further path on one of these routes. */
  attach(link: number, routes: readonly Route[], isCalled = false): void {
    if (routes.length > 0) this.#links.attach(link, routes, this.context.now.monoMs, isCalled);
    this.#drain();
  }

  /** How far the dialling of a person's devices is; none where no address is known. */
  attempts(identity: Uint8Array): Attempt[] {
    return this.#ofPerson(identity).map(([, { dialer, failure, routes }]) => ({
      routes: routes.length,
      dialling: dialer.state === 'dialing',
      failures: dialer.failures,
      failure,
    }));
  }

  /** They know us by now: the invite that led us in is tried no more. */
  leaveInvite(identity: Uint8Array): void {
    for (const [, wanted] of this.#ofPerson(identity)) {
      const others = wanted.gates.filter(({ kind }) => kind !== 'invite');
      if (others.length > 0) wanted.gates = others;
    }
  }

  forget(identity: Uint8Array): void {
    this.endOpenings(identity);
    const theirs = this.#ofPerson(identity);
    for (const [, { dialer }] of theirs) dialer.stop();
    this.#drain();
    for (const [device] of theirs) this.#wanted.delete(device);
  }

  /** Whom this device belongs to, as far as anybody has said where it is. */
  identityOf(device: string): Uint8Array | undefined {
    return this.#wanted.get(device)?.target.identity;
  }

  /** Where it leads to is not allowed any more: no further path of this link is tried elsewhere. */
  restrict(link: number, noise: Uint8Array, host: string, allowed: (to: Route) => boolean): void {
    this.#links.restrict(link, noise, host, allowed);
    this.#drain();
  }

  /** Hex of the identity of who has this Noise key; of the key where nobody is known to. */
  nameOf(noise: Uint8Array): string {
    const known = [...this.#wanted.values()].find(({ target }) => equal(target.noise, noise));
    return hex(known?.target.identity ?? noise);
  }

  /** All that leaves to where one person is said to be counts together (PTH-3). */
  mayProbe(name: string, what: keyof typeof PROBES_SPARED): boolean {
    const isLinked = [...this.#wanted.values()].some(({ linked, target }) => {
      return linked && hex(target.identity) === name;
    });
    const spare = isLinked ? PROBES_SPARED[what] : 0;
    return this.probes.take(name, this.context.now.monoMs, spare);
  }

  /** Before the first meeting a device is known by its record alone, so the book does not do. */
  #ofPerson(identity: Uint8Array): (readonly [string, Wanted])[] {
    return [...this.#wanted].filter(([, { target }]) => equal(target.identity, identity));
  }

  /** A link leads to this device, on this route. */
  linked(device: string, link: number, initiator: boolean, route: Route): void {
    const wanted = this.#wanted.get(device);
    if (!wanted) return;
    const isNew = wanted.linked?.link !== link;
    const isOther = isNew || !sameRoutes([wanted.linked!.route], [route]);
    wanted.linked = { link, initiator, route };
    wanted.learned.forget();
    if (route.transport !== 'circuit') this.endOpenings(wanted.target.identity);
    wanted.improvement.handleRoute(initiator ? route : undefined, this.context.now.monoMs);
    wanted.dialer.handleLinked(this.context.now.monoMs);
    // What was tried beside the path before has ended when a circuit took its place.
    if (isNew || (isOther && route.transport === 'circuit')) this.#improve(wanted);
    this.#drain();
  }

  /** The path is lost or doubted; the link may find another. */
  pathLost(device: string): void {
    const wanted = this.#wanted.get(device);
    if (!wanted) return;
    wanted.dialer.handlePathLost(
      patienceMs(resumes(wanted.linked), 'lost'),
      this.context.now.monoMs,
    );
    this.#drain();
  }

  linkLost(device: string): void {
    const wanted = this.#wanted.get(device);
    if (wanted) wanted.linked = undefined;
    wanted?.improvement.handleRoute(undefined, this.context.now.monoMs);
    wanted?.dialer.handleLinkLost(this.context.now.monoMs);
    this.#drain();
  }

  /**
   * This computer woke, or has other addresses: all links are asked, and all who are not linked
   * dialled. A peer that dialled an address which we have no more cannot find us: we dial it.
   * @param moved an address that we had is gone.
   */
  handleWake(moved: boolean): void {
    this.#circuits?.handleWake();
    const nowMs = this.context.now.monoMs;
    this.#links.handleWake(nowMs);
    for (const { dialer, linked } of this.#wanted.values()) {
      dialer.handleNetworkChange(nowMs);
      dialer.handlePathLost(patienceMs(resumes(linked), moved ? 'moved' : 'woke'), nowMs);
    }
    this.#drain();
  }

  /** The link looks for its next path where the device is now, at once where that is nearer. */
  #improve({ linked, routes }: Wanted): void {
    if (!linked) return;
    this.#links.setRoutes(linked.link, routes);
    // Where it is no more said to be it has moved, and its path is about to be found dead.
    const moved = !routes.some((route) => isSameWay(route, linked.route));
    const better = moved ? routes : nearerRoutes(routes, linked.route);
    // From a relay's path UDP is tried as soon as both ends are ready for it (syncing.ts).
    const isRelayed = linked.route.transport === 'circuit';
    const now = isRelayed ? better.filter(({ transport }) => transport !== 'udp') : better;
    if (now.length > 0) this.#links.attach(linked.link, now, this.context.now.monoMs);
  }

  /** False where the link has no room now; `writable` tells when it has. */
  send(link: number, body: Uint8Array): boolean {
    const sent = this.#links.send(link, body, this.context.now.monoMs);
    this.#drain();
    return sent;
  }

  /** Since when its peer has all that was sent; undefined while it has not, or there is no path. */
  idleSinceMs(link: number): number | undefined {
    return this.#links.idleSinceMs(link);
  }

  /** The message has been dealt with for good: its bytes may be followed by others. */
  credit(link: number, bytes: number): void {
    this.#links.credit(link, bytes, this.context.now.monoMs);
    this.#drain();
  }

  close(link: number, reason: CloseReason): void {
    this.#links.close(link, reason, this.context.now.monoMs);
    this.#drain();
  }

  /** True where it was a handshake of ours. */
  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean {
    if (this.#circuits?.handleDatagram(from, bytes)) return true;
    if (!this.#links.handleDatagram(from, bytes, this.context.now.monoMs)) return false;
    this.#drain();
    return true;
  }

  handleStream(input: StreamInput): void {
    if (this.#held(() => this.#circuits?.handleStream(input))) return;
    const nowMs = this.context.now.monoMs;
    switch (input.type) {
      case 'stream-accepted':
        this.#links.handleStreamAccepted(input.stream, input.from, nowMs);
        break;
      case 'stream-opened':
        this.#links.handleStreamOpened(input.stream, nowMs);
        break;
      case 'stream-bytes':
        this.#links.handleStreamBytes(input.stream, input.bytes, nowMs);
        break;
      case 'stream-writable':
        this.#links.handleStreamWritable(input.stream, nowMs);
        break;
      case 'stream-closed':
        this.#links.handleStreamClosed(input.stream, nowMs);
        break;
    }
    this.#drain();
  }

  /** Somebody came by a relay: the circuit is a stream like another. */
  handleCircuit(stream: number, relay: Endpoint): void {
    this.#links.handleStreamAccepted(stream, relay, this.context.now.monoMs, 'circuit');
    this.#drain();
  }

  handleTimeout(): void {
    this.#held(() => this.#circuits?.handleTimeout());
    this.birthdays.handleTimeout();
    this.calling.handleTimeout();
    const nowMs = this.context.now.monoMs;
    this.#links.handleTimeout(nowMs);
    // A dial that has failed says why before its dialer gives it up, at the same instant.
    this.#drain();
    for (const { dialer, improvement, linked, routes } of this.#wanted.values()) {
      const dueMs = dialer.wakeAtMs();
      if (dueMs !== undefined && nowMs >= dueMs) dialer.handleTimeout(nowMs);
      if (!improvement.take(nowMs) || !linked) continue;
      const better = improvement.routes(nearerRoutes(routes, linked.route));
      if (better.length > 0) this.#links.attach(linked.link, better, nowMs);
    }
    this.#drain();
  }

  wakeAtMs(): number | undefined {
    let soonest = earliest(this.#links.wakeAtMs(), this.birthdays.wakeAtMs());
    soonest = earliest(soonest, this.calling.wakeAtMs(), this.#circuits?.wakeAtMs());
    for (const { dialer, improvement } of this.#wanted.values()) {
      soonest = earliest(soonest, dialer.wakeAtMs(), improvement.wakeAtMs);
    }
    return soonest;
  }

  stats(): Record<string, number> {
    return { ...this.#links.stats(), dialers: this.#wanted.size, dials: this.#dials.size };
  }

  /**
   * What `act` makes links say is told once it is done: a link that has room again while a relay
   * hands on a piece would make it hand on the same piece twice.
   */
  #held<T>(act: () => T): T {
    const isInside = this.#draining;
    this.#draining = true;
    const result = act();
    this.#draining = isInside;
    this.#drain();
    return result;
  }

  #drain(): void {
    if (this.#draining) return; // the outer call goes on with what this one has added
    this.#draining = true;
    for (let busy = true; busy;) {
      busy = false;
      for (const [device, wanted] of this.#wanted) {
        for (let out = wanted.dialer.poll(); out; out = wanted.dialer.poll()) {
          busy = true;
          if (out.type === 'cancel') this.#cancel(out.dial);
          else this.#dial(device, wanted, out.dial, out.pace);
        }
      }
      for (let out = this.#links.poll(); out; out = this.#links.poll()) {
        busy = true;
        this.#carryOut(out);
      }
    }
    this.#draining = false;
  }

  #dial(device: string, wanted: Wanted, dial: number, pace: Pace): void {
    const { dialer, gates, target } = wanted;
    this.#dials.set(dial, device);
    const gate = gates[dialer.turns % gates.length]!;
    const { routes, timetable } = this.#way(wanted, pace);
    const payload = new Uint8Array(0);
    const { monoMs } = this.context.now;
    this.#links.dial(dial, { ...target, gate }, routes, payload, monoMs, timetable);
  }

  /** What a dial of this pace tries, and when. */
  #way({ learned, routes }: Wanted, pace: Pace): Way {
    if (pace === 'race') return { routes: learned.before(routes) };
    const udp = this.punchable(routes);
    const others = pace === 'steady' ? routes.filter(({ transport }) => transport !== 'udp') : [];
    if (udp.length === 0) return { routes: [] };
    return { routes: [...udp, ...others], timetable: timetableOf(pace, udp.length) };
  }

  /** Those of these to which a try through routers is worth it. */
  punchable(routes: readonly Route[]): Route[] {
    return routes.filter(({ endpoint, nat, transport }) => {
      const ours = this.#nat(familyOf(endpoint));
      return transport === 'udp' && isWorthPunching(ours, nat ?? 'unknown');
    });
  }

  #birthOf(routes: readonly Route[]): Birth | undefined {
    return birthOf(routes, ({ endpoint }) => this.#nat(familyOf(endpoint)));
  }

  #cancel(dial: number): void {
    if (this.#dials.delete(dial)) this.#links.cancelDial(dial);
  }

  #carryOut(out: LinksOutput): void {
    const { context } = this;
    const handlers = this.#handlers;
    switch (out.type) {
      case 'datagram':
        return context.emit(out);
      case 'stream-open':
        return this.#openStream(out);
      case 'stream-write':
        if (this.#circuits?.write(out.stream, out.bytes) !== true) context.emit(out);
        return;
      case 'stream-close':
        if (this.#circuits?.close(out.stream, out.reset === true) !== true) context.emit(out);
        return;
      case 'replay':
        return this.#persistReplay(out);
      case 'up':
        return this.#up(out);
      case 'message':
        return handlers.message(out.link, out.body, out.bytes);
      case 'writable':
        return handlers.writable(out.link);
      case 'path':
        return handlers.path(out);
      case 'down':
        return handlers.down(out.link);
      case 'dial-failed':
        return this.#dialFailed(out.dial, out.reason);
    }
  }

  #openStream(out: Extract<LinksOutput, { type: 'stream-open' }>): void {
    const { peer, transport, ...open } = out;
    if (transport !== 'circuit') {
      const apart = peer ? { isolation: this.#isolation.of(peer) } : {};
      return this.context.emit({ ...open, ...apart, transport });
    }
    if (this.#circuits) return this.#circuits.open(out);
    this.#links.handleStreamClosed(open.stream, this.context.now.monoMs);
  }

  /** First flights seen are on disk before any reply to them leaves (LNK-6). */
  #persistReplay(out: Extract<LinksOutput, { type: 'replay' }>): void {
    const docs = this.#replays.add(out.gate, out.entries);
    this.context.vault({ op: 'put', docs }, (reply) => {
      this.#links.handleReplayStored(out.token, !failed(reply), this.context.now.monoMs);
      this.#drain();
    });
  }

  /** Deletes what was kept for gates that are gone: nobody can knock there any more. */
  retireGates(open: ReadonlySet<string>): DocChange[] {
    return this.#replays.retire(open);
  }

  #up(out: LinkUp): void {
    const target = out.dial === undefined ? undefined : this.#dials.get(out.dial);
    if (out.dial !== undefined) this.#dials.delete(out.dial);
    this.#handlers.up(out, target);
  }

  #dialFailed(dial: number, reason: DialFailure): void {
    const device = this.#dials.get(dial);
    this.#dials.delete(dial);
    const wanted = device === undefined ? undefined : this.#wanted.get(device);
    if (!wanted) return;
    wanted.failure = reason;
    wanted.learned.forget();
    wanted.dialer.handleDialFailed(dial, this.context.now.monoMs);
  }
}

/** Where we answered, the peer has to look for the next path. */
function resumes(linked: Linked | undefined): boolean {
  return linked?.initiator !== false;
}
