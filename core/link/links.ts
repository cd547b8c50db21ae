/**
 * Links: every link of this device, its dials, its gates and its streams (docs/spec/link.md).
 *
 *   dial ---> attempts on all routes ---first reply---> path, START sent --+
 *                                                                          | START read, keys
 *   arrival -> gate -> replay stored -> reply --------> path --------------+ mixed -> link up
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
import { Caller, CallIndex, FIRST_PATH } from './call.ts';
import type {
  CloseReason,
  DialFailure,
  DialId,
  DialTimetable,
  DownReason,
  GateKey,
  LinkId,
  LinksDeps,
  LinksOutput,
  LinkTarget,
  Route,
  StreamId,
} from './contract.ts';
import { FRAME, type Frame } from './frame.ts';
import {
  type Arrived,
  type Attaching,
  type Carrier,
  type Dialled,
  type Proof,
  type UpLink,
} from './carrier.ts';
import { Carriers, type Ending } from './carriers.ts';
import { type Dial, Dials } from './dials.ts';
import {
  type Agreed,
  type HandshakeDeps,
  INSTANCE_BYTES,
  type PathKeys,
  type Peer,
} from './handshake.ts';
import { HALF_OPEN_MS, LINK_LIMITS, type LinkLimits, LINKS_MAX } from './limits.ts';
import { downReasonOf, Link } from './link.ts';
import { answerMix, type Established, offerMix } from './mix.ts';
import { type AttachAttempt, type AttachWon, Resume, type ResumeDeps } from './resume.ts';
import { type Rival, rivalsOf } from './rivals.ts';
import { streamIds } from './stream-ids.ts';
import { isVersionList } from './versions.ts';

export class Links {
  readonly #random: Random;
  readonly #limits: LinkLimits;
  readonly #handshake: HandshakeDeps;
  readonly #ourNoise: Uint8Array;
  /** How handshakes leave. */
  readonly #sending: ResumeDeps;
  readonly #attaches = new AttachIndex<Link>();
  readonly #calls = new CallIndex();
  readonly #arrivals: Arrivals;
  readonly #dials: Dials;
  readonly #links = new Map<LinkId, UpLink>();
  readonly #board = new AttemptBoard();
  readonly #carriers: Carriers;
  #out: LinksOutput[] = [];
  #outHead = 0;
  #nowMs = 0;
  #nextLink: LinkId = 1;

  constructor(deps: LinksDeps) {
    const { random, self, versions, features } = deps;
    assert(isVersionList(versions), 'our version list rises and is short');
    this.#random = random;
    const { allocateStream = streamIds(), mayConnect = () => true, mayProbe = () => true } = deps;
    this.#limits = { ...LINK_LIMITS, ...deps.limits };
    this.#ourNoise = dhPublicKey(self.noise.reveal());
    this.#sending = { random, emit: this.#emit, allocateStream, mayConnect, mayProbe };
    this.#handshake = { random, self, versions, features, instance: random(INSTANCE_BYTES) };
    this.#carriers = new Carriers(this.#emit, this.#limits);
    this.#arrivals = new Arrivals({
      ...this.#sending,
      handshake: this.#handshake,
      gates: deps.gates,
      admit: deps.admit,
      replaySeen: deps.replaySeen,
      attaches: this.#attaches,
      calls: this.#calls,
      unproven: () => this.#carriers.unproven.size,
      arrived: (arrival, nowMs) => this.#arrived(arrival, nowMs),
      called: (link, from, flightBytes, nowMs) => this.#called(link, from, flightBytes, nowMs),
    });
    this.#dials = new Dials({
      ...this.#sending,
      handshake: this.#handshake,
      board: this.#board,
      keyOf: (gate) => this.#arrivals.keyOf(gate),
      won: (dial, won) => this.#dialWon(dial, won),
    });
  }

  /**
   * Dials a device on all routes at once. Ends in one `up` or `dial-failed` with this number.
   * @param payload shown to the peer with its `up`; at most 768 bytes.
   * @param timetable for a peer that cannot be reached before it sends too (docs/spec/path.md).
   */
  dial(
    id: DialId,
    target: LinkTarget,
    routes: readonly Route[],
    payload: Uint8Array,
    nowMs: number,
    timetable?: DialTimetable,
  ): void {
    this.#nowMs = nowMs;
    this.#dials.start(id, target, routes, payload, nowMs, timetable);
  }

  /** Forgets a dial; no output names it any more. */
  cancelDial(id: DialId): void {
    this.#dials.cancel(id);
    for (const carrier of this.#carriers.unproven) {
      const { proof } = carrier;
      if (proof?.type === 'dialled' && proof.dial === id) this.#carriers.discard(carrier, 'flush');
    }
  }

  /** True where the datagram is a handshake of ours; else it may be somebody else's. */
  handleDatagram(from: Endpoint, bytes: Uint8Array, nowMs: number): boolean {
    this.#nowMs = nowMs;
    if (this.#board.handleDatagram(from, bytes, nowMs)) return true;
    return this.#arrivals.handleDatagram(from, bytes, nowMs);
  }

  /** Somebody opened a stream to us; of a circuit, `from` is the relay. */
  handleStreamAccepted(
    stream: StreamId,
    from: Endpoint,
    nowMs: number,
    transport: 'tcp' | 'circuit' = 'tcp',
  ): void {
    this.#nowMs = nowMs;
    this.#arrivals.handleAccepted(stream, from, transport, nowMs);
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
    if (carrier !== undefined) this.#carriers.touch(carrier);
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
    if (up.carrier !== undefined) this.#carriers.touch(up.carrier);
    return true;
  }

  /** Since when the peer has all that was sent; undefined while it has not, or there is no path. */
  idleSinceMs(id: LinkId): number | undefined {
    return this.#links.get(id)?.link.idleSinceMs;
  }

  /** The consumer is done with `bytes` of what `message` outputs said. */
  credit(id: LinkId, bytes: number, nowMs: number): void {
    this.#nowMs = nowMs;
    const up = this.#links.get(id);
    up?.link.credit(bytes, nowMs);
    if (up?.carrier !== undefined) this.#carriers.touch(up.carrier);
  }

  /** Ends a link; the peer is told if there is a path. */
  close(id: LinkId, reason: CloseReason, nowMs: number): void {
    this.#nowMs = nowMs;
    const up = this.#links.get(id);
    if (up !== undefined) this.#down(up, reason, reason);
  }

  /** Where else the peer of a link is said to be: tried where its path is lost or doubted. */
  setRoutes(id: LinkId, routes: readonly Route[]): void {
    const up = this.#links.get(id);
    (up?.resume ?? up?.caller)?.setRoutes(routes);
  }

  /** Ends what a peer and we have under way where it may not lead any more, link or not. */
  restrict(id: LinkId, noise: Uint8Array, host: string, allowed: (to: Route) => boolean): void {
    for (const carrier of this.#carriers.arriving(noise, host)) {
      if (!allowed(carrier.path.route)) this.#dropCarrier(carrier, 'reset');
    }
    const up = this.#links.get(id);
    // After that: a path that was not proven would be tried again.
    (up?.resume ?? up?.caller)?.restrict(allowed, this.#board);
  }

  /** Attaches a path on one of these routes: the peer is said to be there, or called (LNK-40). */
  attach(id: LinkId, routes: readonly Route[], nowMs: number, isCalled = false): void {
    this.#nowMs = nowMs;
    const up = this.#links.get(id);
    up?.resume?.hurry(routes, isCalled);
    if (up !== undefined) this.#resume(up);
  }

  /** This computer slept, or its addresses changed: every path is asked at once (LNK-41). */
  handleWake(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const up of this.#links.values()) {
      up.link.wake(nowMs);
      up.resume?.begin(this.#board);
      up.caller?.start(nowMs);
      this.#linkTimeout(up);
    }
  }

  /** Time passed. Early, late and repeated calls are safe. */
  handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#arrivals.handleTimeout(nowMs);
    this.#dials.handleTimeout(nowMs);
    for (const carrier of this.#carriers.unproven) {
      if (carrier.proof!.deadlineMs > nowMs) continue;
      carrier.link?.unproven();
      this.#dropCarrier(carrier, 'flush');
    }
    for (const up of this.#links.values()) this.#linkTimeout(up);
  }

  wakeAtMs(): number | undefined {
    let soonest = earliest(this.#arrivals.wakeAtMs(), this.#dials.wakeAtMs());
    for (const { proof } of this.#carriers.unproven) soonest = earliest(soonest, proof!.deadlineMs);
    for (const { caller, link, resume } of this.#links.values()) {
      soonest = earliest(soonest, link.wakeAtMs(), resume?.wakeAtMs(), caller?.wakeAtMs());
    }
    return soonest;
  }

  poll(): LinksOutput | undefined {
    if (this.#outHead === this.#out.length) {
      this.#out = [];
      this.#outHead = 0;
      this.#carriers.writeAll(this.#nowMs);
    }
    return this.#outHead < this.#out.length ? this.#out[this.#outHead++] : undefined;
  }

  /** Counts of everything held, and of arrivals dropped by reason. */
  stats(): Record<string, number> {
    return {
      links: this.#links.size,
      dials: this.#dials.size,
      streams: this.#carriers.size,
      attempts: this.#board.size,
      unproven: this.#carriers.unproven.size,
      attachIds: this.#attaches.size,
      callIds: this.#calls.size,
      heldFrames: [...this.#links.values()].reduce((sum, { link }) => sum + link.held, 0),
      ...this.#arrivals.stats(),
    };
  }

  readonly #emit = (output: LinksOutput): void => void this.#out.push(output);

  // --- dials ---

  #dialWon({ id: dial, startedAtMs, target: { gate } }: Dial, won: Won<Agreed>): void {
    const offer = offerMix(this.#random, won.result);
    const deadlineMs = this.#nowMs + HALF_OPEN_MS;
    const proof: Dialled = { type: 'dialled', dial, gate, startedAtMs, offer, deadlineMs };
    this.#carry(won.stream, won.route, won.result.keys, proof, won.rest);
  }

  #arrived(arrival: Arrival, nowMs: number): void {
    const { made, stream, route, deadlineMs } = arrival;
    this.#nowMs = nowMs;
    if (made.type === 'link') {
      const { agreed, gate, payload } = made;
      const startedAtMs = deadlineMs - HALF_OPEN_MS;
      const proof: Proof = { type: 'arrived', gate, startedAtMs, payload, agreed, deadlineMs };
      this.#carry(stream, route, agreed.keys, proof);
    } else {
      const { attached, link, opening } = made;
      const { expects, keys } = attached;
      this.#carry(stream, route, keys, { type: 'attach', link, opening, expects, deadlineMs });
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

  #carry(stream: StreamId, route: Route, keys: PathKeys, proof: Proof, rest?: Uint8Array): void {
    const carrier = this.#carriers.open(stream, route, keys, proof, this.#nowMs);
    if (rest !== undefined && rest.length > 0) this.#carrierBytes(carrier, rest);
  }

  #carrierBytes(carrier: Carrier, bytes: Uint8Array): void {
    const { path } = carrier;
    path.feed(bytes);
    for (let frame = path.next(); frame !== undefined; frame = path.next()) {
      if (!this.#carrierFrame(carrier, frame)) return;
    }
    if (path.fault !== undefined) this.#dropCarrier(carrier, 'reset');
    else this.#carriers.touch(carrier);
  }

  /** False where the carrier is gone. */
  #carrierFrame(carrier: Carrier, frame: Frame): boolean {
    if (carrier.proof !== undefined) return this.#proveCarrier(carrier, carrier.proof, frame);
    const up = this.#links.get(carrier.link!.id)!;
    switch (up.link.handleFrame(frame, this.#nowMs)) {
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

  /** The peer's first frames: START makes the path count, CLOSE ends it before it did. */
  #proveCarrier(carrier: Carrier, proof: Proof, frame: Frame): boolean {
    if (frame.type === FRAME.close) {
      const duplicate = downReasonOf(frame) === 'duplicate';
      this.#dropCarrier(carrier, 'flush', duplicate ? 'duplicate' : 'unreachable');
      return false;
    }
    switch (proof.type) {
      case 'dialled':
        return this.#dialProven(carrier, proof, frame);
      case 'arrived':
        return this.#arrivalProven(carrier, proof, frame.content);
      case 'attach':
        return frame.content.length === 0
          ? this.#attachProven(carrier, proof)
          : this.#isOver(carrier);
    }
  }

  #attachProven(carrier: Carrier, proof: Attaching): boolean {
    const { path } = carrier;
    const { link } = proof;
    this.#carriers.prove(carrier, link);
    const up = this.#links.get(link.id)!;
    const { carrier: old } = up;
    const rttMs = proof.rttMs ?? this.#nowMs - (proof.deadlineMs - HALF_OPEN_MS);
    if (!link.attach(path, proof.expects, this.#nowMs, rttMs)) {
      this.#carriers.discard(carrier, 'flush');
      this.#down(up, 'protocol', undefined);
      return false;
    }
    if (!link.initiator) Link.writeStart(path, this.#nowMs);
    up.carrier = carrier;
    up.resume?.proven(path.route);
    up.caller?.proven(path.route, proof.opening);
    // START leaves before the old stream closes, so that the peer need not do without a path.
    this.#carriers.write(carrier, this.#nowMs);
    if (old !== undefined) this.#carriers.discard(old, 'flush');
    this.#emit({ type: 'path', link: link.id, route: path.route, rttMs });
    return true;
  }

  /** The responder's START, then its first record under the mixed keys (LNK-55). */
  #dialProven(carrier: Carrier, proof: Dialled, frame: Frame): boolean {
    const { path } = carrier;
    const { dial, established, gate } = proof;
    if (established === undefined) {
      const mixed = proof.offer.finish(frame.content);
      if (mixed === undefined) return this.#isOver(carrier);
      path.replaceKeys(mixed.keys, this.#nowMs);
      proof.established = mixed.established;
      return true;
    }
    const rivals = this.#rivals(carrier, proof, established);
    if (rivals === undefined) return false;
    const link = this.#newLink(true, gate, established);
    this.#calls.add(link, FIRST_PATH);
    const resume = new Resume(link, path.route, this.#sending);
    this.#linkUp(carrier, link, { resume }, { dial }, rivals);
    return this.#carrierFrame(carrier, frame);
  }

  /** The initiator's START. Only who made it may cost us an encapsulation (LNK-54). */
  #arrivalProven(carrier: Carrier, proof: Arrived, encapsulationKey: Uint8Array): boolean {
    const { path } = carrier;
    const { agreed, gate, payload } = proof;
    // Whoever was shut out since the reply left is told nothing more, our hello least of all.
    if (!this.#arrivals.admits(agreed.peer, gate, path.route)) return this.#isOver(carrier);
    const rivals = this.#rivals(carrier, proof, agreed.peer);
    if (rivals === undefined) return false;
    const answer = answerMix(this.#random, agreed, encapsulationKey);
    if (answer === undefined) return this.#isOver(carrier);
    Link.writeStart(path, this.#nowMs, answer.ciphertext);
    path.replaceKeys(answer.keys, this.#nowMs);
    const link = this.#newLink(false, gate, answer.established);
    this.#attaches.add(link, answer.established.attach);
    const caller = new Caller(link, path.route, this.#sending);
    this.#linkUp(carrier, link, { caller }, { payload }, rivals);
    return true;
  }

  /** Whom a new link with this peer replaces; undefined where it is itself refused. */
  #rivals(
    carrier: Carrier,
    { startedAtMs, type }: Dialled | Arrived,
    peer: Peer,
  ): Rival<UpLink>[] | undefined {
    const newcomer = { initiator: type === 'dialled', startedAtMs, peer };
    const rivals = rivalsOf(newcomer, this.#links.values(), this.#ourNoise, this.#nowMs);
    if (rivals !== 'stay' && this.#links.size < LINKS_MAX) return rivals;
    const reason = rivals === 'stay' ? 'duplicate' : 'closed';
    Link.writeRefusal(carrier.path, reason, this.#nowMs);
    this.#dropCarrier(carrier, 'flush', 'busy');
    return undefined;
  }

  #linkUp(
    carrier: Carrier,
    link: Link,
    { caller, resume }: { readonly resume?: Resume; readonly caller?: Caller },
    answers: { readonly dial: DialId } | { readonly payload: Uint8Array },
    rivals: readonly Rival<UpLink>[],
  ): void {
    const { path } = carrier;
    const { established, gate, id, initiator } = link;
    const { exporter, features, peerNoise, version } = established;
    this.#carriers.prove(carrier, link);
    link.attach(path, 0, this.#nowMs);
    this.#links.set(id, { link, carrier, resume, caller, upAtMs: this.#nowMs });
    const { route } = path;
    const about = { initiator, gate, peerNoise, version, features, exporter, route };
    this.#emit({ type: 'up', link: id, ...about, ...answers });
    // START and ACK leave before any CLOSE, so that the peer, too, has the new link before the old
    // ends; the ACK is what proves the mixed keys to the initiator.
    this.#carriers.write(carrier, this.#nowMs);
    for (const { up, reason } of rivals) this.#down(up, reason, reason);
  }

  /** The path is over; false, since the carrier is gone. */
  #isOver(carrier: Carrier): false {
    this.#dropCarrier(carrier, 'reset');
    return false;
  }

  /** A path ended; its link lives on, unless this path was to make it. */
  #dropCarrier(carrier: Carrier, ending: Ending, failure: DialFailure = 'unreachable'): void {
    const { link, proof } = carrier;
    const up = link && this.#links.get(link.id);
    this.#carriers.discard(carrier, ending);
    if (proof?.type === 'dialled') this.#dials.fail(proof.dial, failure);
    if (proof?.type === 'attach') up?.resume?.unproven(carrier.path.route, this.#nowMs);
    if (proof !== undefined || up === undefined) return;
    up.carrier = undefined;
    up.link.detach(this.#nowMs);
    this.#emit({ type: 'path', link: up.link.id, route: undefined });
    up.resume?.pathLost();
    up.caller?.start(this.#nowMs);
    this.#resume(up);
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
      else this.#carriers.touch(up.carrier);
    }
    this.#resume(up);
  }

  /**
   * An answer is overdue. The initiator makes another path beside this one; the responder cannot,
   * but its reset and its call tell the initiator, whom nobody else may have told.
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
    up.caller?.handleTimeout(this.#nowMs);
    if (resume === undefined) return;
    for (const attempt of resume.handleTimeout(this.#nowMs)) this.#race(up, attempt);
    for (const attempt of resume.attempts) {
      if (!attempt.lost) continue;
      this.#board.remove(attempt);
      resume.lost(attempt, this.#nowMs);
    }
  }

  /** The peer of a link, its responder, says that it is there. */
  #called({ id }: Link, from: Route, flightBytes: number, nowMs: number): void {
    this.#nowMs = nowMs;
    const up = this.#links.get(id)!;
    const attempt = up.resume!.called(from, flightBytes, nowMs);
    if (attempt !== undefined) this.#race(up, attempt);
  }

  #race(up: UpLink, attempt: AttachAttempt): void {
    this.#board.add(attempt, {
      won: (won) => this.#attachWon(up, attempt, won),
      lost: () => up.resume!.lost(attempt, this.#nowMs),
    });
  }

  #attachWon(up: UpLink, winner: AttachAttempt, won: Won<AttachWon>): void {
    for (const other of up.resume!.won(winner)) this.#board.remove(other);
    const { link } = up;
    const { rttMs } = won;
    const { expects, keys, opening } = won.result;
    this.#calls.add(link, opening);
    const deadlineMs = this.#nowMs + link.proofMs(rttMs);
    const proof: Proof = { type: 'attach', link, opening, expects, rttMs, deadlineMs };
    this.#carry(won.stream, won.route, keys, proof, won.rest);
  }

  /** The link ends. @param tell what the peer hears, if there is a path. */
  #down(up: UpLink, reason: DownReason, tell: CloseReason | undefined): void {
    const { link, resume } = up;
    this.#links.delete(link.id);
    this.#attaches.remove(link);
    this.#calls.remove(link);
    for (const attempt of resume?.attempts ?? []) this.#board.remove(attempt);
    resume?.cancel();
    for (const carrier of this.#carriers.all()) {
      if (carrier.link !== link) continue;
      if (tell && carrier === up.carrier) link.writeClose(carrier.path, tell, this.#nowMs);
      this.#carriers.discard(carrier, 'flush');
    }
    this.#emit({ type: 'down', link: link.id, reason });
  }
}
