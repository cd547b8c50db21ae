/**
 * Hop check: is there a relay with this key at this place (RLY-12)? Whoever is our client may name
 * any place, so what leaves for it is little, and a TCP connection to it not one.
 *
 *   asked --two flights by UDP--> a handshake with that key --> yes
 *      '-- within the window of that host no room, no answer for 2.5 s --> no
 *
 * ⚑ A stranger's mail server does not answer, and nobody can answer in its place: the reply proves
 * that the flight has arrived where it was sent, at whoever has the key.
 * @module
 */
import type { Endpoint } from '../base/endpoint.ts';
import type { Links } from '../link/links.ts';
import { Probes } from '../path/probes.ts';
import { clientKey } from '../relay/address.ts';
import type { Hop, StreamNews } from '../relay/extensions.ts';
import type { Context } from './context.ts';
import { linksOfNobody, relayTarget } from './nobody.ts';

/** Flights of one check: one may be lost. */
export const CHECK_FLIGHTS = 2;
const FLIGHT_EVERY_MS = 1_000;
/** The client hears an error 3 s after its question. */
export const CHECK_GIVE_UP_MS = 2_500;
const TIMETABLE = {
  everyMs: FLIGHT_EVERY_MS,
  flights: CHECK_FLIGHTS,
  giveUpMs: CHECK_GIVE_UP_MS,
} as const;

export class HopCheck {
  readonly #links: Links;
  readonly #waiting = new Map<number, (ok: boolean) => void>();
  readonly #streams = new Set<number>();
  /** By host, as clients are counted: all keys and ports that anybody names there. */
  readonly #probes = new Probes();
  #next = 1;

  constructor(
    private readonly context: Context,
    allocateStream: () => number,
  ) {
    this.#links = linksOfNobody(context.random, { allocateStream });
  }

  /** `done` runs once, in this call or later. */
  ask({ endpoint, key }: Hop, done: (ok: boolean) => void): void {
    const { monoMs } = this.context.now;
    const host = clientKey(endpoint.host);
    for (let i = 0; i < CHECK_FLIGHTS; i++) {
      if (!this.#probes.take(host, monoMs)) return done(false);
    }
    const dial = this.#next++;
    this.#waiting.set(dial, done);
    const routes = [{ transport: 'udp', endpoint }] as const;
    this.#links.dial(dial, relayTarget(key), routes, new Uint8Array(0), monoMs, TIMETABLE);
    this.#drain();
  }

  /** True where the datagram answers a check. */
  handleDatagram(from: Endpoint, bytes: Uint8Array): boolean {
    if (!this.#links.handleDatagram(from, bytes, this.context.now.monoMs)) return false;
    this.#drain();
    return true;
  }

  /** False where the stream is none of a check. */
  handleStream(stream: number, news: StreamNews): boolean {
    if (!this.#streams.has(stream)) return false;
    const { monoMs } = this.context.now;
    if (news === 'opened') this.#links.handleStreamOpened(stream, monoMs);
    else if (news === 'writable') this.#links.handleStreamWritable(stream, monoMs);
    else if (news === 'closed') {
      this.#streams.delete(stream);
      this.#links.handleStreamClosed(stream, monoMs);
    } else this.#links.handleStreamBytes(stream, news, monoMs);
    this.#drain();
    return true;
  }

  handleTimeout(): void {
    this.#links.handleTimeout(this.context.now.monoMs);
    this.#drain();
  }

  wakeAtMs(): number | undefined {
    return this.#links.wakeAtMs();
  }

  stats(): Record<string, number> {
    return { checking: this.#waiting.size, checkStreams: this.#streams.size };
  }

  #drain(): void {
    for (let out = this.#links.poll(); out; out = this.#links.poll()) {
      switch (out.type) {
        case 'datagram':
        case 'stream-write':
          this.context.emit(out);
          break;
        case 'stream-open': {
          const { peer: _, transport, ...open } = out;
          if (transport === 'circuit') break; // none is asked for
          this.#streams.add(out.stream);
          this.context.emit({ ...open, transport });
          break;
        }
        case 'stream-close':
          this.#streams.delete(out.stream);
          this.context.emit(out);
          break;
        case 'up':
          this.#links.close(out.link, 'closed', this.context.now.monoMs);
          this.#answer(out.dial!, true);
          break;
        case 'dial-failed':
          this.#answer(out.dial, false);
          break;
        default:
          break; // what a link says that ends as soon as it is there
      }
    }
  }

  #answer(dial: number, ok: boolean): void {
    const done = this.#waiting.get(dial);
    this.#waiting.delete(dial);
    done?.(ok);
  }
}
