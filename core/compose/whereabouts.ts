/**
 * Whereabouts: where devices are said to be, and which of that may be tried now (POL-4, PTH-2).
 * What may be goes by the policies and by where we are. So what was said is kept: when one of these
 * is another, it is judged anew, and nobody has to say it again.
 *
 *   record, hello, heard nearby --> said --policies, our place--> routes --> connections.ts
 *   named by trackers -------------------------'
 *
 * @module
 */
import { equal } from '../base/bytes.ts';
import { decodeRecord, type PresenceRecord } from '../discovery/record.ts';
import type { GateKey, LinkTarget } from '../link/contract.ts';
import { sameRoutes, withNamed, type OwnAddresses, type Route } from '../path/candidates.ts';
import type { Contact } from '../people/contact.ts';
import type { KnownDevice } from './book.ts';
import type { Places } from './relays.ts';
import type { Runtime } from './runtime.ts';

interface Said {
  readonly target: LinkTarget;
  readonly places: Places;
  /** What of that may be tried, as it was judged last. */
  routes: readonly Route[];
}

export class Whereabouts {
  /** By hex of the device's signing key: of those who have a dialer, and as long as they do. */
  readonly #said = new Map<string, Said>();
  /** Where we were when all of them were judged. */
  #judgedAt = '';

  constructor(
    private readonly runtime: Pick<
      Runtime,
      'book' | 'connections' | 'nearby' | 'relays' | 'routes' | 'sessions' | 'tracking'
    >,
    private readonly own: () => OwnAddresses,
  ) {}

  get size(): number {
    return this.#said.size;
  }

  /** Where the devices of a contact were when they told it last, as the book has it. */
  takeUp(contact: Contact): void {
    for (const device of this.runtime.book.devicesOf(contact)) {
      const read = device.record && decodeRecord(device.record);
      if (read?.ok) this.reach(device, read.record);
    }
  }

  reach(known: KnownDevice, record: PresenceRecord): void {
    const { gate, majors } = record;
    if (!gate) return;
    const { noise, peer } = known;
    const key: GateKey = { id: gate.kind, kind: gate.kind, secret: gate.secret };
    const { device, identity } = peer;
    this.set(known.key, { identity, device, noise, versions: majors, gate: key }, record);
  }

  /** A device is said to be there; before the first meeting the book does not know it. */
  set(device: string, target: LinkTarget, { candidates, relays }: Places): void {
    const said = { target, places: { candidates, ...(relays && { relays }) }, routes: [] };
    this.#said.set(device, said);
    this.#try(device, said, this.#allowed(device, said));
  }

  /** Our policy towards this contact is another one. */
  review({ identity }: Contact): void {
    for (const [device, said] of this.#said) {
      if (!equal(said.target.identity, identity)) continue;
      this.#try(device, said, this.#allowed(device, said));
    }
  }

  /** We may be elsewhere by now, or may have been seen here at last. */
  handlePlace(): void {
    const { external, external6, local, networks } = this.own();
    const at = [...(networks ?? local), external?.host, external6?.host].join();
    if (at === this.#judgedAt) return;
    this.#judgedAt = at;
    this.handleNearby();
  }

  /** Who was heard in a network may not be any more. For most of many contacts nothing changes. */
  handleNearby(): void {
    for (const [device, said] of this.#said) {
      const routes = this.#allowed(device, said);
      if (!sameRoutes(routes, said.routes)) this.#try(device, said, routes);
    }
  }

  forget({ identity }: Contact): void {
    this.runtime.connections.forget(identity);
    for (const [device, { target }] of this.#said) {
      if (equal(target.identity, identity)) this.#said.delete(device);
    }
  }

  #allowed(device: string, { places, target }: Said): readonly Route[] {
    const { book, nearby, relays, routes, tracking } = this.runtime;
    const contact = book.contactOf(target.identity);
    const all = relays.placesOf(places, contact?.policy === 'hidden');
    const told = routes.dialable(contact, all, nearby.routes(device));
    // Apart: what trackers say must not make us believe anything else of what was told.
    return withNamed(routes.dialable(contact, tracking.placesOf(contact), []), told);
  }

  #try(device: string, said: Said, routes: readonly Route[]): void {
    said.routes = routes;
    const session = this.runtime.sessions.of(device);
    const linked = session && {
      link: session.link,
      initiator: session.up.initiator,
      route: session.at,
    };
    this.runtime.connections.setTarget(device, said.target, routes, linked);
  }
}
