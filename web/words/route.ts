/**
 * The sentences of a route, by its name. Each is a promise about the protocol.
 * @module
 */
import type { RouteName } from '@sotto/api/contract.ts';
import type { Text, TextKey } from '../text/text.ts';
import { nameIn } from './name.ts';

const ROUTES: readonly string[] = ['lan', 'direct', 'waiting', 'local'] satisfies RouteName[];

/** `chip`: its name; `line`: what it is; `sees`: who can see what. */
export function routeWords(
  t: Text,
  route: RouteName,
  what: 'chip' | 'line' | 'sees',
  name: string,
): string {
  // A newer app may name a route that this one does not know: then nothing is claimed.
  const known = ROUTES.includes(route) ? route : 'unknown';
  return t(`route.${known}.${what}` as TextKey, { name: nameIn(name) });
}
