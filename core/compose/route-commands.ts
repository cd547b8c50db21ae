/**
 * Commands of routes: how a conversation goes now, by which policies, and choosing another one.
 * @module
 */
import type { Policy } from '../base/policy.ts';
import type { DocChange } from '../base/vault.ts';
import type { Command, CommandResult, RouteView } from '../commands.ts';
import { isLooser, shutsOut } from '../path/policy.ts';
import { withChange, type Contact } from '../people/contact.ts';
import { failure, vaultFailure } from './commands.ts';
import { failed } from './context.ts';
import type { Runtime } from './runtime.ts';
import type { Session } from './sessions.ts';

type Reply = (result: CommandResult) => void;

/** What became of a choice: it holds, and waits to be written; or it was refused. */
export type Choice =
  | {
      readonly ok: true;
      /** The documents that say so; none where nothing changes. */
      readonly docs: readonly DocChange[];
      /** The disk has not taken them: the policy of before holds again. */
      readonly undo: () => void;
    }
  | { readonly ok: false; readonly refused: CommandResult };

const UNCHANGED: Choice = { ok: true, docs: [], undo: () => undefined };

export function tellRoute(runtime: Runtime, contact: Contact, reply: Reply): void {
  reply({ ok: true, data: { type: 'route', route: routeOf(runtime, contact) } });
}

/**
 * Chooses our policy for a conversation. It holds at once: what it shuts is shut before the disk
 * has it, and the answer comes once the disk has it too (POL-7).
 */
export function setRoute(
  runtime: Runtime,
  contact: Contact,
  { looser, policy }: Extract<Command, { type: 'route-set' }>,
  reply: Reply,
): void {
  if (policy === contact.policy) return tellRoute(runtime, contact, reply);
  const choice = choosePolicy(runtime, contact, policy, looser);
  if (!choice.ok) return reply(choice.refused);
  const { docs, undo } = choice;
  runtime.context.vault({ op: 'put', docs }, (answer) => {
    if (!failed(answer)) return tellRoute(runtime, contact, reply);
    undo();
    reply(vaultFailure(answer.reason));
  });
}

/**
 * From now on this is our policy, where one is given; refused where it shows them more of our
 * address and no person agreed to that.
 * @param contact undefined for somebody new: nothing was chosen for them that could change.
 */
export function choosePolicy(
  runtime: Runtime,
  contact: Contact | undefined,
  policy: Policy | undefined,
  isAgreed = false,
): Choice {
  if (!contact || policy === undefined || policy === contact.policy) return UNCHANGED;
  const { policy: before, policyChanges } = contact;
  if (!isAgreed && isLooser(before, policy)) {
    return { ok: false, refused: failure('route-looser', { name: contact.name }) };
  }
  const { book, context } = runtime;
  const { now, random } = context;
  const isShut = shutsOut(before, policy);
  const change = { atMs: now.wallMs, by: 'us' as const, policy };
  contact.policy = policy;
  contact.policyChanges = withChange(policyChanges, change);
  const gates = isShut ? book.renewGates(['direct'], random, context.soundMs) : [];
  runtime.followPolicy(contact);
  const undo = (): void => {
    Object.assign(contact, { policy: before, policyChanges });
    runtime.followPolicy(contact);
  };
  return { ok: true, docs: [book.contactDoc(contact), ...gates], undo };
}

/** For people added from now on; who is there already keeps theirs. */
export function setDefaultPolicy(
  { context, finding }: Runtime,
  policy: Policy,
  reply: Reply,
): void {
  context.profile = { ...context.profile, policy };
  finding.review();
  reply({ ok: true, data: { type: 'done' } });
}

function routeOf(runtime: Runtime, contact: Contact): RouteView {
  const { asking, book, routes, sessions } = runtime;
  const session = sessions.ofContact(contact);
  const route = session?.route ?? 'waiting';
  return {
    conversation: book.conversationText(contact),
    ...routes.rule(contact),
    route,
    transport: session?.transport,
    endpoint: session?.endpoint,
    peerSeesMyIp: routes.showsAddress(contact, route),
    rttMs: session?.rttMs,
    ...hopsOf(runtime, session, contact),
    isStrangers: session !== undefined && runtime.relays.isStrangers(session.at),
    punched: isPunched(runtime, session),
    changes: contact.policyChanges,
    asking: asking.step(contact),
  };
}

/** Does this session's path lead through openings that the routers of both made (PTH-19)? */
export function isPunched({ book, place }: Runtime, session: Session | undefined): boolean {
  if (session === undefined) return false;
  const device = session.device === undefined ? undefined : book.device(session.device);
  return place.isPunched(session.at, device?.record);
}

/**
 * Relays in the path. Who dialled put one of theirs before ours where they hide; of the other side
 * we know that by the policy which they told, as nothing else of what lies beyond our relay.
 */
function hopsOf(
  { relays }: Runtime,
  session: Session | undefined,
  { theirPolicy }: Contact,
): Pick<RouteView, 'hops' | 'hopsAtLeast'> {
  if (session?.at.transport !== 'circuit') return { hops: 0, hopsAtLeast: false };
  const { initiator } = session.up;
  const isTwo = initiator ? relays.isGuarded(session.at.via) : theirPolicy === 'hidden';
  return { hops: isTwo ? 2 : 1, hopsAtLeast: !initiator && !isTwo };
}
