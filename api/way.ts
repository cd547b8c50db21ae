/**
 * The way that a route is to people, told apart by what it shows of us and not by its name alone:
 * through a relay an address is hidden only where the rule of the chat is Hidden IP. Otherwise our
 * record names it, and the chat becomes direct when it can.
 *
 *   relay under Hidden IP     relay       they cannot see our IP address
 *   relay otherwise           relayed     on its way through a relay, but the address may be known
 *   any other                 its name
 *
 * @module
 */
import type { Policy, RouteName } from './route.ts';

export type Way = RouteName | 'relayed';

interface Ruled {
  readonly route: RouteName;
  /** Our own rule; undefined where it is not known: then nothing is said to be hidden. */
  readonly policy: Policy | undefined;
}

export function wayOf({ policy, route }: Ruled): Way {
  return route === 'relay' && policy !== 'hidden' ? 'relayed' : route;
}
