/**
 * What clients of UPnP share: the search for a router, and requests to it, one at a time.
 *
 *   Search   asked at 0, 1 and 3 s, over after SEARCH_MS
 *   Calls    request --reply--> done, the next of those that wait
 *            call --nothing--> once more --nothing--> done
 *
 * Spec: docs/spec/port-map.md MAP-7, MAP-8.
 * @module
 */
import type { Family } from '../../base/endpoint.ts';
import type { ClientOutput, HttpReply, HttpRequest } from './contract.ts';
import { callRequest, parseReply, searches, type CallReply, type Service } from './igd.ts';

/** When it is searched for, after the beginning; multicast gets lost. */
const SEARCH_AT_MS = [0, 1_000, 3_000];
/** So long an answer is waited for. */
export const SEARCH_MS = 6_000;
/** Requests that wait for the one under way. */
const QUEUE_MAX = 16;

export class Search {
  readonly #family: Family;
  readonly #beganAtMs: number;
  readonly #out: ClientOutput[];
  #sent = 0;

  /** Begins with the first question. */
  constructor(family: Family, out: ClientOutput[], nowMs: number) {
    this.#family = family;
    this.#out = out;
    this.#beganAtMs = nowMs;
    this.handle(nowMs);
  }

  /** Asks where that is due. */
  handle(nowMs: number): void {
    const atMs = SEARCH_AT_MS[this.#sent];
    if (atMs === undefined || nowMs < this.#beganAtMs + atMs) return;
    this.#sent++;
    for (const { bytes, to } of searches(this.#family)) {
      this.#out.push({ type: 'datagram', to, bytes });
    }
  }

  /** Nobody will answer any more. */
  isOver(nowMs: number): boolean {
    return nowMs >= this.#beganAtMs + SEARCH_MS;
  }

  /** When it goes on, or is over. */
  get dueAtMs(): number {
    return this.#beganAtMs + (SEARCH_AT_MS[this.#sent] ?? SEARCH_MS);
  }
}

interface CallsDeps {
  readonly out: ClientOutput[];
  readonly nextId: () => number;
  /** Our address that has to ask; undefined: any. */
  readonly from?: string;
}

export class Calls {
  readonly #deps: CallsDeps;
  #under: { readonly id: number; done(reply: HttpReply, nowMs: number): void } | undefined;
  #queue: (() => void)[] = [];
  /** Little time is left: nothing is asked twice. */
  #isEnding = false;

  constructor(deps: CallsDeps) {
    this.#deps = deps;
  }

  get isBusy(): boolean {
    return this.#under !== undefined || this.#queue.length > 0;
  }

  /** Asks once what was asked before is answered. */
  request(request: HttpRequest, done: (reply: HttpReply, nowMs: number) => void): void {
    const { from, nextId, out } = this.#deps;
    const send = (): void => {
      const id = nextId();
      this.#under = { id, done };
      out.push({ type: 'http', id, request: from === undefined ? request : { ...request, from } });
    };
    if (!this.#under) send();
    else if (this.#queue.length < QUEUE_MAX) this.#queue.push(send);
  }

  /** Calls an action, twice where nothing came back at first; then `done` gets undefined. */
  call(
    service: Service,
    action: string,
    values: Readonly<Record<string, string | number>>,
    done: (reply: CallReply | undefined, nowMs: number) => void,
  ): void {
    const request = callRequest(service, action, values);
    const end = (reply: HttpReply, nowMs: number): void => {
      done(reply && parseReply(reply), nowMs);
    };
    this.request(request, (reply, nowMs) => {
      // One lost packet is not to cost every port that the router has for us.
      if (reply || this.#isEnding) end(reply, nowMs);
      else this.request(request, end);
    });
  }

  handleHttp(id: number, reply: HttpReply, nowMs: number): void {
    if (this.#under?.id !== id) return;
    const { done } = this.#under;
    this.#under = undefined;
    done(reply, nowMs);
    if (!this.#under) this.#queue.shift()?.();
  }

  /** What waits is not asked any more, nor is anything asked again. */
  clear(): void {
    this.#isEnding = true;
    this.#queue = [];
  }

  /** Nor is what is under way waited for. */
  forget(): void {
    this.clear();
    this.#under = undefined;
  }
}
