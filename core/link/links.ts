/**
 * Links: every link of this device, its dials, its gates and its streams (docs/spec/link.md).
 *
 *   dial ---> attempts on all routes ---first reply---> path, START sent --+
 *                                                                          | START read
 *   arrival -> gate -> replay stored -> reply --------> path --------------+----> link up
 *                                                                          |
 *   link without a path -> attach attempt / attach arrival --> path -------+----> link goes on
 *
 * Composes: arrivals.ts (what others start), attempt.ts and resume.ts (what we start), link.ts
 * (frames above paths), path.ts (records on one stream). Sans-IO: call one `handle*` or command,
 * drain `poll()`, sleep until `wakeAtMs()`.
 * @module
 */
import { assert } from '../base/assert.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { earliest, type Random } from '../base/time.ts';
import { dhPublicKey } from '../crypto/dh.ts';
import { type Arrival, Arrivals } from './arrivals.ts';
import { AttachIndex } from './attach.ts';
import { AttemptBoard } from './attempt-board.ts';
import type { Won } from './attempt.ts';
import type {
  CloseReason,
  DialFailure,
  DialId,
  DownReason,
  GateKey,
  LinkId,
  LinkSelf,
  LinksOutput,
  LinkTarget,
  Route,
  StreamId,
} from './contract.ts';
import { FRAME, type Frame } from './frame.ts';
import type { Carrier, Proof, UpLink } from './carrier.ts';
import { Dials } from './dials.ts';
import {
  type Attached,
  type Established,
  type HandshakeDeps,
  INSTANCE_BYTES,
} from './handshake.ts';
import { HALF_OPEN_MS, LINK_LIMITS, type LinkLimits, LINKS_MAX } from './limits.ts';
import { downReasonOf, Link } from './link.ts';
import { Path } from './path.ts';
import { type AttachAttempt, Resume } from './resume.ts';
import { rivalsOf } from './rivals.ts';
import { isVersionList } from './versions.ts';

export interface LinksDeps {
  readonly random: Random;
  readonly self: LinkSelf;
  /** Our version list, as our records show it. */
  readonly versions: readonly number[];
  readonly features: number;
  /** Our gates at this moment. */
  readonly gates: () => readonly GateKey[];
  /** May this device come in by this gate? If not it is dropped without a word. */
  readonly admit: (noiseStatic: Uint8Array, gate: GateKey) => boolean;
  /** What earlier `replay` outputs had stored, by gate id, oldest first. */
  readonly replaySeen: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly limits?: Partial<LinkLimits>;
}

/** What becomes of a path's stream: gone already, closed after what was written, or cut. */
type Ending = 'gone' | 'flush' | 'reset';

export class Links {
  readonly #random: Random;
  readonly #limits: LinkLimits;
  readonly #handshake: HandshakeDeps;
  readonly #ourNoise: Uint8Array;
  readonly #attaches = new AttachIndex<Link>();
  readonly #arrivals: Arrivals;
  readonly #dials: Dials;
  readonly #links = new Map<LinkId, UpLink>();
  readonly #board = new AttemptBoard();
  readonly #carriers = new Map<StreamId, Carrier>();
  /** Carriers without the peer's START. */
  readonly #unproven = new Set<Carrier>();
  /** Carriers that may have something to write. */
  readonly #dirty = new Set<Carrier>();
  #out: LinksOutput[] = [];
  #outHead = 0;
  #nowMs = 0;
  #nextStream: StreamId = 2;
  #nextLink: LinkId = 1;

  constructor(deps: LinksDeps) {
    const { random, self, versions, features } = deps;
    assert(isVersionList(versions), 'our version list rises and is short');
    this.#random = random;
    this.#limits = { ...LINK_LIMITS, ...deps.limits };
    this.#ourNoise = dhPublicKey(self.noise.reveal());
    const instance = random(INSTANCE_BYTES);
    this.#handshake = { random, self, versions, features, instance };
    this.#arrivals = new Arrivals({
      handshake: this.#handshake,
      random,
      gates: deps.gates,
      admit: deps.admit,
      replaySeen: deps.replaySeen,
      attaches: this.#attaches,
      unproven: () => this.#unproven.size,
      allocateStream: this.#allocateStream,
      emit: this.#emit,
      arrived: (arrival, nowMs) => this.#arrived(arrival, nowMs),
    });
    this.#dials = new Dials({
      handshake: this.#handshake,
      random,
      board: this.#board,
      emit: this.#emit,
      allocateStream: this.#allocateStream,
      keyOf: (gate) => this.#arrivals.keyOf(gate),
      won: (dial, target, won) => this.#dialWon(dial, target, won),
    });
  }

  /**
   * Dials a device on all routes at once. Ends in one `up` or `dial-failed` with this number.
   * @param payload shown to the peer with its `up`; at most 768 bytes.
   */
  dial(
    id: DialId,
    target: LinkTarget,
    routes: readonly Route[],
    payload: Uint8Array,
    nowMs: number,
  ): void {
    this.#nowMs = nowMs;
    this.#dials.start(id, target, routes, payload, nowMs);
  }

  /** Forgets a dial; no output names it any more. */
  cancelDial(id: DialId): void {
    this.#dials.cancel(id);
    for (const carrier of this.#unproven) {
      const { proof } = carrier;
      if (proof?.type === 'dialled' && proof.dial === id) this.#discard(carrier, 'flush');
    }
  }

  /** True where the datagram is a handshake of ours; else it may be somebody else's. */
  handleDatagram(from: Endpoint, bytes: Uint8Array, nowMs: number): boolean {
    this.#nowMs = nowMs;
    if (this.#board.handleDatagram(from, bytes, nowMs)) return true;
    return this.#arrivals.handleDatagram(from, bytes, nowMs);
  }

  handleStreamAccepted(stream: StreamId, from: Endpoint, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#arrivals.handleAccepted(stream, from, nowMs);
  }

  handleStreamOpened(stream: StreamId, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#board.handleOpened(stream, nowMs);
  }

  handleStreamBytes(stream: StreamId, bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    const carrier = this.#carriers.get(stream);
    if (carrier !== undefined) return this.#carrierBytes(carrier, bytes);
    if (this.#board.handleBytes(stream, bytes, nowMs)) return;
    this.#arrivals.handleBytes(stream, bytes, nowMs);
  }

  handleStreamWritable(stream: StreamId, nowMs: number): void {
    this.#nowMs = nowMs;
    const carrier = this.#carriers.get(stream);
    carrier?.path.drained();
    if (carrier !== undefined) this.#dirty.add(carrier);
  }

  handleStreamClosed(stream: StreamId, nowMs: number): void {
    this.#nowMs = nowMs;
    const carrier = this.#carriers.get(stream);
    if (carrier !== undefined) this.#dropCarrier(carrier, 'gone');
    this.#board.handleClosed(stream);
    this.#arrivals.handleClosed(stream);
  }

  handleReplayStored(token: number, ok: boolean, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#arrivals.handleReplayStored(token, ok, nowMs);
  }

  /**
   * Sends one body of 1 byte to 64 KiB, taking it over.
   * @returns false where there is no room: try again after `writable`. Also false for no link.
   */
  send(id: LinkId, body: Uint8Array, nowMs: number): boolean {
    this.#nowMs = nowMs;
    const up = this.#links.get(id);
    if (up === undefined || !up.link.send(body)) return false;
    if (up.carrier !== undefined) this.#dirty.add(up.carrier);
    return true;
  }

  /** The consumer is done with `bytes` of what `message` outputs said. */
  credit(id: LinkId, bytes: number, nowMs: number): void {
    this.#nowMs = nowMs;
    const up = this.#links.get(id);
    if (up === undefined) return;
    up.link.credit(bytes, nowMs);
    if (up.carrier !== undefined) this.#dirty.add(up.carrier);
  }

  /** Ends a link; the peer is told if there is a path. */
  close(id: LinkId, reason: CloseReason, nowMs: number): void {
    this.#nowMs = nowMs;
    const up = this.#links.get(id);
    if (up !== undefined) this.#down(up, reason, reason);
  }

  /** Where else the peer of a link is said to be: tried where its path is lost or doubted. */
  setRoutes(id: LinkId, routes: readonly Route[]): void {
    this.#links.get(id)?.resume?.setRoutes(routes);
  }

  /** Attaches a further path on one of these routes; messages go on meanwhile (LNK-40). */
  attach(id: LinkId, routes: readonly Route[], nowMs: number): void {
    this.#nowMs = nowMs;
    const up = this.#links.get(id);
    up?.resume?.hurry(routes);
    if (up !== undefined) this.#resume(up);
  }

  /** This computer slept, or its addresses changed: every path is asked at once (LNK-41). */
  handleWake(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const up of this.#links.values()) {
      up.link.wake(nowMs);
      up.resume?.hurry();
      this.#linkTimeout(up);
    }
  }

  /** Time passed. Early, late and repeated calls are safe. */
  handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#arrivals.handleTimeout(nowMs);
    this.#dials.handleTimeout(nowMs);
    for (const carrier of this.#unproven) {
      if (carrier.proof!.deadlineMs > nowMs) continue;
      carrier.link.unproven();
      this.#dropCarrier(carrier, 'flush');
    }
    for (const up of this.#links.values()) this.#linkTimeout(up);
  }

  wakeAtMs(): number | undefined {
    let soonest = earliest(this.#arrivals.wakeAtMs(), this.#dials.wakeAtMs());
    for (const { proof } of this.#unproven) soonest = earliest(soonest, proof!.deadlineMs);
    for (const { link, resume } of this.#links.values()) {
      soonest = earliest(soonest, link.wakeAtMs(), resume?.wakeAtMs());
    }
    return soonest;
  }

  poll(): LinksOutput | undefined {
    if (this.#outHead === this.#out.length) {
      this.#out = [];
      this.#outHead = 0;
      for (const carrier of this.#dirty) this.#write(carrier);
      this.#dirty.clear();
    }
    return this.#outHead < this.#out.length ? this.#out[this.#outHead++] : undefined;
  }

  /** Counts of everything held, and of arrivals dropped by reason. */
  stats(): Record<string, number> {
    let heldFrames = 0;
    for (const { link } of this.#links.values()) heldFrames += link.held;
    return {
      links: this.#links.size,
      dials: this.#dials.size,
      streams: this.#carriers.size,
      attempts: this.#board.size,
      unproven: this.#unproven.size,
      attachIds: this.#attaches.size,
      heldFrames,
      ...this.#arrivals.stats(),
    };
  }

  readonly #emit = (output: LinksOutput): void => {
    this.#out.push(output);
  };

  readonly #allocateStream = (): StreamId => {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    return stream;
  };

  // --- dials ---

  #dialWon(dial: DialId, target: LinkTarget, won: Won<Established>): void {
    const link = this.#newLink(true, target.gate, won.result);
    const deadlineMs = this.#nowMs + HALF_OPEN_MS;
    const proof: Proof = { type: 'dialled', dial, deadlineMs };
    this.#carry(won.stream, won.route, won.result.keys, link, proof, won.rest);
  }

  // --- arrivals ---

  #arrived(arrival: Arrival, nowMs: number): void {
    const { made, stream, route, deadlineMs } = arrival;
    this.#nowMs = nowMs;
    if (made.type === 'link') {
      const link = this.#newLink(false, made.gate, made.established);
      const proof: Proof = { type: 'arrived', payload: made.payload, deadlineMs };
      this.#carry(stream, route, made.established.keys, link, proof);
    } else {
      const { attached, link } = made;
      const proof: Proof = { type: 'attach', expects: attached.expects, deadlineMs };
      this.#carry(stream, route, attached.keys, link, proof);
    }
  }

  #newLink(initiator: boolean, gate: GateKey, established: Established): Link {
    return new Link({
      id: this.#nextLink++,
      initiator,
      gate,
      established,
      limits: this.#limits,
      random: this.#random,
      emit: this.#emit,
      nowMs: this.#nowMs,
    });
  }

  // --- paths ---

  /** A path after its handshake; the initiator's START proves it to the responder, then back. */
  #carry(
    stream: StreamId,
    route: Route,
    keys: Established['keys'],
    link: Link,
    proof: Proof,
    rest?: Uint8Array,
  ): void {
    const path = new Path(stream, route, keys, { limits: this.#limits, nowMs: this.#nowMs });
    const carrier: Carrier = { path, link, proof };
    this.#carriers.set(stream, carrier);
    this.#unproven.add(carrier);
    if (link.initiator) Link.writeStart(path, this.#nowMs);
    this.#dirty.add(carrier);
    if (rest !== undefined && rest.length > 0) this.#carrierBytes(carrier, rest);
  }

  #carrierBytes(carrier: Carrier, bytes: Uint8Array): void {
    const { path } = carrier;
    path.feed(bytes);
    for (let frame = path.next(); frame !== undefined; frame = path.next()) {
      if (!this.#carrierFrame(carrier, frame)) return;
    }
    if (path.fault !== undefined) this.#dropCarrier(carrier, 'reset');
    else this.#dirty.add(carrier);
  }

  /** False where the carrier is gone. */
  #carrierFrame(carrier: Carrier, frame: Frame): boolean {
    if (carrier.proof !== undefined) return this.#proveCarrier(carrier, carrier.proof, frame);
    const up = this.#links.get(carrier.link.id)!;
    switch (carrier.link.handleFrame(frame, this.#nowMs)) {
      case 'fine':
        return true;
      case 'path over':
        this.#dropCarrier(carrier, 'reset');
        return false;
      case 'violation':
        this.#down(up, 'protocol', 'protocol');
        return false;
      case 'closed':
        this.#down(up, downReasonOf(frame), undefined);
        return false;
    }
  }

  /** The peer's first frame: START makes the path count, CLOSE ends it before it did. */
  #proveCarrier(carrier: Carrier, proof: Proof, frame: Frame): boolean {
    if (frame.type === FRAME.close) {
      const duplicate = downReasonOf(frame) === 'duplicate';
      this.#dropCarrier(carrier, 'flush', duplicate ? 'duplicate' : 'unreachable');
      return false;
    }
    this.#unproven.delete(carrier);
    carrier.proof = undefined;
    return proof.type === 'attach'
      ? this.#attachProven(carrier, proof)
      : this.#linkProven(carrier, proof);
  }

  #attachProven(carrier: Carrier, proof: Proof & { type: 'attach' }): boolean {
    const { link, path } = carrier;
    const up = this.#links.get(link.id)!;
    const { carrier: old } = up;
    if (!link.attach(path, proof.expects, this.#nowMs)) {
      this.#discard(carrier, 'flush');
      this.#down(up, 'protocol', undefined);
      return false;
    }
    if (!link.initiator) Link.writeStart(path, this.#nowMs);
    up.carrier = carrier;
    up.resume?.proven(path.route);
    // START leaves before the old stream closes, so that the peer need not do without a path.
    this.#write(carrier);
    if (old !== undefined) this.#discard(old, 'flush');
    const rtt = proof.rttMs === undefined ? {} : { rttMs: proof.rttMs };
    this.#emit({ type: 'path', link: link.id, route: path.route, ...rtt });
    return true;
  }

  #linkProven(carrier: Carrier, proof: Proof & { type: 'dialled' | 'arrived' }): boolean {
    const { link, path } = carrier;
    const { gate } = link;
    // Whoever was shut out since the reply left is told nothing more, our hello least of all.
    if (!link.initiator && !this.#arrivals.admits(link.established.peerNoise, gate)) {
      this.#discard(carrier, 'reset');
      return false;
    }
    const rivals = rivalsOf(link, this.#links.values(), this.#ourNoise, this.#nowMs);
    if (rivals === 'stay' || this.#links.size >= LINKS_MAX) {
      link.writeClose(path, rivals === 'stay' ? 'duplicate' : 'closed', this.#nowMs);
      this.#discard(carrier, 'flush');
      if (proof.type === 'dialled') this.#dials.fail(proof.dial, 'busy');
      return false;
    }
    const resume = link.initiator
      ? new Resume(link, path.route, {
          random: this.#random,
          emit: this.#emit,
          allocateStream: this.#allocateStream,
        })
      : undefined;
    const { established } = link;
    if (!link.initiator) {
      this.#attaches.add(link, established.attach);
      Link.writeStart(path, this.#nowMs);
    }
    link.attach(path, 0, this.#nowMs);
    this.#links.set(link.id, { link, carrier, resume, upAtMs: this.#nowMs });
    this.#emit({
      type: 'up',
      link: link.id,
      initiator: link.initiator,
      gate,
      ...(proof.type === 'dialled' ? { dial: proof.dial } : { payload: proof.payload }),
      peerNoise: established.peerNoise,
      version: established.version,
      features: established.features,
      exporter: established.exporter,
      route: path.route,
    });
    // START leaves before any CLOSE, so that the peer, too, has the new link before the old ends.
    this.#write(carrier);
    for (const { up, reason } of rivals) this.#down(up, reason, reason);
    return true;
  }

  /** A path ended; its link lives on, unless this path was to make it. */
  #dropCarrier(carrier: Carrier, ending: Ending, failure: DialFailure = 'unreachable'): void {
    const { link, proof } = carrier;
    const up = this.#links.get(link.id);
    this.#discard(carrier, ending);
    if (proof?.type === 'dialled') this.#dials.fail(proof.dial, failure);
    if (proof?.type === 'attach') up?.resume?.failed(this.#nowMs);
    if (proof !== undefined || up === undefined) return;
    up.carrier = undefined;
    link.detach(this.#nowMs);
    this.#emit({ type: 'path', link: link.id, route: undefined });
    up.resume?.pathLost();
    this.#resume(up);
  }

  /** Forgets a path. */
  #discard(carrier: Carrier, ending: Ending): void {
    const { path } = carrier;
    const { stream } = path;
    const bytes = path.takeOutput();
    if (ending === 'flush') {
      if (bytes !== undefined) this.#emit({ type: 'stream-write', stream, bytes });
      this.#emit({ type: 'stream-close', stream });
    } else if (ending === 'reset') {
      this.#emit({ type: 'stream-close', stream, reset: true });
    }
    this.#carriers.delete(path.stream);
    this.#unproven.delete(carrier);
    this.#dirty.delete(carrier);
    path.wipe();
  }

  // --- links ---

  #linkTimeout(up: UpLink): void {
    const { link } = up;
    if (link.staleAtMs <= this.#nowMs) return this.#down(up, 'stale keys', 'closed');
    if ((link.noPathDueMs ?? Infinity) <= this.#nowMs) {
      return this.#down(up, 'no path', undefined);
    }
    if (up.carrier !== undefined) {
      const over = link.isPathDead(this.#nowMs) || this.#isLeft(up);
      if (over) this.#dropCarrier(up.carrier, 'reset');
      else this.#dirty.add(up.carrier);
    }
    this.#resume(up);
  }

  /**
   * An answer is overdue. The initiator makes another path beside this one; the responder cannot,
   * but its reset tells the initiator, whom nobody else may have told.
   */
  #isLeft(up: UpLink): boolean {
    const { link, resume } = up;
    if (!link.takeDoubt(this.#nowMs)) return false;
    if (resume === undefined) return true;
    resume.pathLost();
    this.#emit({ type: 'path', link: link.id, route: link.path!.route, doubted: true });
    return false;
  }

  /** Drives the initiator's search for another path. */
  #resume(up: UpLink): void {
    const { resume } = up;
    if (resume === undefined) return;
    for (const attempt of resume.handleTimeout(this.#nowMs)) {
      this.#board.add(attempt, {
        won: (won) => this.#attachWon(up, attempt, won),
        lost: () => resume.lost(attempt, this.#nowMs),
      });
    }
    for (const attempt of resume.attempts) {
      if (!attempt.lost) continue;
      this.#board.remove(attempt);
      resume.lost(attempt, this.#nowMs);
    }
  }

  #attachWon(up: UpLink, winner: AttachAttempt, won: Won<Attached>): void {
    for (const other of up.resume!.won(winner)) this.#board.remove(other);
    const { expects, keys } = won.result;
    const deadlineMs = this.#nowMs + up.link.proofMs(won.rttMs);
    const proof: Proof = { type: 'attach', expects, rttMs: won.rttMs, deadlineMs };
    this.#carry(won.stream, won.route, keys, up.link, proof, won.rest);
  }

  /** The link ends. @param tell what the peer hears, if there is a path. */
  #down(up: UpLink, reason: DownReason, tell: CloseReason | undefined): void {
    const { link, resume } = up;
    this.#links.delete(link.id);
    this.#attaches.remove(link);
    for (const attempt of resume?.attempts ?? []) this.#board.remove(attempt);
    resume?.cancel();
    for (const carrier of this.#carriers.values()) {
      if (carrier.link !== link) continue;
      const says = carrier === up.carrier ? tell : undefined;
      if (says !== undefined) link.writeClose(carrier.path, says, this.#nowMs);
      this.#discard(carrier, 'flush');
    }
    this.#emit({ type: 'down', link: link.id, reason });
  }

  /** Hands what a path has sealed to its stream. */
  #write(carrier: Carrier): void {
    const { path, link } = carrier;
    if (link.path === path) link.flush(this.#nowMs);
    const bytes = path.takeOutput();
    if (bytes !== undefined) this.#emit({ type: 'stream-write', stream: path.stream, bytes });
  }
}
