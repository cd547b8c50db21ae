import { describe, expect, test } from 'vitest';
import { hex } from './base/bytes.ts';
import { CONTACTS_MAX } from './base/limits.ts';
import { Prng } from './base/prng.ts';
import type { VaultReply, VaultRequest } from './base/vault.ts';
import type { CommandResult, PathView } from './commands.ts';
import { worldWithHelpers } from './compose/testing/homes.ts';
import { data, World, type Person } from './compose/testing/world.ts';
import { LOAD_AGAIN_MS } from './node.ts';
import { encodeContact, newContact } from './people/contact.ts';

const INVITE = { type: 'invite-new', expiresInMs: 86_400_000, reusable: false } as const;

/** Ana invites Bo; both know each other afterwards. */
function pair(): { world: World; ana: Person; bo: Person } {
  const world = new World();
  const [ana, bo] = [world.person('Ana'), world.person('Bo')];
  ana.start();
  bo.start();
  world.run();
  meet(world, ana, bo);
  return { world, ana, bo };
}

/** Bo is given an invite of Ana's, and told where she is. */
function meet(world: World, ana: Person, bo: Person): void {
  const made = data(ana.ask(INVITE), 'invite');
  const text = made.invite.link!;
  data(bo.ask({ type: 'contact-add', text, name: 'Ana', hint: made.hint }), 'contact');
  world.run(2_000);
}

describe('two people', () => {
  test('[CON-7] meet by an invite, share a secret, and write both ways', () => {
    const { world, ana, bo } = pair();
    const seen = data(ana.ask({ type: 'contact-list' }), 'contacts').contacts;
    expect(seen).toMatchObject([{ name: 'Bo', state: 'connected', online: true, waiting: 0 }]);
    data(bo.say('Ana', 'hello Ana'), 'sent');
    data(ana.say('bo', 'hello Bo!'), 'sent');
    world.run(1_000);
    expect(ana.texts()).toEqual(['hello Ana', 'hello Bo!']);
    expect(bo.texts()).toEqual(['hello Ana', 'hello Bo!']);
    expect(data(bo.ask({ type: 'contact-show', to: 'Ana' }), 'contact').contact.waiting).toBe(0);
  });

  test('write before they have met: the message waits and goes out with the first link', () => {
    const world = new World();
    const [ana, bo] = [world.person('Ana'), world.person('Bo')];
    ana.start();
    bo.start();
    world.run();
    const made = data(ana.ask(INVITE), 'invite');
    ana.kill();
    const text = made.invite.link!;
    data(bo.ask({ type: 'contact-add', text, name: 'Ana', hint: made.hint }), 'contact');
    data(bo.say('Ana', 'early'), 'sent');
    world.run(5_000);
    expect(data(bo.ask({ type: 'status' }), 'status').status.waiting).toBe(1);
    ana.start();
    world.run(60_000);
    expect(ana.texts()).toEqual(['early']);
    expect(data(bo.ask({ type: 'status' }), 'status').status.waiting).toBe(0);
  });

  test('[DEL-4] what was written to somebody away arrives when they are back, once', () => {
    const { world, ana, bo } = pair();
    ana.kill();
    for (const text of ['one', 'two!', 'three']) data(bo.say('Ana', text), 'sent');
    bo.kill();
    bo.start();
    world.run(10_000);
    ana.start();
    world.run(120_000);
    expect(ana.texts()).toEqual(['one', 'two!', 'three']);
    data(ana.say('Bo', 'back'), 'sent');
    world.run(10_000);
    expect(bo.texts()).toEqual(['one', 'two!', 'three', 'back']);
  });

  test('the same client id twice is the same message', () => {
    const { world, ana, bo } = pair();
    const id = new Prng(99).bytes(16);
    const first = data(bo.say('Ana', 'once', id), 'sent');
    const again = data(bo.say('Ana', 'once', id), 'sent');
    expect([again.duplicate, again.event]).toEqual([true, first.event]);
    world.run(1_000);
    expect(ana.texts()).toEqual(['once']);
  });

  test('[CON-17] nobody comes by an invite to whoever has as many contacts as there may be', () => {
    const world = new World();
    const [ana, bo] = [world.person('Ana'), world.person('Bo')];
    ana.start();
    bo.start();
    world.run();
    ana.kill();
    const { bytes } = new Prng(17);
    const docs = Array.from({ length: CONTACTS_MAX }, (_, i) => {
      const contact = newContact(bytes(32), `Guest ${i}`, 'auto');
      return { space: 'contact' as const, key: contact.identity, value: encodeContact(contact) };
    });
    ana.vault.handle({ op: 'put', docs });
    ana.start();
    meet(world, ana, bo);
    expect(data(ana.ask({ type: 'status' }), 'status').status.contacts).toBe(CONTACTS_MAX);
    const [made] = data(ana.ask({ type: 'invite-list' }), 'invites').invites;
    expect(made).toMatchObject({ state: 'open', usedBy: [] });
    const wish = { type: 'invite-new', expiresInMs: 60_000, reusable: false } as const;
    const { link } = data(bo.ask(wish), 'invite').invite;
    const error = { code: 'contacts-full', detail: { most: CONTACTS_MAX } };
    expect(ana.ask({ type: 'contact-add', text: link! })).toEqual({ ok: false, error });
  });

  test('[CON-5] a one-time invite admits nobody else', () => {
    const { world, ana } = pair();
    const eve = world.person('Eve');
    eve.start();
    world.run();
    const [made] = data(ana.ask({ type: 'invite-list' }), 'invites').invites;
    expect(made).toMatchObject({ state: 'used', link: undefined, usedBy: ['Bo'] });
  });

  test('[CON-3] two people of one name are the same two after every hello', () => {
    const { world, ana, bo } = pair();
    const other = world.person('Bo');
    other.start();
    world.run();
    meet(world, ana, other);
    const names = (): (string | undefined)[] => {
      const { contacts } = data(ana.ask({ type: 'contact-list' }), 'contacts');
      const ids = [bo, other].map((one) => data(one.ask({ type: 'status' }), 'status').status.id);
      return ids.map((id) => contacts.find((contact) => contact.id === id)?.name);
    };
    expect(names()).toEqual(['Bo', 'Bo 2']);
    for (let round = 0; round < 2; round++) {
      for (const one of [other, bo]) {
        one.kill();
        one.start();
        world.run(60_000);
      }
      expect(names()).toEqual(['Bo', 'Bo 2']);
    }
  });

  test('[CON-8] a contact removed while the disk takes their hello stays removed', () => {
    const { world, ana, bo } = pair();
    bo.kill();
    world.run(40_000);
    const waiting: (() => void)[] = [];
    ana.disk = (request) => {
      const docs = request.op === 'put' ? request.docs : [];
      return docs.some(({ space }) => space === 'contact') && waiting.push(() => undefined) === 1
        ? 'wait'
        : undefined;
    };
    bo.start();
    world.run(5_000);
    expect(waiting.length).toBeGreaterThan(0);
    data(ana.ask({ type: 'contact-remove', to: 'Bo' }), 'done');
    ana.answerLate();
    world.run(5_000);
    expect(data(ana.ask({ type: 'contact-list' }), 'contacts').contacts).toEqual([]);
  });

  test('[CON-7] where one side lost the first meeting, a new invite mends it', () => {
    const world = new World();
    const [ana, bo] = [world.person('Ana'), world.person('Bo')];
    ana.start();
    bo.start();
    world.run();
    const lost = loseMeetings(ana);
    meet(world, ana, bo);
    expect(lost.length).toBeGreaterThan(0);
    const [known] = data(bo.ask({ type: 'contact-list' }), 'contacts').contacts;
    expect(known).toMatchObject({ name: 'Ana', state: 'connected' });
    ana.kill();
    ana.disk = () => undefined;
    bo.kill();
    ana.start();
    bo.start();
    world.run(5_000);
    meet(world, ana, bo);
    data(bo.say('Ana', 'do you know me?'), 'sent');
    data(ana.say('Bo', 'now I do'), 'sent');
    world.run(1_000);
    expect(bo.texts()).toEqual(ana.texts());
    expect(bo.texts()).toHaveLength(2);
  });

  describe('[PTH-10] wake and moves', () => {
    test('who slept finds the other at once, though all timers stood still', () => {
      const { world, ana, bo } = pair();
      // What Bo's radio says while the lid is closed reaches nobody.
      bo.cutOff = true;
      world.run(100_000);
      bo.cutOff = false;
      const dueMs = bo.wakeAtMs()! - world.nowMs;
      expect(dueMs).toBeGreaterThan(100);
      bo.wallAheadMs += 8 * 3_600_000;
      bo.look();
      data(bo.say('Ana', 'good morning'), 'sent');
      world.run(100);
      expect(ana.texts()).toEqual(['good morning']);
    });

    test('who has other addresses is found again by those who cannot find them', () => {
      for (const mover of [0, 1]) {
        const { world, ana, bo } = pair();
        const [moved, other] = mover === 0 ? [ana, bo] : [bo, ana];
        moved.move(30_000);
        world.run(1_000);
        data(other.say(moved.name, 'there you are'), 'sent');
        world.run(100);
        expect(moved.texts()).toEqual(['there you are']);
      }
    });
  });

  test('[CON-8] a blocked contact is linked no more and cannot write', () => {
    const { world, ana, bo } = pair();
    data(ana.ask({ type: 'contact-block', to: 'Bo', blocked: true }), 'done');
    world.run(5_000);
    data(bo.say('Ana', 'are you there?'), 'sent');
    world.run(400_000);
    expect(ana.texts()).toEqual([]);
    expect(data(bo.ask({ type: 'contact-show', to: 'Ana' }), 'contact').contact.online).toBe(false);
    expect(ana.say('Bo', 'no')).toMatchObject({ ok: false, error: { code: 'blocked' } });
    data(ana.ask({ type: 'contact-block', to: 'Bo', blocked: false }), 'done');
    world.run(400_000);
    expect(ana.texts()).toEqual(['are you there?']);
  });

  test('[CON-10] see one safety number; who compared it is marked until unmarked', () => {
    const { world, ana, bo } = pair();
    const verify = { type: 'contact-verify' as const, to: 'Ana' };
    const mark = (): number | undefined =>
      data(bo.ask({ type: 'contact-show', to: 'Ana' }), 'contact').contact.verifiedMs;
    const { number } = data(bo.ask(verify), 'safety-number');
    expect(data(ana.ask({ ...verify, to: 'Bo' }), 'safety-number').number).toBe(number);
    expect(mark()).toBeUndefined();
    const other = (number.startsWith('0') ? '1' : '0') + number.slice(1);
    const wrong = bo.ask({ ...verify, digits: other, mark: true });
    expect(wrong).toMatchObject({ ok: false, error: { code: 'numbers-differ' } });
    const short = bo.ask({ ...verify, digits: number.slice(1), mark: true });
    expect(short).toMatchObject({ error: { code: 'bad-input' } });
    expect(mark()).toBeUndefined();
    const digits = number.match(/.{5}/g)!.join(' ');
    const atMs = data(bo.ask({ ...verify, digits, mark: true }), 'safety-number').contact;
    expect(atMs.verifiedMs).toBe(1.7e12 + world.nowMs);
    world.run(5_000);
    // A mark that stands keeps its time; digits that differ leave it; it outlives a restart.
    data(bo.ask({ ...verify, mark: true }), 'safety-number');
    bo.ask({ ...verify, digits: other });
    bo.kill();
    bo.start();
    world.run(20_000);
    data(bo.ask({ type: 'contact-rename', to: 'Ana', name: 'Annie' }), 'contact');
    const shown = data(bo.ask({ type: 'contact-show', to: 'Annie' }), 'contact').contact;
    expect(shown.verifiedMs).toBe(atMs.verifiedMs);
    const unmark = { ...verify, to: 'Annie', mark: false };
    expect(data(bo.ask(unmark), 'safety-number').contact.verifiedMs).toBeUndefined();
    expect(data(ana.ask({ type: 'contact-list' }), 'contacts').contacts[0]!.verifiedMs).toBe(
      undefined,
    );
  });

  test('[CON-10] there is none before the first meeting, and a full disk marks nobody', () => {
    const { ana, bo } = pair();
    const made = data(ana.ask(INVITE), 'invite');
    ana.kill();
    const cy = ana.world.person('Cy');
    cy.start();
    cy.world.run();
    data(cy.ask({ type: 'contact-add', text: made.invite.link!, name: 'Ana' }), 'contact');
    const verify = { type: 'contact-verify' as const, to: 'Ana' };
    expect(cy.ask(verify)).toMatchObject({ error: { code: 'not-met-yet' } });
    bo.disk = ({ op }) => (op === 'put' ? { op: 'failed', reason: 'no space' } : undefined);
    expect(bo.ask({ ...verify, mark: true })).toMatchObject({ error: { code: 'no-space' } });
    const { contact } = data(bo.ask({ type: 'contact-show', to: 'Ana' }), 'contact');
    expect(contact.verifiedMs).toBeUndefined();
  });

  test('[API-22] what is missing on the way to somebody has a name', () => {
    const { world, ana, bo } = pair();
    const way = (to: string, want = false): PathView =>
      data(bo.ask({ type: 'path-show', to, want }), 'path').path;
    expect(way('Ana')).toMatchObject({ state: 'linked', failures: 0 });
    const { health } = data(ana.ask({ type: 'health' }), 'health');
    expect(health).toMatchObject({ udpPort: ana.port, tcpPort: ana.port, clockSources: 1 });
    expect([health.reach, health.clockBehindMs]).toEqual(['unknown', undefined]);
    ana.kill();
    world.run(90_000); // a link waits for a new path for a while
    expect(way('Ana').state).toBe('no-answer');
    expect(way('Ana').failures).toBeGreaterThan(2);
    ana.start();
    expect(way('Ana', true).state).toBe('no-answer');
    world.run(3_000); // it was called at once, not at the end of a long back-off
    expect(way('Ana').state).toBe('linked');
    data(bo.ask({ type: 'contact-block', to: 'Ana', blocked: true }), 'done');
    expect(way('Ana', true).state).toBe('blocked');
    const invite = { type: 'invite-new' as const, expiresInMs: 60_000, reusable: false };
    const made = data(ana.ask(invite), 'invite');
    const cy = world.person('Cy');
    cy.start();
    world.run();
    data(cy.ask({ type: 'contact-add', text: made.invite.link!, name: 'Ana' }), 'contact');
    const show = { type: 'path-show' as const, to: 'Ana', want: true };
    expect(data(cy.ask(show), 'path').path.state).toBe('not-looked');
    world.run(3_700_000); // an invite ends with a full hour
    expect(data(cy.ask(show), 'path').path.state).toBe('invite-expired');
  });

  test('commands say what is wrong with them', () => {
    const { ana, bo } = pair();
    const refused = (result: CommandResult): string => (result.ok ? 'ok' : result.error.code);
    const id = data(ana.ask({ type: 'status' }), 'status').status.id;
    expect(refused(bo.ask({ type: 'contact-add', text: id }))).toBe('already-exists');
    expect(refused(ana.ask({ type: 'contact-add', text: id }))).toBe('own-invite');
    expect(refused(ana.ask({ type: 'contact-add', text: id.slice(0, 50) }))).toBe('id-incomplete');
    expect(refused(ana.ask({ type: 'contact-add', text: 'hello' }))).toBe('not-an-id');
    expect(refused(bo.say('Nobody', 'x'))).toBe('not-found');
    expect(refused(bo.say('Ana', ''))).toBe('text-empty');
    expect(refused(bo.say('Ana', 'x'.repeat(32 * 1024 + 1)))).toBe('text-too-long');
  });

  test('[DEL-10] an undelivered message can be taken back, a delivered one cannot', () => {
    const { world, ana, bo } = pair();
    const delivered = data(bo.say('Ana', 'first'), 'sent');
    world.run(1_000);
    ana.kill();
    const waiting = data(bo.say('Ana', 'second'), 'sent');
    data(bo.ask({ type: 'message-cancel', event: waiting.event }), 'done');
    const late = bo.ask({ type: 'message-cancel', event: delivered.event });
    expect(late).toMatchObject({ ok: false, error: { code: 'too-late' } });
    ana.start();
    data(bo.say('Ana', 'third'), 'sent');
    world.run(200_000);
    expect(ana.texts()).toEqual(['first', 'third']);
  });

  test('[DEL-10] what a link had taken before may arrive, and counts as delivered then', () => {
    const { world, ana, bo } = pair();
    ana.cutOff = true;
    const sent = data(bo.say('Ana', 'gone'), 'sent');
    data(bo.ask({ type: 'message-cancel', event: sent.event }), 'done');
    const state = (): string | undefined =>
      bo.vault.timeline.messages().find(({ id }) => hex(id) === sent.event)?.state;
    expect(state()).toBe('cancelled');
    ana.cutOff = false;
    world.run(200_000);
    expect(ana.texts()).toEqual(['gone']);
    expect(state()).toBe('delivered');
  });
});

describe('a disk in trouble', () => {
  const delivered = (person: Person): boolean =>
    data(person.ask({ type: 'status' }), 'status').status.waiting === 0;

  test('[VLT-26] a first start on a full disk tries again in a while, and starts with room', () => {
    const world = new World();
    const ana = world.person('Ana');
    const asked: string[] = [];
    ana.disk = ({ op }) => {
      asked.push(op);
      if (asked.length > 20) return 'wait'; // who asks without a pause would do so for ever
      return op === 'put' ? { op: 'failed', reason: 'no space' } : undefined;
    };
    ana.start();
    world.run(5.5 * LOAD_AGAIN_MS);
    expect(asked).toEqual(new Array(6).fill(['load', 'put']).flat());
    expect(ana.logs.filter((line) => line.includes('no space'))).toHaveLength(6);
    ana.disk = () => undefined;
    world.run(LOAD_AGAIN_MS);
    expect(data(ana.ask({ type: 'status' }), 'status').status.waiting).toBe(0);
  });

  test('[DEL-5] no receipt before the event is on disk, and none from a disk that refuses', () => {
    const { world, ana, bo } = pair();
    ana.disk = ({ op }) => (op === 'open' ? 'wait' : undefined);
    data(bo.say('Ana', 'not yet'), 'sent');
    world.run(5_000);
    expect(delivered(bo)).toBe(false);
    ana.disk = ({ op }) => (op === 'open' ? { op: 'failed', reason: 'no space' } : undefined);
    world.run(60_000);
    expect(delivered(bo)).toBe(false);
    ana.disk = () => undefined;
    world.run(60_000);
    expect(delivered(bo)).toBe(true);
    expect(ana.texts()).toEqual(['not yet']);
  });

  test('[DEL-5] a control event is receipted only when its effect is on disk too', () => {
    const world = new World();
    const [ana, bo] = [world.person('Ana'), world.person('Bo')];
    for (const person of [ana, bo]) {
      person.disk = (request) =>
        request.op === 'put' && request.applied ? { op: 'failed', reason: 'no space' } : undefined;
      person.start();
    }
    world.run();
    const made = data(ana.ask(INVITE), 'invite');
    const text = made.invite.link!;
    data(bo.ask({ type: 'contact-add', text, name: 'Ana', hint: made.hint }), 'contact');
    world.run(5_000);
    const waiting = [ana, bo].map((person) => (delivered(person) ? 0 : 1));
    expect(waiting[0]! + waiting[1]!).toBe(1); // the pair secret's own event
    world.run(60_000);
    expect(delivered(ana) && delivered(bo)).toBe(false); // nor is a repeated one
    for (const person of [ana, bo]) person.disk = () => undefined;
    world.run(60_000);
    expect(delivered(ana) && delivered(bo)).toBe(true);
  });

  test('[DEL-8] who cannot open a message gets all of it sealed anew, once a minute at most', () => {
    const { world, ana, bo } = pair();
    const refused: VaultReply = { op: 'open', outcome: 'refused', reason: 'undecryptable' };
    ana.disk = ({ op }) => (op === 'open' ? refused : undefined);
    let renewals = 0;
    bo.disk = (request) => {
      if (request.op === 'seal-waiting' && request.renew) renewals++;
      return undefined;
    };
    for (const text of ['one', 'two', 'three']) data(bo.say('Ana', text), 'sent');
    world.run(50_000);
    expect(renewals).toBe(1);
    ana.disk = () => undefined;
    world.run(90_000);
    expect(ana.texts()).toEqual(['one', 'two', 'three']);
    expect(delivered(bo)).toBe(true);
  });
});

describe('through the DHT alone', () => {
  /** Ana has made an invite, which lies in the DHT; Bo does not have it yet. */
  function invited(): { world: World; ana: Person; bo: Person; text: string } {
    const world = new World();
    const [ana, bo] = world.town(8, ['Ana', 'Bo']);
    const text = data(ana.ask(INVITE), 'invite').invite.link!;
    world.run(20_000);
    return { world, ana, bo, text };
  }

  test('an invite leads to its maker, and both find each other again at new ports', () => {
    const { world, ana, bo, text } = invited();
    data(bo.ask({ type: 'contact-add', text, name: 'Ana' }), 'contact');
    data(bo.say('Ana', 'found you'), 'sent');
    world.run(60_000);
    expect(ana.texts()).toEqual(['found you']);
    ana.kill();
    bo.kill();
    ana.port = 21_001;
    bo.port = 21_002;
    ana.start();
    bo.start();
    data(ana.say('Bo', 'and again'), 'sent');
    world.run(30_000);
    expect(bo.texts()).toEqual(['found you', 'and again']);
  });

  test('[CON-7] an invite still leads to who made it where they forgot the first meeting', () => {
    const { world, ana, bo, text } = invited();
    const lost = loseMeetings(ana);
    data(bo.ask({ type: 'contact-add', text, name: 'Ana' }), 'contact');
    world.run(20_000);
    expect(lost.length).toBeGreaterThan(0);
    ana.kill();
    ana.disk = () => undefined;
    world.run(1_000);
    ana.start();
    data(bo.say('Ana', 'found you'), 'sent');
    world.run(60_000);
    expect(ana.texts()).toEqual(['found you']);
  });
});

/** Their disk never gets to storing whom they meet. */
function loseMeetings(person: Person): VaultRequest[] {
  const lost: VaultRequest[] = [];
  person.disk = (request) => {
    const docs = request.op === 'put' ? request.docs : [];
    if (!docs.some(({ space }) => space === 'contact')) return undefined;
    lost.push(request);
    return 'wait';
  };
  return lost;
}

test('[DSC-46] who knows nobody in the DHT enters it by the first person they are linked to', () => {
  const world = worldWithHelpers(8);
  const [bo] = world.people as [Person];
  const bootstrap = ['router.example:6881'];
  const ana = world.person('Ana', true, { host: '198.18.40.1', bootstrap });
  ana.start();
  world.run(60_000);
  const nodes = (): number => data(ana.ask({ type: 'stats' }), 'stats').stats['dht.nodes']!;
  expect(nodes()).toBe(0);
  meet(world, bo, ana);
  world.run(15_000);
  expect(nodes()).toBeGreaterThan(3);
});

test('[DSC-46] a relay of the own list leads into the DHT too, but nobody who hides there', () => {
  const world = worldWithHelpers(9);
  const serve = { serve: 'public', list: [] } as const;
  const relay = world.person('Relay', true, { host: '198.18.41.1', relay: serve });
  relay.start();
  world.run(20_000);
  const { text } = data(relay.ask({ type: 'health' }), 'health').health.serving;
  const nodes = (['auto', 'hidden'] as const).map((policy, i) => {
    const list = { serve: 'off', list: [text!] } as const;
    const more = { host: `198.18.5${i}.1`, policy, relay: list, bootstrap: ['router.example:1'] };
    const person = world.person(policy, true, more);
    person.start();
    world.run(30_000);
    const { stats } = data(person.ask({ type: 'stats' }), 'stats');
    expect(stats['circuits.reserved']).toBe(1);
    return stats['dht.nodes'] ?? 0;
  });
  expect(nodes[0]).toBeGreaterThan(3);
  expect(nodes[1]).toBe(0);
});
