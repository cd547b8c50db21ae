/**
 * Learned: the place of one device that nobody had named and an opener came from (PTH-31). It is
 * raced before what the device itself has named.
 *
 *   nothing --an opener, from a host that they name--> a place --forget, or no such host--> nothing
 *
 * ⚑ Anybody could send one. So it counts only from a host where the device may be dialled over UDP
 * anyway, that of a circuit being the relay's, and for no longer.
 * Pure but for its own state.
 * @module
 */
import type { Endpoint } from '../base/endpoint.ts';
import type { Route } from './candidates.ts';

/** However many openers come, a device is dialled for them no more often. */
const OPENER_EVERY_MS = 2_000;

export class Learned {
  #route: Route | undefined;
  #openedAtMs = -Infinity;

  /**
   * An opener came from there. @param routes those on which the device may be dialled.
   * @returns false where it is none of this device, or came too soon after the last one.
   */
  handleOpener(from: Endpoint, routes: readonly Route[], nowMs: number): boolean {
    const isTime = nowMs - this.#openedAtMs >= OPENER_EVERY_MS;
    if (!isTime || !isNamed(from, routes)) return false;
    this.#openedAtMs = nowMs;
    this.#route = { transport: 'udp', endpoint: from };
    return true;
  }

  /** From now on it may be dialled on these alone. */
  handleRoutes(routes: readonly Route[]): void {
    if (this.#route && !isNamed(this.#route.endpoint, routes)) this.forget();
  }

  /** It led nowhere, or is needed no more: a link is up. */
  forget(): void {
    this.#route = undefined;
  }

  /** What a race tries where these are the device's routes. */
  before(routes: readonly Route[]): readonly Route[] {
    return this.#route ? [this.#route, ...routes] : routes;
  }
}

/** Is it at the host of a UDP route? */
function isNamed({ host }: Endpoint, routes: readonly Route[]): boolean {
  return routes.some(({ endpoint, transport }) => transport === 'udp' && endpoint.host === host);
}
