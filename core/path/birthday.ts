/**
 * Birthday punch: how a home whose router gives each destination another port by chance meets one
 * whose router lets in nothing but answers (PTH-29, PTH-30). Neither can know the other's port, so
 * both take many, and chance does the rest, as with birthdays in one room.
 *
 *   random side        256 mouths: sockets of their own, each writes to the other once
 *   independent side   1,024 probes from its one socket, each to another port by chance
 *
 *   one hits with 1 - (1 - 256/64,512)^1,024 = 98 %; from one socket it would be 1.6 %
 *
 *   start --one in 10 ms, for 2.6 or 10.3 s--> waiting --20 s after the start, or end--> over
 *
 * ⚑ It is the one exception from the window of PTH-3, so it is rare: one at a time, one in a minute
 * for one contact, eight in an hour.
 * Sans-IO: after a call drain `poll()`, sleep until `wakeAtMs()`.
 * @module
 */
import { scopeOf, type Endpoint } from '../base/endpoint.ts';
import { randomInt, type Random } from '../base/time.ts';
import type { Route } from './candidates.ts';
import type { NatClass } from './nat-class.ts';

export const MOUTHS_MAX = 256;
export const PROBES_PER_PUNCH = 1_024;
export const PUNCH_EVERY_MS = 10;
/** From the first mouth on until all of them are shut. */
export const BIRTHDAY_MS = 20_000;
/** Pauses between two for one contact, and how many there may be for all. */
export const BIRTHDAY_PAUSE_MS = 60_000;
export const BIRTHDAYS_PER_HOUR = 8;
const HOUR_MS = 3_600_000;
/** Below are the ports of services, which routers give to nobody. */
const PORT_FIRST = 1_024;
const PORT_LAST = 65_535;
/** What leaves at once where the timer was late. */
const AT_ONCE_MAX = 8;

export interface Birth {
  /** What we do: open mouths towards an endpoint, or probe ports of its host. */
  readonly role: 'mouths' | 'probes';
  readonly to: Endpoint;
}

export type BirthdayOutput =
  | { readonly type: 'mouth'; readonly to: Endpoint; readonly bytes: Uint8Array }
  | { readonly type: 'datagram'; readonly to: Endpoint; readonly bytes: Uint8Array }
  | { readonly type: 'mouths-close' };

interface Run extends Birth {
  readonly name: string;
  readonly seal: () => Uint8Array;
  readonly startedAtMs: number;
  readonly ports: Set<number>;
  sent: number;
}

/**
 * Which side of such a punch we would be; undefined where it is of no use, or not needed.
 * @param routes of the peer, as far as a try is worth.
 */
export function birthOf(
  routes: readonly Route[],
  natOf: (route: Route) => NatClass,
): Birth | undefined {
  for (const route of routes) {
    const { endpoint: to, nat, transport } = route;
    const scope = scopeOf(to.host);
    const leadsOut = scope === 'public' || scope === 'reserved';
    if (transport !== 'udp' || !leadsOut || to.host.includes(':')) continue;
    const ours = natOf(route);
    if (ours === 'random' && nat === 'independent') return { role: 'mouths', to };
    if (ours === 'independent' && nat === 'random') return { role: 'probes', to };
  }
  return undefined;
}

export class Birthday {
  #run: Run | undefined;
  #out: BirthdayOutput[] = [];
  /** When each began, of the last hour; rising. */
  #begun: { readonly name: string; readonly atMs: number }[] = [];

  constructor(private readonly random: Random) {}

  poll(): BirthdayOutput | undefined {
    return this.#out.shift();
  }

  wakeAtMs(): number | undefined {
    const run = this.#run;
    if (!run) return undefined;
    const endMs = run.startedAtMs + BIRTHDAY_MS;
    return run.sent < countOf(run) ? run.startedAtMs + run.sent * PUNCH_EVERY_MS : endMs;
  }

  /** Under way for whom, and which side of it we are. */
  get current(): (Birth & { readonly name: string }) | undefined {
    return this.#run;
  }

  /**
   * @param name of the contact. @param seal one datagram of those that mean nothing to others.
   * @returns false where it may not be now.
   */
  start(name: string, { role, to }: Birth, seal: () => Uint8Array, nowMs: number): boolean {
    this.#begun = this.#begun.filter(({ atMs }) => atMs > nowMs - HOUR_MS);
    const last = this.#begun.findLast((one) => one.name === name);
    const isTooSoon = last !== undefined && nowMs - last.atMs < BIRTHDAY_PAUSE_MS;
    if (this.#run || isTooSoon || this.#begun.length >= BIRTHDAYS_PER_HOUR) return false;
    this.#begun.push({ name, atMs: nowMs });
    this.#run = { name, role, to, seal, startedAtMs: nowMs, ports: new Set(), sent: 0 };
    this.handleTimeout(nowMs);
    return true;
  }

  /** They met, or are not to meet any more. */
  end(name: string): void {
    if (this.#run?.name !== name) return;
    if (this.#run.role === 'mouths') this.#out.push({ type: 'mouths-close' });
    this.#run = undefined;
  }

  handleTimeout(nowMs: number): void {
    const run = this.#run;
    if (!run) return;
    const passedMs = nowMs - run.startedAtMs;
    if (passedMs >= BIRTHDAY_MS) return this.end(run.name);
    const due = Math.min(1 + Math.floor(passedMs / PUNCH_EVERY_MS), countOf(run));
    for (let i = 0; run.sent < due && i < AT_ONCE_MAX; i++) {
      run.sent++;
      if (run.role === 'mouths') this.#out.push({ type: 'mouth', to: run.to, bytes: run.seal() });
      else this.#out.push({ type: 'datagram', to: this.#elsewhere(run), bytes: run.seal() });
    }
  }

  /** A port of their host that was not tried yet. */
  #elsewhere({ ports, to }: Run): Endpoint {
    for (;;) {
      const port = PORT_FIRST + randomInt(this.random, PORT_LAST - PORT_FIRST + 1);
      if (ports.has(port)) continue;
      ports.add(port);
      return { host: to.host, port };
    }
  }
}

function countOf({ role }: Run): number {
  return role === 'mouths' ? MOUTHS_MAX : PROBES_PER_PUNCH;
}
