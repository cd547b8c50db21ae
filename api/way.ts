/**
 * The way that a route is to people, told apart by what it shows of us and not by its name alone:
 * through a relay an address is hidden only where the rule of the chat is Hidden IP. Otherwise our
 * record names it, and the chat becomes direct when it can.
 *
 *   direct, punched           punched       through openings that the routers of both made
 *   relay under Hidden IP     relay         they cannot see our IP address
 *   direct, by our proxy      proxied       they see an address of the proxy alone
 *   relay, by our proxy       proxied-relay nor does the relay see ours
 *   relay otherwise           relayed       through a relay, but our address may be known
 *   waiting, and asked        asked         a request of ours has left, sealed for them
 *   any other                 its name
 *
 * @module
 */
import type { Asking, Policy, RouteName } from './route.ts';

export type Way = RouteName | 'punched' | 'proxied' | 'proxied-relay' | 'relayed' | 'asked';

interface Ruled {
  readonly route: RouteName;
  /** Our own rule; undefined where it is not known: then nothing is said to be hidden. */
  readonly policy: Policy | undefined;
  /** Left out where it is not known: then Direct is all that is said. */
  readonly punched?: boolean | undefined;
  /** Whatever leaves for them goes by our proxy. */
  readonly proxied?: boolean | undefined;
  /** Where it is known of the route itself: false outside Hidden IP, it goes by our proxy. */
  readonly peerSeesMyIp?: boolean | undefined;
  readonly asking?: Asking | undefined;
}

/** Where a request by ID is in the DHT, was, or is on its way there. */
const LEFT: readonly Asking[] = ['knocking', 'placed', 'full', 'over'];

export function wayOf({ asking, peerSeesMyIp, policy, proxied, punched, route }: Ruled): Way {
  const isProxied = proxied === true || peerSeesMyIp === false;
  if (route === 'relay' && policy !== 'hidden') return isProxied ? 'proxied-relay' : 'relayed';
  if (route === 'direct' && isProxied) return 'proxied';
  if (route === 'direct' && punched === true) return 'punched';
  return route === 'waiting' && asking !== undefined && LEFT.includes(asking) ? 'asked' : route;
}

/** The rule replaced another one that showed them an address of ours, which they may remember. */
export function isTighter(before: Policy, after: Policy): boolean {
  if (after === 'hidden') return before !== 'hidden';
  return after === 'lan' && (before === 'auto' || before === 'direct');
}
