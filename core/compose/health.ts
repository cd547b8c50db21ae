/**
 * Health: what the node knows of its own place in the network, and what is missing on the way to
 * one person. Facts only; screens have the words (api/checks.ts). Reading changes nothing.
 * @module
 */
import { hex } from '../base/bytes.ts';
import type { HealthView, LinkedBy, PathState, PathView, Reach } from '../commands.ts';
import { decodeRecord } from '../discovery/record.ts';
import type { DialFailure } from '../link/contract.ts';
import type { NatClass } from '../path/nat-class.ts';
import type { Contact } from '../people/contact.ts';
import { inviteId } from '../people/invite.ts';
import { parseInvite, type InviteText } from '../people/invite-text.ts';
import { SOURCES_MIN } from '../discovery/network-time.ts';
import type { Lookup } from '../discovery/presence.ts';
import type { RendezvousId } from '../discovery/presence-saved.ts';
import type { Attempt } from './connections.ts';
import type { Runtime } from './runtime.ts';
import { takesPart } from './watching.ts';
import { whyRelay } from './why-relay.ts';

export function healthOf(runtime: Runtime): HealthView {
  const { book, context, finding, listening, place, sessions } = runtime;
  const { now } = context;
  const { sources } = finding.time;
  const behindMs = finding.time.read(now) - now.wallMs;
  // An odd clock is told from what was agreed on before, if nobody is there to compare it with.
  const isKnown = sources >= SOURCES_MIN || (finding.time.isOdd(now) && behindMs !== 0);
  const clockBehindMs = isKnown ? behindMs : undefined;
  return {
    udpPort: listening.udpPort,
    tcpPort: listening.tcpPort,
    addresses: listening.addresses,
    reach: reachOf(runtime),
    mapping: runtime.mapping.verdict,
    nat: { v4: place.nat('v4'), v6: place.nat('v6') },
    fromOutside: sessions.fromOutside,
    byRelay: sessions.byRelay,
    asksByRelays: context.profile.dht && !takesPart(context, book),
    relays: runtime.relays.circuits.kept.views,
    isLookingForRelays: runtime.relays.strangers.isLooking,
    serving: runtime.relays.serving,
    trackers: runtime.tracking.state,
    clockSources: sources,
    clockBehindMs,
  };
}

function reachOf({ finding, listening, mapping, place, sessions }: Runtime): Reach {
  if (sessions.fromOutside > 0) return 'proven';
  if (mapping.verdict === 'open') return 'opened';
  const { external } = finding;
  if (!external) return 'unknown';
  if (listening.addresses.includes(external.host)) return 'open';
  return REACH[place.nat('v4')];
}

const REACH: Readonly<Record<NatClass, Reach>> = {
  open: 'open',
  independent: 'mapped',
  random: 'varied',
  unknown: 'unknown',
};

export function pathOf(runtime: Runtime, contact: Contact): PathView {
  const { book, connections, context, finding } = runtime;
  const attempts = connections.attempts(contact.identity);
  const invite = inviteOf(contact);
  const lookups = rendezvousOf(contact, invite).flatMap((id) => {
    const lookup = finding.presence.lookup(id);
    return lookup ? [lookup] : [];
  });
  const looked = lookups.flatMap(({ lookedAtMs }) => lookedAtMs ?? []);
  return {
    conversation: book.conversationText(contact),
    state: stateOf(runtime, contact, { attempts, invite, lookups }),
    link: linkedBy(runtime, contact),
    lookedAgoMs: looked.length === 0 ? undefined : context.now.monoMs - Math.max(...looked),
    failures: Math.max(0, ...attempts.map(({ failures }) => failures)),
  };
}

function linkedBy(runtime: Runtime, contact: Contact): LinkedBy | undefined {
  const { book, listening, place, sessions } = runtime;
  const session = sessions.ofContact(contact);
  if (!session || session.route === 'waiting') return undefined;
  const record = session.device === undefined ? undefined : book.device(session.device)?.record;
  const read = record && decodeRecord(record);
  const { route } = session;
  const ours = { policy: contact.policy, udpPort: listening.udpPort, nat: place.nat('v4') };
  const candidates = read?.ok ? read.record.candidates : undefined;
  const theirs = { policy: contact.theirPolicy, candidates };
  return {
    route,
    punched: place.isPunched(session.at, record),
    whyRelay: route === 'relay' ? whyRelay(ours, theirs) : undefined,
  };
}

interface Way {
  readonly attempts: readonly Attempt[];
  readonly invite: InviteText | undefined;
  readonly lookups: readonly Lookup[];
}

function stateOf(
  { context, routes, sessions }: Runtime,
  contact: Contact,
  { attempts, invite, lookups }: Way,
): PathState {
  if (contact.blocked) return 'blocked';
  if (sessions.ofContact(contact)) return 'linked';
  const held = routes.held(contact);
  if (held !== undefined) return held;
  const failed = attempts.find(({ failures, routes }) => failures > 0 && routes > 0);
  if (failed) return FAILURES[failed.failure ?? 'unreachable'];
  if (invite && contact.devices.length === 0 && context.soundMs >= invite.expiresMs) {
    return 'invite-expired';
  }
  if (attempts.some(({ dialling, routes }) => dialling || routes > 0)) return 'dialling';
  if (lookups.some(({ found }) => found)) return 'no-route';
  if (lookups.some(({ looking }) => looking)) return 'looking';
  const looked = lookups.some(({ lookedAtMs }) => lookedAtMs !== undefined);
  return looked ? 'no-record' : 'not-looked';
}

const FAILURES: Readonly<Record<DialFailure, PathState>> = {
  unreachable: 'no-answer',
  'no common version': 'other-version',
  duplicate: 'dialling',
  busy: 'busy',
};

/** Where they may have left word: under the pair secret, under the invite. */
function rendezvousOf(contact: Contact, invite: InviteText | undefined): RendezvousId[] {
  const ids: RendezvousId[] = contact.secret ? [{ peer: hex(contact.identity) }] : [];
  if (invite) ids.push({ invite: inviteId(invite.secret) });
  return ids;
}

function inviteOf(contact: Contact): InviteText | undefined {
  const read = contact.invite === undefined ? undefined : parseInvite(contact.invite);
  return read?.ok ? read.invite : undefined;
}
