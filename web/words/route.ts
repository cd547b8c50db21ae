/**
 * The sentences of a route, by the way that it is, and of the rule of a chat. Each is a promise
 * about the protocol, so a way is told apart by what it shows of us and not by its name alone
 * (api/way.ts).
 * @module
 */
import type { Conversation, Message, Route } from '@sotto/api/contract.ts';
import { isTighter, wayOf as wayUnder, type Way } from '@sotto/api/way.ts';
import type { Text, TextKey } from '../text/text.ts';
import { nameIn } from './name.ts';

export type Policy = Route['policy'];
type Held = NonNullable<Route['held']>;
export { isTighter, type Way };

/** In the order in which a person chooses among them. */
export const POLICIES = ['auto', 'hidden', 'direct', 'lan'] as const satisfies readonly Policy[];

const WAYS: readonly string[] = [
  'lan',
  'direct',
  'punched',
  'relay',
  'relayed',
  'proxied',
  'proxied-relay',
  'waiting',
  'asked',
  'local',
] satisfies Way[];

/** @param shown what the daemon said of it last, where it was asked. */
export function wayOf(
  conversation: Pick<Conversation, 'asking' | 'policy' | 'proxied' | 'punched' | 'route'>,
  shown?: Route,
): Way {
  const punched = shown?.route === conversation.route ? shown.punched : conversation.punched;
  return wayUnder({ ...conversation, punched });
}

/**
 * By which way a message went. The route is that of its receipt, and nobody remembers when it left:
 * it was hidden only where Hidden IP was the rule from its first moment to its delivery.
 */
export function wayOfMessage({ deliveredAt, route, storedAt }: Message, shown?: Route) {
  if (route === undefined) return undefined;
  const isHidden = wasHidden(shown, storedAt, deliveredAt ?? storedAt);
  return wayUnder({ route, policy: isHidden ? 'hidden' : undefined });
}

/** Our rule at a time; undefined where it is not remembered so far back. */
export function policyAt(shown: Route | undefined, time: string): Policy | undefined {
  if (shown === undefined) return undefined;
  const ours = shown.changes.filter(({ by }) => by === 'us');
  if (ours.length === 0) return shown.policy;
  return ours.findLast(({ at }) => !isAfter(at, time))?.policy;
}

/** Was Hidden IP our rule all the time? Not where it is not remembered. */
function wasHidden(shown: Route | undefined, from: string, to: string): boolean {
  const isMeanwhile = ({ at, by }: Route['changes'][number]): boolean =>
    by === 'us' && isAfter(at, from) && !isAfter(at, to);
  const others = shown?.changes.filter((one) => isMeanwhile(one) && one.policy !== 'hidden');
  return policyAt(shown, from) === 'hidden' && others?.length === 0;
}

function isAfter(time: string, other: string): boolean {
  return Date.parse(time) > Date.parse(other);
}

/** `chip`: its name; `line`: what it is. */
export function routeWords(t: Text, shown: Way, what: 'chip' | 'line', name: string): string {
  return t(`route.${knownWay(shown)}.${what}` as TextKey, { name: nameIn(name) });
}

/** Who can see what, one paragraph after the other. @param route what is known of the path. */
export function seesWords(
  t: Text,
  shown: Way,
  name: string,
  route?: Pick<Route, 'hops' | 'hopsAtLeast' | 'isStrangers' | 'theirPolicy'>,
): readonly string[] {
  const hops = route?.hops ?? 0;
  const said = (one: Way | 'unknown'): string => {
    const came = one === 'relay' && route?.hopsAtLeast === true ? '.came' : '';
    return t(`route.${one}.sees${came}` as TextKey, { name: nameIn(name), hops });
  };
  const known = knownWay(shown);
  // What is said to be the same as of another way is said in full.
  if (known === 'punched') return [said('punched'), said('direct')];
  const stranger = route?.isStrangers === true ? [t('route.relay.stranger')] : [];
  const relays = [said('relay'), ...stranger];
  if (known === 'relay') return relays;
  if (known === 'proxied-relay') return [said(known), ...stranger];
  if (known !== 'relayed') return [said(known)];
  return route?.theirPolicy === 'hidden'
    ? [t('route.relayed.sees.theirs', { name: nameIn(name) }), ...relays]
    : [said('relayed'), ...relays];
}

/** Is a relay in the path for want of a direct link alone? Where they hide, none is looked for. */
export function isUnneeded(shown: Way, route: Pick<Route, 'theirPolicy'> | undefined): boolean {
  const isForWant = shown === 'relayed' || shown === 'proxied-relay';
  return isForWant && route !== undefined && route.theirPolicy !== 'hidden';
}

/** A newer app may name a route that this one does not know: then nothing is claimed. */
function knownWay(shown: Way): Way | 'unknown' {
  return WAYS.includes(shown) ? shown : 'unknown';
}

/** The name of a rule; one of a newer app is named as it calls itself. */
export function policyName(t: Text, policy: Policy): string {
  return POLICIES.includes(policy) ? t(`route.policy.${policy}`) : String(policy);
}

/** What somebody did to the rule of a chat. */
export function changeWords(t: Text, { by, policy }: Route['changes'][number], name: string) {
  return t(`route.change.${by}`, { name: nameIn(name), policy: policyName(t, policy) });
}

/** Why nothing leaves, in one sentence or two. */
export function heldWords(t: Text, held: Held, { policy, theirPolicy }: Route, name: string) {
  return t(`route.held.${held}`, {
    name: nameIn(name),
    ours: policyName(t, policy),
    theirs: theirPolicy === undefined ? '' : policyName(t, theirPolicy),
  });
}

/** Ways on which they see no address of ours. */
const HIDDEN: readonly Way[] = ['relay', 'proxied', 'proxied-relay'];

/** What matters of a way at once: whether they see our address, or nothing goes. */
export function classOf(shown: Way): 'visible' | 'hidden' | 'held' | 'local' {
  if (shown === 'waiting' || shown === 'asked') return 'held';
  if (HIDDEN.includes(shown)) return 'hidden';
  return shown === 'local' ? 'local' : 'visible';
}
