/**
 * Watching: for whom records are left in the DHT and looked for, and by which way (POL-8). Who may
 * not see our address is asked for by relays alone; in this network alone, nobody is.
 * @module
 */
import { hex } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { asksBy } from '../path/policy.ts';
import type { Contact } from '../people/contact.ts';
import { inviteState } from '../people/invite.ts';
import type { Book } from './book.ts';
import type { Context } from './context.ts';
import { besides } from './our-records.ts';
import type { Runtime } from './runtime.ts';

/** Our policy towards a contact, or what is known of them, may be another one than before. */
export function watchPresence(runtime: Runtime, contact: Contact): void {
  const { book, context, finding, nearby, routes, sessions, tracking } = runtime;
  nearby.refresh();
  finding.review();
  tracking.review(contact);
  if (!contact.secret || !context.profile.dht || contact.local) return;
  const devices = book.devicesOf(contact).map(({ peer }) => peer.device);
  if (devices.length === 0) return; // asked by ID, and nobody knows the secret but us
  const peer = hex(contact.identity);
  const { now } = context;
  const { policy, secret } = contact;
  const silent = contact.blocked || routes.asksBy(contact) === undefined;
  const { presence } = finding;
  presence.setPeer(peer, { secret, devices, policy, silent }, now);
  if (sessions.ofContact(contact)) presence.linkUp(peer, now);
  else if (contact.besides && !silent) {
    presence.setPeer(besides(peer), { secret: contact.besides, devices, policy }, now);
    return finding.drain();
  }
  presence.removePeer(besides(peer), now);
  finding.drain();
}

/** A link with them has ended: they may have to be found again. */
export function watchLoss(runtime: Runtime, contact: Contact): void {
  const { context, finding, punching, tracking } = runtime;
  finding.presence.linkDown(hex(contact.identity), context.now);
  if (contact.besides) watchPresence(runtime, contact);
  finding.drain();
  punching.watch(contact);
  tracking.review(contact);
}

/**
 * Where those answer us over UDP to whom we are linked: contacts, and relays but those behind
 * another, which do not see our address. Who hides from somebody is not linked to them there.
 */
export function linkedAt({ relays, sessions }: Runtime): Endpoint[] {
  return [...sessions.answering, ...relays.circuits.answering];
}

/**
 * Do we take part in the DHT ourselves? Who hides by default, and shows nobody their address, does
 * not: there is nothing to ask, and those who are asked would see them (DSC-34).
 */
export function takesPart({ profile, soundMs }: Context, book: Book): boolean {
  if (!profile.dht || profile.policy !== 'hidden') return profile.dht;
  if (profile.relay?.serve === 'public') return true;
  const shown = [
    ...[...book.contacts.values()].filter(({ blocked, local }) => !blocked && !local),
    ...[...book.invites.values()].filter((invite) => inviteState(invite, soundMs) === 'open'),
  ];
  return shown.some(({ policy }) => asksBy(policy) === 'ourselves');
}
