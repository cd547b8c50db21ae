/**
 * The DHT as relays ask it for us: two of them between us and its nodes, so that none of these sees
 * our address, and the relay that asks does not either (RLY-22).
 *
 *   question --a way there--> linking --> asked --verified--> answered
 *      |  ^                      '----'--no answer, or a lie--> another relay, 3 tries in all
 *      |  '--no way yet--> waits, 30 s
 *      '--16 under way--> waits
 *
 * What comes back is believed where its key, signature or hash proves it. That a relay withholds
 * something cannot be seen: so another one is chosen for each new link.
 * @module
 */
import { assert } from '../base/assert.ts';
import { BoundedMap, BoundedQueue } from '../base/bounded.ts';
import { decode } from '../base/bencode.ts';
import { earliest } from '../base/time.ts';
import type { DhtPort, Got, Stored, TakeBack } from '../discovery/dht-port.ts';
import { type FoundItem, type ItemQuery, verifyFound, verifyItem } from '../discovery/item.ts';
import type { PutItem } from '../discovery/operations.ts';
import { NODES_MAX, type Answer, type Question } from '../relay/question.ts';
import type { Context } from './context.ts';
import type { RelayLink } from './relay-link.ts';

/** Questions that wait for a way, or for their turn; more come to nothing at once. */
export const WAITING_MAX = 256;
/** A question that no relay took by then has come to nothing. */
export const WAIT_MS = 30_000;
export const TRIES_MAX = 3;
/** A relay that did not answer is asked last for so long. */
export const AVOID_MS = 120_000;
const AVOIDED_MAX = 64;

/** A relay that asks for us, and our link to it. */
export type Asker = Pick<RelayLink, 'name' | 'isUp' | 'client' | 'need' | 'drain'>;

export interface RelayedDhtPorts {
  /** One that is behind a guard of ours; linked, or not yet. */
  asker(isAvoided: (name: string) => boolean): Asker | undefined;
}

interface Asking {
  readonly what: Question;
  /** @returns false where the answer proves nothing. */
  readonly judge: (answer: Answer | undefined) => boolean;
  readonly giveUpAtMs: number;
  tries: number;
  relay: Asker | undefined;
  takeBack: TakeBack | undefined;
}

export class RelayedDht implements DhtPort {
  readonly #waiting = new BoundedQueue<Asking>(WAITING_MAX);
  /** Under way: the relay's link is being made, or it was asked. */
  readonly #begun = new Set<Asking>();
  readonly #avoided = new BoundedMap<string, number>(AVOIDED_MAX);
  readonly #counts = { questions: 0, answers: 0, lies: 0 };

  constructor(
    private readonly context: Context,
    private readonly ports: RelayedDhtPorts,
  ) {}

  get(query: ItemQuery, done: (got: Got) => void): TakeBack {
    return this.#begin(questionOf(query), (answer) => {
      const item = answer?.item && foundIn(query, answer.item);
      if (answer?.item && !item) return false;
      done({ responders: answer?.nodes ?? 0, ...(item && { item }) });
      return true;
    });
  }

  put(item: PutItem, done: (put: Stored) => void): TakeBack {
    return this.#begin(questionOfPut(item), (answer) => {
      const query = 'immutable' in item ? undefined : { publicKey: item.publicKey };
      const seen = query && answer?.item && foundIn(query, answer.item);
      if (query && answer?.item && !seen) return false;
      done({ stored: answer?.nodes ?? 0, ...(seen && { seen }) });
      return true;
    });
  }

  /** The link to a relay that asks for us is up, or came to nothing. */
  handleSettled(relay: Asker, isUp: boolean): void {
    for (const asking of [...this.#begun]) {
      if (asking.relay !== relay || asking.takeBack) continue;
      if (isUp) this.#ask(asking, relay);
      else this.#failed(asking, relay);
    }
    this.handleWay();
  }

  /** Perhaps there is a way now. */
  handleWay(): void {
    for (let left = this.#waiting.length; left > 0; left--) {
      const asking = this.#waiting.shift();
      if (asking && !this.#start(asking)) this.#waiting.push(asking);
    }
  }

  handleTimeout(): void {
    const { monoMs } = this.context.now;
    for (let left = this.#waiting.length; left > 0; left--) {
      const asking = this.#waiting.shift()!;
      if (monoMs >= asking.giveUpAtMs) asking.judge(undefined);
      else if (!this.#start(asking)) this.#waiting.push(asking);
    }
    for (const asking of [...this.#begun]) {
      if (!asking.takeBack && monoMs >= asking.giveUpAtMs) this.#over(asking);
    }
  }

  wakeAtMs(): number | undefined {
    let soonest = this.#waiting.peek()?.giveUpAtMs;
    for (const { giveUpAtMs, takeBack } of this.#begun) {
      if (!takeBack) soonest = earliest(soonest, giveUpAtMs);
    }
    return soonest;
  }

  stats(): Record<string, number> {
    return { waiting: this.#waiting.length, underWay: this.#begun.size, ...this.#counts };
  }

  #begin(what: Question, judge: Asking['judge']): TakeBack {
    const giveUpAtMs = this.context.now.monoMs + WAIT_MS;
    const asking: Asking = {
      what,
      judge,
      giveUpAtMs,
      tries: 0,
      relay: undefined,
      takeBack: undefined,
    };
    this.#counts.questions++;
    if (!this.#start(asking) && !this.#waiting.push(asking)) judge(undefined);
    return () => this.#takeBack(asking);
  }

  #takeBack(asking: Asking): void {
    if (this.#begun.delete(asking)) {
      asking.takeBack?.();
      asking.relay?.drain();
      return this.handleWay();
    }
    for (let left = this.#waiting.length; left > 0; left--) {
      const one = this.#waiting.shift()!;
      if (one !== asking) this.#waiting.push(one);
    }
  }

  /** @returns false where there is no way, or no room on it. */
  #start(asking: Asking): boolean {
    const { monoMs } = this.context.now;
    const relay = this.ports.asker((name) => (this.#avoided.get(name) ?? 0) > monoMs);
    if (relay === undefined) return false;
    asking.relay = relay;
    if (relay.isUp) return this.#ask(asking, relay);
    this.#begun.add(asking);
    relay.need();
    return true;
  }

  #ask(asking: Asking, relay: Asker): boolean {
    const { monoMs } = this.context.now;
    const answered = (answer: Answer | undefined): void => this.#answered(asking, relay, answer);
    const takeBack = relay.client.ask(asking.what, answered, monoMs);
    if (takeBack === undefined) {
      asking.relay = undefined;
      if (this.#begun.delete(asking)) this.#waiting.push(asking);
      return false;
    }
    asking.takeBack = takeBack;
    this.#begun.add(asking);
    relay.drain();
    return true;
  }

  #answered(asking: Asking, relay: Asker, answer: Answer | undefined): void {
    if (!this.#begun.has(asking)) return;
    asking.takeBack = undefined;
    if (answer === undefined || !asking.judge(answer)) {
      if (answer) this.#counts.lies++;
      this.#failed(asking, relay);
    } else {
      this.#counts.answers++;
      this.#begun.delete(asking);
    }
    this.handleWay();
  }

  /** Another relay, if there is time left. */
  #failed(asking: Asking, relay: Asker): void {
    this.#avoided.set(relay.name, this.context.now.monoMs + AVOID_MS);
    asking.tries++;
    asking.relay = undefined;
    this.#begun.delete(asking);
    const isOver = asking.tries >= TRIES_MAX || this.context.now.monoMs >= asking.giveUpAtMs;
    if (isOver || !this.#waiting.push(asking)) asking.judge(undefined);
  }

  #over(asking: Asking): void {
    this.#begun.delete(asking);
    asking.judge(undefined);
  }
}

/**
 * Asks the DHT for a client of ours; what is no item is not put.
 * @returns takes the question back.
 */
export function askFor(
  dht: DhtPort,
  what: Question,
  done: (answer: Answer | undefined) => void,
): TakeBack {
  const answer = (nodes: number, item: FoundItem | undefined): void => {
    done(
      nodes === 0 ? undefined : { nodes: Math.min(nodes, NODES_MAX), item: item && itemOf(item) },
    );
  };
  if (what.type === 'get') {
    const query = 'key' in what ? { publicKey: what.key } : { target: what.target };
    return dht.get(query, ({ item, responders }) => answer(responders, item));
  }
  const { raw, signed } = what;
  const item = signed ? { ...signed, publicKey: signed.key, raw } : { immutable: raw };
  const isGood = decode(raw).ok && ('immutable' in item || verifyItem(item));
  if (!isGood) {
    done(undefined);
    return () => undefined;
  }
  return dht.put(item, ({ seen, stored }) => answer(stored, seen));
}

function itemOf({ raw, seq, signature }: FoundItem): Answer['item'] {
  return { raw, signed: seq !== undefined && signature ? { seq, signature } : undefined };
}

function questionOf(query: ItemQuery): Question {
  if ('target' in query) return { type: 'get', target: query.target };
  assert(query.salt === undefined, 'items of ours have no salt');
  return { type: 'get', key: query.publicKey };
}

function questionOfPut(item: PutItem): Question {
  if ('immutable' in item) return { type: 'put', raw: item.immutable, signed: undefined };
  const { publicKey: key, raw, seq, signature } = item;
  assert(item.salt === undefined, 'items of ours have no salt');
  return { type: 'put', raw, signed: { key, seq, signature } };
}

function foundIn(
  query: ItemQuery,
  { raw, signed }: NonNullable<Answer['item']>,
): FoundItem | undefined {
  return verifyFound(query, { raw, ...(signed && { seq: signed.seq, sig: signed.signature }) });
}
