/**
 * `route show`: the way messages take, and who can see what on it.
 * @module
 */
import type { Session } from '../session.ts';
import { ASKING } from './contacts.ts';
import { POLICY_LINES, routeLine, threadAndChip, whoSees } from '../thread.ts';

export async function show({ out, daemon }: Session, to: string): Promise<void> {
  const route = await daemon.call('route.show', { to });
  if (out.look.mode === 'json') return out.json(route);
  if (out.look.mode === 'plain') {
    const { conversation, policy, transport, endpoint, peerSeesMyIp, punched, rttMs, hops } = route;
    out.record(
      ...[conversation, policy, route.route, peerSeesMyIp, hops, transport, endpoint, rttMs],
      punched,
    );
    return;
  }
  const { name } = await daemon.call('contacts.show', { to: route.conversation });
  out.line(threadAndChip(route.route, out.utf8), routeLine(route.route, name));
  out.line(whoSees(route.route, name));
  // Echo is on this computer: no policy decides how it is reached.
  if (route.route !== 'local') {
    out.line((POLICY_LINES[route.policy] ?? route.policy).replace('{name}', () => name));
  }
  if (route.asking !== undefined) out.line(ASKING[route.asking] ?? route.asking);
  const facts = [
    route.transport === undefined ? [] : [`over ${route.transport.toUpperCase()}`],
    route.endpoint === undefined ? [] : [`to ${route.endpoint}`],
    route.rttMs === undefined ? [] : [`${Math.round(route.rttMs)} ms there and back`],
  ].flat();
  if (facts.length > 0) out.line(facts.join(', '));
}
