/**
 * Resume: how the initiator gives its link the next path (LNK-31, LNK-34, LNK-35).
 *
 *   idle --path lost--> attach attempt now --lost--> wait 0.5, 1, 2, 4, 5, 5 ... s --> attempt
 *   idle --keys older than 1 h--> attach attempt beside the living path --lost--> wait 60 s
 *
 * The attempt goes to where the last path led. The responder never dials: it waits.
 * @module
 */
import type { Random } from '../base/time.ts';
import { AttachCounter } from './attach.ts';
import { Attempt } from './attempt.ts';
import type { Emit, Route, StreamId } from './contract.ts';
import { FlightKey } from './gate.ts';
import { attachFlightSecret, type Attached, openAttach } from './handshake.ts';
import type { Link } from './link.ts';

const RETRY_MS_FIRST = 500;
const RETRY_MS_MAX = 5000;
const REFRESH_RETRY_MS = 60_000;

export interface ResumeDeps {
  readonly random: Random;
  readonly emit: Emit;
  readonly allocateStream: () => StreamId;
}

export class Resume {
  readonly link: Link;
  /** Where the last path led. */
  route: Route;
  readonly #deps: ResumeDeps;
  readonly #key: FlightKey;
  readonly #ids: AttachCounter;
  #attempt: Attempt<Attached> | undefined;
  /** An attempt won and its path waits for the peer's START. */
  #proving = false;
  #failures = 0;
  #retryAtMs = 0;

  constructor(link: Link, route: Route, deps: ResumeDeps) {
    const root = link.established.attach;
    this.link = link;
    this.route = route;
    this.#deps = deps;
    this.#key = new FlightKey(attachFlightSecret(root));
    this.#ids = new AttachCounter(root);
  }

  get attempt(): Attempt<Attached> | undefined {
    return this.#attempt;
  }

  wakeAtMs(): number | undefined {
    if (this.#proving) return undefined;
    if (this.#attempt !== undefined) return this.#attempt.wakeAtMs();
    const due = this.link.path === undefined ? 0 : this.link.refreshDueMs;
    return Math.max(due, this.#retryAtMs);
  }

  /** Starts or drives an attempt; returns it where it is new. */
  handleTimeout(nowMs: number): Attempt<Attached> | undefined {
    if (this.#attempt !== undefined) {
      this.#attempt.handleTimeout(nowMs);
      return undefined;
    }
    const wakeAtMs = this.wakeAtMs();
    if (wakeAtMs === undefined || wakeAtMs > nowMs) return undefined;
    const { random, emit, allocateStream } = this.#deps;
    const begin = (
      streamId: number,
    ): (ReturnType<typeof openAttach> & { opening: Uint8Array }) | undefined => {
      const id = this.#ids.take();
      if (id === undefined) return undefined;
      const root = this.link.established.attach;
      const { message, finish } = openAttach(random, root, this.link.expects, streamId);
      return {
        opening: id.opening,
        message,
        finish: (reply) => {
          const attached = finish(reply);
          if (attached !== undefined) this.#ids.confirmed(id.block);
          return attached;
        },
      };
    };
    const { route } = this;
    this.#attempt = new Attempt(
      { route, key: this.#key, random, emit, allocateStream, begin },
      nowMs,
    );
    return this.#attempt;
  }

  /** The attempt has its reply. */
  won(): void {
    this.#attempt = undefined;
    this.#proving = true;
  }

  /** The peer's START came: the link goes on there. */
  proven(route: Route): void {
    this.#proving = false;
    this.#failures = 0;
    this.#retryAtMs = 0;
    this.route = route;
  }

  /** Attempt or unproven path came to nothing. */
  failed(nowMs: number): void {
    this.#attempt = undefined;
    this.#proving = false;
    const backoff = Math.min(RETRY_MS_FIRST * 2 ** this.#failures, RETRY_MS_MAX);
    this.#failures++;
    this.#retryAtMs = nowMs + (this.link.path === undefined ? backoff : REFRESH_RETRY_MS);
  }

  /** The path was lost: whatever waits for a refresh waits no longer. */
  pathLost(): void {
    this.#retryAtMs = 0;
  }

  cancel(): void {
    this.#attempt?.cancel();
    this.#attempt = undefined;
  }
}
