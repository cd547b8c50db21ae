import { describe, expect, test } from 'vitest';
import { hex } from './base/bytes.ts';
import type { ContactView, RequestView } from './commands.ts';
import { data, World, type Person } from './compose/testing/world.ts';

const MINUTE_MS = 60_000;

/** Enough nodes for a DHT, an owner whose door is open, and somebody who has their ID. */
function town(): { world: World; owner: Person; asker: Person; id: string } {
  const world = new World();
  const [owner, asker] = world.town(5, ['Olga', 'Ana']);
  const id = data(owner.ask({ type: 'status' }), 'status').status.id;
  return { world, owner, asker, id };
}

function openDoor(owner: Person): void {
  data(owner.ask({ type: 'door-open', anyway: true }), 'door');
  owner.world.run(20_000);
}

function requests(owner: Person): readonly RequestView[] {
  return data(owner.ask({ type: 'request-list', look: false }), 'requests').requests;
}

/** Looks at the door by hand, and lets the answers come. */
function look(owner: Person): readonly RequestView[] {
  owner.command({ type: 'request-list', look: true });
  owner.world.run(15_000);
  return requests(owner);
}

/** Olga has let Ana in under Hidden IP; `who` is their conversation. */
function letInHidden(): ReturnType<typeof town> & { readonly who: string } {
  const made = town();
  const { world, owner, asker, id } = made;
  openDoor(owner);
  data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
  world.run(30_000);
  const { conversation: who } = look(owner)[0]!;
  data(owner.ask({ type: 'request-accept', who, policy: 'hidden' }), 'contact');
  return { ...made, who };
}

function contact(person: Person, to: string): ContactView {
  return data(person.ask({ type: 'contact-show', to }), 'contact').contact;
}

function policyOf(person: Person, to: string): string {
  return data(person.ask({ type: 'route-show', to }), 'route').route.policy;
}

describe('by the ID alone', () => {
  test('[DOR-12, DOR-13, DOR-17] a knock is read, accepted, and both write', () => {
    const { world, owner, asker, id } = town();
    openDoor(owner);
    const hello = 'We met at the fair';
    data(asker.ask({ type: 'contact-add', text: id, anyway: true, hello }), 'contact');
    world.run(30_000);
    expect(contact(asker, id)).toMatchObject({ state: 'added', asking: 'placed' });
    expect(look(owner)).toMatchObject([{ name: 'Ana', text: hello, knownName: false }]);
    expect(owner.texts()).toEqual([]);
    data(asker.say(id, 'and a second line'), 'sent');
    const { conversation } = look(owner)[0]!;
    const accepted = data(owner.ask({ type: 'request-accept', who: conversation }), 'contact');
    expect(accepted.contact).toMatchObject({ name: 'Ana' });
    world.run(60_000);
    data(owner.say('Ana', 'I remember'), 'sent');
    world.run(30_000);
    expect(owner.texts()).toEqual([hello, 'and a second line', 'I remember']);
    expect(asker.texts()).toEqual(owner.texts());
    expect(contact(asker, id)).toMatchObject({ state: 'connected', asking: undefined });
    expect(requests(owner)).toEqual([]);
  });

  test('[DOR-17] who is let in under Hidden IP is shown no address of ours', () => {
    const { world, owner, asker, id } = letInHidden();
    const rule = data(owner.ask({ type: 'route-show', to: 'Ana' }), 'route').route;
    expect(rule).toMatchObject({ policy: 'hidden', held: 'no-relay', route: 'waiting' });
    world.run(10 * MINUTE_MS);
    expect(contact(owner, 'Ana')).toMatchObject({ online: false });
    expect(contact(asker, id)).toMatchObject({ online: false });
  });

  test('[DOR-11] without anybody looking, a knock is there within 20 minutes', () => {
    const { world, owner, asker, id } = town();
    openDoor(owner);
    world.run(7 * MINUTE_MS);
    data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    world.run(21 * MINUTE_MS);
    expect(requests(owner)).toHaveLength(1);
  });

  test('[DOR-3] nothing leaves before a person agrees, on either side', () => {
    const { world, owner, asker, id } = town();
    const refused = owner.ask({ type: 'door-open', anyway: false });
    expect(refused).toMatchObject({ ok: false, error: { code: 'shows-address' } });
    expect(data(owner.ask({ type: 'door-status' }), 'door').door.open).toBe(false);
    const counts = (person: Person): number[] => {
      const stats = person.node!.stats();
      return [stats['door.underWay']!, stats['door.looks']!, stats['asking.knockers']!];
    };
    data(asker.ask({ type: 'contact-add', text: id }), 'contact');
    const asked = (person: Person): number => person.node!.stats()['dht.operations']!;
    world.run(5 * MINUTE_MS);
    expect([counts(owner), counts(asker)]).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect([asked(owner), asked(asker)]).toEqual([0, 0]);
    expect(contact(asker, id)).toMatchObject({ asking: 'held' });
    openDoor(owner);
    expect(look(owner)).toEqual([]);
    data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    world.run(30_000);
    expect(look(owner)).toHaveLength(1);
  });

  test('[DOR-6] a door that is shut puts and asks nothing from that moment on', () => {
    const { world, owner } = town();
    openDoor(owner);
    expect(data(owner.ask({ type: 'door-status' }), 'door').door).toMatchObject({ open: true });
    owner.command({ type: 'request-list', look: true });
    data(owner.ask({ type: 'door-shut' }), 'door');
    const before = owner.node!.stats();
    world.run(70 * MINUTE_MS);
    const after = owner.node!.stats();
    expect(after['door.underWay']).toBe(0);
    expect(after['door.looks']).toBe(before['door.looks']);
    expect(data(owner.ask({ type: 'door-status' }), 'door').door.open).toBe(false);
  });

  test('[DOR-17, POL-7, CON-11] a contact who knocks keeps our policy, and is no new ID', () => {
    const { world, owner, asker, id, who } = letInHidden();
    data(asker.ask({ type: 'contact-remove', to: id }), 'done');
    data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    world.run(30_000);
    expect(look(owner)).toMatchObject([{ name: 'Ana', knownName: false }]);
    const looser = owner.ask({ type: 'request-accept', who, policy: 'auto' });
    expect(looser).toMatchObject({ ok: false, error: { code: 'route-looser' } });
    expect(requests(owner)).toHaveLength(1);
    data(owner.ask({ type: 'request-accept', who }), 'contact');
    expect(policyOf(owner, 'Ana')).toBe('hidden');
    world.run(10 * MINUTE_MS);
    expect(contact(asker, id)).toMatchObject({ online: false });
  });

  for (const anyway of [true, false]) {
    const when = anyway ? 'with the yes' : 'without a yes';
    test(`[DOR-18, DOR-3] a policy chosen ${when} for who is asked outlives a restart`, () => {
      const { world, asker, id } = town();
      data(asker.ask({ type: 'contact-add', text: id }), 'contact');
      data(asker.ask({ type: 'contact-add', text: id, policy: 'hidden', anyway }), 'contact');
      asker.kill();
      asker.start();
      world.run(30_000);
      expect(policyOf(asker, id)).toBe('hidden');
      expect(asker.node!.stats()['dht.operations']).toBe(0);
    });
  }

  test('[DOR-13] who gave no answer for a week is asked again when a person adds them again', () => {
    const { world, asker, id } = town();
    data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    asker.kill();
    asker.wallAheadMs = 8 * 24 * 60 * MINUTE_MS;
    asker.start();
    world.run(1_000);
    expect(contact(asker, id).asking).toBe('over');
    data(asker.ask({ type: 'contact-add', text: id }), 'contact');
    expect(contact(asker, id).asking).toBe('seeking');
  });

  test('[DOR-17] declined is silent and does not come back; blocked never shows', () => {
    const { world, owner, asker, id } = town();
    openDoor(owner);
    data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    world.run(30_000);
    const [request] = look(owner);
    data(owner.ask({ type: 'request-decline', who: request!.name! }), 'done');
    world.run(70 * MINUTE_MS);
    expect(look(owner)).toEqual([]);
    expect(contact(asker, id)).toMatchObject({ asking: 'placed', state: 'added' });
    const other = world.person('Bo', true);
    other.start();
    world.run(20_000);
    data(other.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    world.run(30_000);
    expect(look(owner)).toMatchObject([{ name: 'Bo' }]);
    data(owner.ask({ type: 'request-block', who: 'Bo' }), 'contact');
    world.run(20 * MINUTE_MS);
    expect(look(owner)).toEqual([]);
    expect(contact(owner, 'Bo').state).toBe('blocked');
  });

  /** Ana asks Olga at the door, who does not decide, adds her by an invite, and is linked. */
  function askedAndMet(): ReturnType<typeof town> {
    const made = town();
    const { world, owner, asker, id } = made;
    openDoor(owner);
    data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    world.run(30_000);
    expect(look(owner)).toHaveLength(1);
    const { link } = data(
      asker.ask({ type: 'invite-new', expiresInMs: 60 * MINUTE_MS, reusable: false }),
      'invite',
    ).invite;
    data(owner.ask({ type: 'contact-add', text: link!, name: 'Ana' }), 'contact');
    world.run(60_000);
    expect(contact(owner, 'Ana')).toMatchObject({ online: true, state: 'connected' });
    expect(requests(owner)).toHaveLength(1);
    return made;
  }

  test('[DOR-17, CON-6, CON-8] ⚑ a contact blocked for a request is shut out at once', () => {
    const { world, owner, asker, id } = askedAndMet();
    const gates = (): string[] => {
      const kept = owner.vault.docs().filter(({ space }) => space === 'gate');
      return kept.map(({ value }) => hex(value));
    };
    const before = gates();
    data(owner.ask({ type: 'request-block', who: 'Ana' }), 'contact');
    expect(contact(owner, 'Ana')).toMatchObject({ online: false, state: 'blocked' });
    expect(gates()).toHaveLength(2);
    expect(gates().filter((gate) => before.includes(gate))).toEqual([]);
    expect(requests(owner)).toEqual([]);
    data(asker.say(id, 'do you read me'), 'sent');
    const puts = (): number => owner.node!.stats()['presence.puts']!;
    const putsBefore = puts();
    world.run(65 * MINUTE_MS);
    expect(owner.texts()).not.toContain('do you read me');
    expect(puts()).toBe(putsBefore);
  });

  test('[DOR-17, CON-8] what the disk refuses of a block is undone, and the request waits', () => {
    const { world, owner } = askedAndMet();
    owner.disk = ({ op }) => (op === 'put' ? { op: 'failed', reason: 'no space' } : undefined);
    const refused = owner.ask({ type: 'request-block', who: 'Ana' });
    expect(refused).toMatchObject({ ok: false, error: { code: 'no-space' } });
    owner.disk = () => undefined;
    expect(requests(owner)).toHaveLength(1);
    world.run(60_000);
    expect(contact(owner, 'Ana')).toMatchObject({ online: true, state: 'connected' });
  });

  test('[DOR-10] a knock that the disk could not open is read at the next look', () => {
    const { world, owner, asker, id } = town();
    openDoor(owner);
    data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    world.run(30_000);
    owner.disk = ({ op }) => (op === 'peek' ? { op: 'failed', reason: 'disk error' } : undefined);
    expect(look(owner)).toEqual([]);
    owner.disk = () => undefined;
    expect(look(owner)).toMatchObject([{ name: 'Ana' }]);
  });

  test('[DOR-17, CON-8] a stranger is blocked as a contact, or where the disk refuses not at all', () => {
    const { world, owner, asker, id } = town();
    openDoor(owner);
    data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    world.run(30_000);
    expect(look(owner)).toHaveLength(1);
    owner.disk = ({ op }) => (op === 'put' ? { op: 'failed', reason: 'no space' } : undefined);
    const refused = owner.ask({ type: 'request-block', who: 'Ana' });
    expect(refused).toMatchObject({ ok: false, error: { code: 'no-space' } });
    owner.disk = () => undefined;
    expect(requests(owner)).toHaveLength(1);
    expect(data(owner.ask({ type: 'contact-list' }), 'contacts').contacts).toEqual([]);
    data(owner.ask({ type: 'request-block', who: 'Ana' }), 'contact');
    owner.kill();
    owner.start();
    world.run(30_000);
    expect(look(owner)).toEqual([]);
    expect(contact(owner, 'Ana')).toMatchObject({ online: false, state: 'blocked' });
  });

  test('[DOR-17] the request of a contact who is blocked in the chat is gone, restarts or not', () => {
    const { world, owner } = askedAndMet();
    owner.notices = [];
    data(owner.ask({ type: 'contact-block', to: 'Ana', blocked: true }), 'done');
    expect(requests(owner)).toEqual([]);
    expect(owner.notices).toContainEqual({ topic: 'requests', waiting: 0 });
    const accepted = owner.ask({ type: 'request-accept', who: 'Ana' });
    expect(accepted).toMatchObject({ ok: false, error: { code: 'not-found' } });
    owner.kill();
    owner.start();
    world.run(30_000);
    expect(requests(owner)).toEqual([]);
  });

  test('[DOR-16, DOR-18] both sides go on after they were killed at any point', () => {
    const { world, owner, asker, id } = town();
    openDoor(owner);
    data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    world.run(2_000);
    for (const person of [asker, owner]) {
      person.kill();
      person.start();
      world.run(30_000);
    }
    expect(look(owner)).toHaveLength(1);
    owner.kill();
    owner.start();
    world.run(30_000);
    expect(requests(owner)).toHaveLength(1);
    expect(owner.node!.stats()['door.savedDays']).toBe(1);
    data(owner.ask({ type: 'request-accept', who: 'Ana' }), 'contact');
    owner.kill();
    owner.start();
    world.run(2 * MINUTE_MS);
    expect(contact(asker, id).state).toBe('connected');
    expect(owner.texts()).toEqual(['Hello']);
  });

  test('[DOR-19] two who ask each other meet without a decision', () => {
    const { world, owner, asker, id } = town();
    openDoor(owner);
    openDoor(asker);
    const other = data(asker.ask({ type: 'status' }), 'status').status.id;
    data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    data(owner.ask({ type: 'contact-add', text: other, anyway: true }), 'contact');
    world.run(60_000);
    look(owner);
    look(asker);
    world.run(3 * MINUTE_MS);
    expect(contact(asker, id)).toMatchObject({ state: 'connected', asking: undefined });
    expect(contact(owner, other)).toMatchObject({ state: 'connected', asking: undefined });
    expect([requests(owner), requests(asker)]).toEqual([[], []]);
  });

  for (const shuts of ['owner', 'asker'] as const) {
    test(`[DOR-19] two who ask each other meet though the ${shuts} shuts the door unread`, () => {
      const { world, owner, asker, id } = town();
      openDoor(owner);
      openDoor(asker);
      const other = data(asker.ask({ type: 'status' }), 'status').status.id;
      data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
      data(owner.ask({ type: 'contact-add', text: other, anyway: true }), 'contact');
      world.run(30_000);
      expect(contact(owner, other).asking).toBe('placed');
      expect(contact(asker, id).asking).toBe('placed');
      const [shut, open] = shuts === 'owner' ? [owner, asker] : [asker, owner];
      data(shut.ask({ type: 'door-shut' }), 'door');
      look(open);
      // Killed at a bad moment, it still knows both secrets.
      open.kill();
      open.start();
      world.run(5 * MINUTE_MS);
      expect(contact(owner, other)).toMatchObject({ state: 'connected', asking: undefined });
      expect(contact(asker, id)).toMatchObject({ state: 'connected', asking: undefined });
      // One secret is left: a new address is found by it alone.
      expect([owner, asker].map((person) => person.node!.stats()['presence.rendezvous'])).toEqual([
        1, 1,
      ]);
      owner.kill();
      asker.kill();
      [owner.port, asker.port] = [31_001, 31_002];
      owner.start();
      asker.start();
      world.run(5 * MINUTE_MS);
      expect(contact(owner, other).online).toBe(true);
    });
  }

  test('[DOR-2, DOR-13] a knock and a door outlive midnight', () => {
    const { world, owner, asker, id } = town();
    const dayMs = 24 * 60 * MINUTE_MS;
    const wallMs = 1.7e12 + world.nowMs;
    world.run(dayMs - (wallMs % dayMs) - 10 * MINUTE_MS);
    openDoor(owner);
    data(asker.ask({ type: 'contact-add', text: id, anyway: true }), 'contact');
    world.run(20 * MINUTE_MS);
    expect(look(owner)).toHaveLength(1);
    world.run(65 * MINUTE_MS);
    expect(contact(asker, id).asking).toBe('placed');
    const { door } = data(owner.ask({ type: 'door-status' }), 'door');
    expect(door.slotsTaken).toBeGreaterThan(0);
  });
});
