/**
 * `route show` and `route set`: the way messages take, who can see what on it, and by which rule.
 * @module
 */
import type { Policy, Route } from '@sotto/api/contract.ts';
import { ApiError } from '@sotto/api/client.ts';
import { isTighter, wayOf } from '@sotto/api/way.ts';
import { confirm } from '../prompt.ts';
import type { Session } from '../session.ts';
import { heldLine, policyLine, policyName, PROMISE, routeLine } from '../thread.ts';
import { threadAndChip, whoSees } from '../thread.ts';
import { ASKING } from './contacts.ts';

export async function show(session: Session, to: string): Promise<void> {
  const route = await session.daemon.call('route.show', { to });
  if (!printed(session, route)) await tell(session, route);
}

/** Something looser asks first, in the words of the page; where nobody can be asked: refused. */
export async function set(
  session: Session,
  to: string,
  policy: Policy,
  options: { force?: true },
): Promise<void> {
  const { daemon, out } = session;
  const before = await daemon.call('route.show', { to });
  const route = await choose(session, to, policy, options.force === true);
  if (printed(session, route)) return;
  const { name } = await daemon.call('contacts.show', { to: route.conversation });
  out.line(policyLine(route.policy, name));
  const way = wayOf(route);
  if (route.held === undefined) out.line(threadAndChip(way, out.utf8), PROMISE);
  else out.line(heldLine(route, name));
  if (isTighter(before.policy, route.policy)) {
    out.line(`${name} may remember your earlier address.`);
  }
}

async function choose(
  { daemon, mayAsk, out }: Session,
  to: string,
  policy: Policy,
  isAgreed: boolean,
): Promise<Route> {
  const agreed = isAgreed ? { looser: true as const } : {};
  try {
    return (await daemon.call('route.set', { to, policy, ...agreed })).route;
  } catch (error) {
    const isLooser = error instanceof ApiError && error.body.reason === 'route-looser';
    if (!isLooser || !mayAsk) throw error;
    const { conversation, name } = await daemon.call('contacts.show', { to });
    const question = `${out.clean(name)} will be able to see your IP address from now on. Switch?`;
    if (!(await confirm(question))) throw error;
    return (await daemon.call('route.set', { to: conversation, policy, looser: true })).route;
  }
}

function relaysOf({ hops, hopsAtLeast, isStrangers }: Route): string {
  const count = hops === 1 ? '1 relay' : `${hops} relays`;
  const how = hopsAtLeast === true ? 'through at least' : 'through';
  const whose = isStrangers === true ? ' (a public one, run by a stranger)' : '';
  return `${how} ${count}${whose}`;
}

/** For programs; true where that was all. */
function printed({ out }: Session, route: Route): boolean {
  if (out.look.mode === 'human') return false;
  if (out.look.mode === 'json') {
    out.json(route);
    return true;
  }
  const { conversation, endpoint, held, hops, peerSeesMyIp, policy, punched } = route;
  out.record(
    ...[conversation, policy, route.route, peerSeesMyIp, hops, route.transport, endpoint],
    ...[route.rttMs, punched, route.theirPolicy, held],
  );
  return true;
}

async function tell({ daemon, out }: Session, route: Route): Promise<void> {
  const { name } = await daemon.call('contacts.show', { to: route.conversation });
  const way = wayOf(route);
  out.line(threadAndChip(way, out.utf8), routeLine(way, name));
  if (route.held !== undefined) out.line(heldLine(route, name));
  out.line(whoSees(way, name, route.theirPolicy));
  // Echo is on this computer: no policy decides how it is reached.
  if (route.route !== 'local') {
    out.line(policyLine(route.policy, name));
    const { theirPolicy } = route;
    if (theirPolicy !== undefined && theirPolicy !== 'auto') {
      out.line(`${name} chose ${policyName(theirPolicy)}.`);
    }
  }
  if (route.asking !== undefined) out.line(ASKING[route.asking] ?? route.asking);
  const facts = [
    route.transport === undefined ? [] : [`over ${route.transport.toUpperCase()}`],
    route.endpoint === undefined ? [] : [`to ${route.endpoint}`],
    route.hops === 0 ? [] : [relaysOf(route)],
    route.rttMs === undefined ? [] : [`${Math.round(route.rttMs)} ms there and back`],
  ].flat();
  if (facts.length > 0) out.line(facts.join(', '));
}
