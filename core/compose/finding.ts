/**
 * Finding: the DHT node and the private records that live in it, as one part of the node. It
 * enters the DHT, publishes where we are for each contact, and finds where they are.
 * @module
 */
import { familyOf, parseEndpoint, type Endpoint, type Family } from '../base/endpoint.ts';
import { asDict, asInt, decode, encode } from '../base/bencode.ts';
import { equal, utf8 } from '../base/bytes.ts';
import { earliest } from '../base/time.ts';
import type { Doc } from '../base/vault.ts';
import { DhtNode, type DhtOutput } from '../discovery/dht-node.ts';
import type { DhtPort, Got, Stored, TakeBack } from '../discovery/dht-port.ts';
import type { PeersOutput, Ports } from '../discovery/peer-search.ts';
import { Presence, type OurRecord, type PresenceOutput } from '../discovery/presence.ts';
import { NetworkTime } from '../discovery/network-time.ts';
import type { RendezvousId } from '../discovery/presence-saved.ts';
import type { Vote } from '../discovery/ip-vote.ts';
import type { PresenceRecord } from '../discovery/record.ts';
import { failed, type Context } from './context.ts';

/** The routing table is written this often, and at a clean stop. */
export const SAVE_EVERY_MS = 5 * 60_000;
/** Those whom an earlier run has saved are asked first: with an answer no name is looked up for
 * their family. */
export const SAVED_HEAD_START_MS = 5_000;
/** Names of helpers are looked up again after this long without any helper, then after twice as
 * long each time: those who run them are not to be asked again and again. Nor is anybody to wait
 * for long who has signed in at a network's page and does not look. */
export const RESOLVE_AGAIN_MS = 60_000;
export const RESOLVE_AGAIN_MS_MAX = 5 * 60_000;
/** For a person who waits and asks again, they are looked up this often. */
export const WISH_EVERY_MS = 30_000;
/** Those who answer us are asked whether they are nodes, while there is nobody, no sooner again. */
export const ASK_LINKED_AGAIN_MS = 10_000;
const TABLE_KEY = utf8('table');
/** Among the documents of records: {t: when clocks last agreed, ms since 1970}. */
const CLOCK_KEY = utf8('clock');
/** An hour less would not be told from one more by who searches (DSC-42). */
const KEEP_CLOCK_EVERY_MS = 30 * 60_000;
/** Operations of the port are numbered from here, far from those of the records. */
const PORT_OPS_FROM = 2 ** 40;

/** Who is under a hash in the DHT, as far as its nodes say. */
export type PeersFound = Pick<PeersOutput, 'announced' | 'peers' | 'responders'>;
export const NOBODY: PeersFound = { announced: 0, peers: [], responders: 0 };

export interface FoundHandlers {
  /** @param fresh newer than any read before. */
  found(
    at: RendezvousId,
    device: Uint8Array | undefined,
    record: PresenceRecord,
    fresh: boolean,
  ): void;
  /** What one of them may know of our record; undefined for nothing. */
  recordFor(at: RendezvousId, record: OurRecord): OurRecord | undefined;
  /** Those who answer us agree on where they see us. */
  external(): void;
  /** Some of those who answer us see us elsewhere than before, or for the first time. */
  votes(): void;
  /** There are helpers where there was none, or none any more. */
  helpers(): void;
  copyOfUs(): void;
  /** The DHT as relays ask it for us, for all that must not come from our own address. */
  relayed(): DhtPort;
  /** Is there anybody for whom we ask the DHT ourselves? Else we take no part in it. */
  takesPart(): boolean;
  /** Where those answer us over UDP to whom we are linked: they may be nodes of the DHT there. */
  linkedAt(): readonly Endpoint[];
}

export class Finding {
  readonly presence: Presence;
  #dht: DhtNode | undefined;
  #isReviewDue = false;
  /** Relays that can ask it for us. */
  #relays = 0;
  /** Where to enter it: what was saved last, and by which families. */
  #table: Uint8Array | undefined;
  #families: readonly Family[];
  /** When clocks last agreed, as the vault has it. */
  #agreedMs: number | undefined;
  #saveAtMs: number;
  #resolveAtMs: number | undefined;
  #resolvePauseMs = RESOLVE_AGAIN_MS;
  #wishedAtMs = -Infinity;
  #askLinkedAtMs: number | undefined;
  #askedLinkedMs = -Infinity;
  /** Until then those whom an earlier run has saved may answer. */
  #trustsUntilMs = 0;
  #helpers = -1;
  #voteChanges = 0;
  #draining = false;
  #nextPortOp = PORT_OPS_FROM;
  /** Who waits for the answer to an operation of the port. */
  readonly #asked = new Map<number, (answer: Got & Stored) => void>();
  /** The same of those who look for peers. */
  readonly #seeking = new Map<number, (found: PeersFound) => void>();
  /** What relays were asked for our records, by the operation. */
  readonly #relayed = new Map<number, TakeBack>();

  constructor(
    private readonly context: Context,
    device: Uint8Array,
    docs: readonly Doc[],
    families: readonly Family[],
    private readonly handlers: FoundHandlers,
  ) {
    const { now, random } = context;
    this.#agreedMs = this.time.agreedMs;
    const isTable = (doc: Doc): boolean => doc.space === 'dht' && equal(doc.key, TABLE_KEY);
    this.#table = docs.find(isTable)?.value;
    this.#families = families;
    const records = docs.filter((doc) => doc.space === 'record');
    this.presence = new Presence({
      random,
      self: device,
      docs: records,
      time: this.time,
      now,
      recordFor: (at, record) => handlers.recordFor(at, record),
    });
    this.#saveAtMs = now.monoMs + SAVE_EVERY_MS;
    this.#review();
    this.#drain();
  }

  /** There may be others now whom we ask the DHT for ourselves, or nobody any more. */
  review(): void {
    this.#isReviewDue = true;
  }

  /**
   * Who shows nobody their address takes no part in the DHT: not one packet of it leaves, and none
   * is answered. As soon as there is somebody, we enter it.
   */
  #review(): void {
    this.#isReviewDue = false;
    const takesPart = this.handlers.takesPart();
    if (takesPart === (this.#dht !== undefined)) return;
    if (takesPart) this.#enter();
    else this.#leave();
    this.#drain();
  }

  #enter(): void {
    const { now, profile, random } = this.context;
    const literal = profile.bootstrap.map(parseEndpoint).filter((end) => end !== undefined);
    this.#dht = new DhtNode({
      random,
      nowMs: now.monoMs,
      bootstrap: literal,
      families: this.#families,
      readOnly: profile.readOnly,
      allowReserved: profile.allowReserved,
      ...(this.#table ? { saved: this.#table } : {}),
    });
    if (literal.length === profile.bootstrap.length) return;
    this.#trustsUntilMs = now.monoMs + SAVED_HEAD_START_MS;
    this.#resolveAtMs = this.#lacking().length > 0 ? now.monoMs : this.#trustsUntilMs;
  }

  #leave(): void {
    this.save();
    this.#table = this.#dht?.save();
    this.#dht = undefined;
    this.#resolveAtMs = undefined;
    this.#askLinkedAtMs = undefined;
    this.presence.setReady(false, this.context.now);
    for (const [op, done] of [...this.#asked]) {
      this.#asked.delete(op);
      done({ responders: 0, stored: 0 });
    }
    for (const [op, done] of [...this.#seeking]) {
      this.#seeking.delete(op);
      done(NOBODY);
    }
  }

  get time(): NetworkTime {
    return this.context.clock;
  }

  /**
   * Nodes of the DHT that we know, once one has answered: who was there yesterday helps nobody. Who
   * takes no part in it has relays that ask it.
   */
  get helpers(): number {
    return this.#dht ? this.#dht.answering : this.#relays;
  }

  /** Our address as others see it, by vote. */
  get external(): Endpoint | undefined {
    return this.#dht?.external('v4');
  }

  /** The same over IPv6. */
  get external6(): Endpoint | undefined {
    return this.#dht?.external('v6');
  }

  /** The day and hour most of the world agrees on, ms since 1970. */
  get networkMs(): number {
    return this.time.read(this.context.now);
  }

  /** The clock of somebody linked. */
  heardTime(source: string, theirMs: number): void {
    this.time.handleSample(source, theirMs, this.context.now);
    this.#drain();
  }

  /** The DHT for those who ask it for something themselves. Without one nothing is answered. */
  readonly port: DhtPort = {
    get: (query, done) => this.#ask(done, (op, dht) => dht.get(op, query, this.context.now.monoMs)),
    put: (item, done) => this.#ask(done, (op, dht) => dht.put(op, item, this.context.now.monoMs)),
  };

  /** Can relays ask the DHT for us now? */
  get canHide(): boolean {
    return this.#relays > 0;
  }

  /**
   * The DHT for what anybody with an ID could watch: by relays, whatever our policy is. From our
   * own address only while there is no relay, and where a person agreed to that (DOR-3).
   */
  strangers(mayShow: () => boolean): DhtPort {
    const port = (): DhtPort => {
      return !this.canHide && mayShow() ? this.port : this.handlers.relayed();
    };
    return {
      get: (query, done) => port().get(query, done),
      put: (item, done) => port().put(item, done),
    };
  }

  #ask(
    done: (answer: Got & Stored) => void,
    begin: (op: number, dht: DhtNode) => void,
  ): () => void {
    const dht = this.#dht;
    if (!dht) return () => undefined;
    const op = this.#nextPortOp++;
    this.#asked.set(op, done);
    begin(op, dht);
    this.#drain();
    return () => {
      if (this.#asked.delete(op)) dht.cancel(op);
    };
  }

  /**
   * Looks for those who announced themselves under a hash, from our own address; without a DHT of
   * our own nobody is found.
   * @param ports announces us too, where others reach us under these.
   * @param done runs once, in this call or later.
   */
  seek(target: Uint8Array, ports: Ports | undefined, done: (found: PeersFound) => void): TakeBack {
    const dht = this.#dht;
    if (!dht) {
      done(NOBODY);
      return () => undefined;
    }
    const { monoMs } = this.context.now;
    const op = this.#nextPortOp++;
    this.#seeking.set(op, done);
    if (ports) dht.announce(op, target, ports, monoMs);
    else dht.findPeers(op, target, monoMs);
    this.#drain();
    return () => {
      if (this.#seeking.delete(op)) dht.cancel(op);
    };
  }

  /** So many relays can ask for us now. */
  setRelays(count: number): void {
    this.#relays = count;
    this.presence.setReady(count > 0, this.context.now, 'relays');
    this.#drain();
  }

  #answer(out: Extract<DhtOutput, { type: 'got' | 'put-done' }>): void {
    const done = this.#asked.get(out.op);
    if (!done) return;
    this.#asked.delete(out.op);
    done({ responders: 0, stored: 0, ...out });
  }

  /** Who sees us where, one of each network, oldest first. */
  votes(family: Family): readonly Vote[] {
    return this.#dht?.votes(family) ?? [];
  }

  /** True where the datagram was the DHT's. */
  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean {
    if (!this.#dht?.handleDatagram(from, bytes, this.context.now.monoMs)) return false;
    this.#drain();
    return true;
  }

  handleResolved(endpoints: readonly Endpoint[]): void {
    this.#tryNodes(endpoints);
    this.#drain();
  }

  /** Somebody is linked, perhaps another way: they may be a node where none is known (DSC-46). */
  handleLinked(): void {
    if (this.#lacking().length === 0) return;
    const soonestMs = this.#askedLinkedMs + ASK_LINKED_AGAIN_MS;
    this.#askLinkedAtMs ??= Math.max(this.context.now.monoMs, soonestMs);
  }

  #askLinked(): void {
    this.#askLinkedAtMs = undefined;
    this.#askedLinkedMs = this.context.now.monoMs;
    this.#tryNodes(this.handlers.linkedAt());
  }

  /** Only of families where nobody else is known. */
  #tryNodes(endpoints: readonly Endpoint[]): void {
    const lacking = this.#lacking();
    const wanted = endpoints.filter((endpoint) => lacking.includes(familyOf(endpoint)));
    this.#dht?.addNodes(wanted, this.context.now.monoMs);
  }

  handleTimeout(): void {
    const { now } = this.context;
    if (this.#isReviewDue) this.#review();
    if (this.#resolveAtMs !== undefined && now.monoMs >= this.#resolveAtMs) this.#resolve();
    if (now.monoMs >= (this.#askLinkedAtMs ?? Infinity)) this.#askLinked();
    if (now.monoMs >= this.#saveAtMs) this.save();
    this.#dht?.handleTimeout(now.monoMs);
    this.presence.handleTimeout(now);
    this.#drain();
  }

  wakeAtMs(): number | undefined {
    if (this.#isReviewDue) return this.context.now.monoMs;
    const save = this.#dht ? this.#saveAtMs : undefined;
    const entry = earliest(this.#resolveAtMs, this.#askLinkedAtMs);
    return earliest(this.#dht?.wakeAtMs(), this.presence.wakeAtMs(), save, entry);
  }

  /** One more look at somebody who may be here by now. */
  glance(id: RendezvousId): void {
    this.presence.glance(id, this.context.now);
    this.#drain();
  }

  /** @param besides what those are told who may not see our address. */
  setOurRecord(record: OurRecord | undefined, besides: Uint8Array): void {
    this.presence.setOurRecord(record, this.context.now, besides);
    this.#drain();
  }

  /**
   * This computer has other addresses now: perhaps there is a network where there was none.
   * @param gone those that it has no more.
   */
  handleNetworkChange(families: readonly Family[], gone: readonly string[] = []): void {
    for (const host of gone) this.#dht?.leaveNetwork(familyOf({ host, port: 0 }));
    this.#families = [...new Set([...this.#families, ...families])];
    for (const family of families) this.#dht?.openFamily(family, this.context.now.monoMs);
    this.#resolveSoon();
  }

  /**
   * A person waits: helpers are looked for now where none answers. A network that let nothing
   * through until they signed in at a page looks the same as before.
   */
  wish(): void {
    const { monoMs } = this.context.now;
    const isOnline = (this.#dht?.answering ?? 0) > 0;
    if (isOnline || monoMs < this.#wishedAtMs + WISH_EVERY_MS) return;
    this.#wishedAtMs = monoMs;
    this.#resolveSoon();
  }

  #resolveSoon(): void {
    if (this.#lacking().length === 0) return;
    this.#resolvePauseMs = RESOLVE_AGAIN_MS;
    this.#resolveAtMs = this.context.now.monoMs;
  }

  /** After anything was told to `presence` directly. */
  drain(): void {
    this.#drain();
  }

  /** Writes the routing table; `done` runs once it is on disk or refused. */
  save(done: () => void = () => undefined): void {
    this.#saveAtMs = this.context.now.monoMs + SAVE_EVERY_MS;
    if (!this.#dht) return done();
    const docs = [{ space: 'dht' as const, key: TABLE_KEY, value: this.#dht.save() }];
    this.context.vault({ op: 'put', docs }, done);
  }

  stats(): Record<string, number> {
    return {
      ...prefixed('dht', this.#dht?.stats()),
      ...prefixed('presence', this.presence.stats()),
      asked: this.#asked.size,
      seeking: this.#seeking.size,
      askedRelays: this.#relayed.size,
    };
  }

  /** Families for which the names of helpers are asked for: each has a DHT of its own. */
  #lacking(): readonly Family[] {
    return this.#dht?.lacking(this.context.now.monoMs < this.#trustsUntilMs) ?? [];
  }

  /** Asks for the names of helpers, and again later while a family has nobody. */
  #resolve(): void {
    const { context } = this;
    const { monoMs } = context.now;
    const isEarly = monoMs < this.#trustsUntilMs;
    if (this.#lacking().length === 0) {
      this.#resolveAtMs = isEarly ? this.#trustsUntilMs : undefined;
      this.#resolvePauseMs = RESOLVE_AGAIN_MS;
      return;
    }
    this.#askLinked();
    for (const name of context.profile.bootstrap) {
      const match = /^([a-zA-Z0-9.-]+):(\d+)$/.exec(name);
      if (!match || parseEndpoint(name)) continue;
      const done = (endpoints: readonly Endpoint[]): void => this.handleResolved(endpoints);
      context.resolve(match[1]!, Number(match[2]), done);
    }
    const isDivided = isEarly && this.#lacking().length < this.#families.length;
    this.#resolveAtMs = isDivided ? this.#trustsUntilMs : monoMs + this.#resolvePauseMs;
    if (isDivided) return;
    this.#resolvePauseMs = Math.min(2 * this.#resolvePauseMs, RESOLVE_AGAIN_MS_MAX);
  }

  /** Moves outputs between the two and out, until neither has more to say. */
  #drain(): void {
    if (this.#draining) return; // the outer call goes on with what this one has added
    this.#draining = true;
    for (let busy = true; busy;) {
      busy = false;
      for (let out = this.#dht?.poll(); out; out = this.#dht?.poll()) {
        busy = true;
        this.#route(out);
      }
      for (let out = this.presence.poll(); out; out = this.presence.poll()) {
        busy = true;
        this.#carryOut(out);
      }
    }
    this.#draining = false;
    this.#watchHelpers();
    this.#watchVotes();
    this.#keepClock();
  }

  #route(out: DhtOutput): void {
    const { now } = this.context;
    switch (out.type) {
      case 'send':
        return this.context.emit({ type: 'datagram', to: out.to, bytes: out.bytes });
      case 'got':
        if (out.op >= PORT_OPS_FROM) return this.#answer(out);
        return this.presence.handleGot(out.op, out, now);
      case 'progress':
        if (out.op >= PORT_OPS_FROM) return;
        return this.presence.handleProgress(out.op, out.item, now);
      case 'put-done':
        if (out.op >= PORT_OPS_FROM) return this.#answer(out);
        return this.presence.handlePutDone(out.op, out, now);
      case 'peers': {
        const done = this.#seeking.get(out.op);
        this.#seeking.delete(out.op);
        return done?.(out);
      }
      case 'external':
        return this.handlers.external();
      case 'ready':
        return this.presence.setReady(true, now);
    }
  }

  #carryOut(out: PresenceOutput): void {
    const { context } = this;
    switch (out.type) {
      case 'get':
      case 'put':
        return out.by === 'relays' ? this.#byRelays(out) : this.#byUs(out);
      case 'cancel':
        this.#relayed.get(out.op)?.();
        this.#relayed.delete(out.op);
        return this.#dht?.cancel(out.op);
      case 'found':
        return this.handlers.found(out.at, out.device, out.record, out.fresh);
      case 'save':
        return context.vault({ op: 'put', docs: out.docs }, (reply) => {
          this.presence.handleStored(out.token, !failed(reply), context.now);
          this.#drain();
        });
      case 'copy':
        context.log('error', 'a second copy of this device is running elsewhere');
        return this.handlers.copyOfUs();
    }
  }

  #byUs(out: Extract<PresenceOutput, { type: 'get' | 'put' }>): void {
    const { monoMs } = this.context.now;
    if (out.type === 'put') this.#dht?.put(out.op, out.item, monoMs);
    else this.#dht?.get(out.op, { publicKey: out.publicKey }, monoMs);
  }

  /** ⚑ Never from our own address, whatever becomes of it there (DSC-27). */
  #byRelays(out: Extract<PresenceOutput, { type: 'get' | 'put' }>): void {
    const dht = this.handlers.relayed();
    const { op } = out;
    let isOver = false;
    const over = (tell: () => void): void => {
      isOver = true;
      this.#relayed.delete(op);
      tell();
      this.#drain();
    };
    const { presence } = this;
    const takeBack =
      out.type === 'put'
        ? dht.put(out.item, (put) => over(() => presence.handlePutDone(op, put, this.context.now)))
        : dht.get({ publicKey: out.publicKey }, (got) =>
            over(() => presence.handleGot(op, got, this.context.now)),
          );
    if (!isOver) this.#relayed.set(op, takeBack);
  }

  #watchVotes(): void {
    const changes = this.#dht?.voteChanges ?? 0;
    if (changes === this.#voteChanges) return;
    this.#voteChanges = changes;
    this.handlers.votes();
  }

  /** Now and then, when clocks agree: the next start may find a clock that says 1970. */
  #keepClock(): void {
    const { agreedMs } = this.time;
    if (agreedMs === undefined || agreedMs - (this.#agreedMs ?? 0) < KEEP_CLOCK_EVERY_MS) return;
    this.#agreedMs = agreedMs;
    const value = encode({ t: agreedMs });
    const docs = [{ space: 'dht' as const, key: CLOCK_KEY, value }];
    this.context.vault({ op: 'put', docs }, () => undefined);
  }

  #watchHelpers(): void {
    const { helpers } = this;
    if (helpers === this.#helpers) return;
    this.presence.setNetworkSize(helpers);
    const changed = helpers > 0 !== this.#helpers > 0;
    this.#helpers = helpers;
    if (changed) this.handlers.helpers();
    if (helpers === 0 && this.#dht) this.#resolveAtMs ??= this.context.now.monoMs;
  }
}

/** Network time, as it goes on from the run before. */
export function clockOf(docs: readonly Doc[]): NetworkTime {
  const doc = docs.find(({ key, space }) => space === 'dht' && equal(key, CLOCK_KEY));
  const decoded = doc && decode(doc.value);
  const dict = decoded?.ok ? asDict(decoded.value) : undefined;
  return new NetworkTime(asInt(dict?.['t'], 0, Number.MAX_SAFE_INTEGER));
}

export function prefixed(
  prefix: string,
  stats: Readonly<Record<string, number>> | undefined,
): Record<string, number> {
  const named: Record<string, number> = {};
  for (const [name, value] of Object.entries(stats ?? {})) named[`${prefix}.${name}`] = value;
  return named;
}
