import { describe, expect, test } from 'vitest';
import { TEXT_BYTES_MAX } from './base/limits.ts';
import { parseInvite } from './people/invite-text.ts';
import type { CommandResult, ContactView } from './commands.ts';
import { data, World, type Person } from './compose/testing/world.ts';

const DAY_MS = 86_400_000;

interface Scene {
  readonly world: World;
  readonly ana: Person;
  readonly bo: Person;
  /** Ana's, used up by Bo. */
  readonly used: string;
}

function newInvite(person: Person, expiresInMs = DAY_MS): { link: string; hint: Uint8Array } {
  const made = data(person.ask({ type: 'invite-new', expiresInMs, reusable: false }), 'invite');
  return { link: made.invite.link!, hint: made.hint };
}

/** Ana and Bo know each other. */
function pair(): Scene {
  const world = new World();
  const [ana, bo] = [world.person('Ana'), world.person('Bo')];
  ana.start();
  bo.start();
  world.run();
  const { hint, link } = newInvite(ana);
  data(bo.ask({ type: 'contact-add', text: link, name: 'Ana', hint }), 'contact');
  world.run(2_000);
  return { world, ana, bo, used: link };
}

function code(result: CommandResult): string {
  return result.ok ? 'ok' : result.error.code;
}

function show(person: Person, to: string): ContactView {
  return data(person.ask({ type: 'contact-show', to }), 'contact').contact;
}

describe('[CON-13] a pasted text', () => {
  const peek = (person: Person, text: string): CommandResult =>
    person.ask({ type: 'text-peek', text });

  test('is read whatever stands around and in it, and whoever is known is named', () => {
    const { ana, bo, used, world } = pair();
    const cleo = world.person('Cleo');
    cleo.start();
    world.run();
    const { link } = newInvite(cleo);
    const id = data(cleo.ask({ type: 'status' }), 'status').status.id;
    const groups = id.slice(6).replace(/.{4}/g, '$& ');
    const expiresMs = expect.any(Number);
    for (const text of [link, `Add me:\n${link}\nThanks!`, link.toUpperCase(), `\u200b${link}`]) {
      const found = { kind: 'invite', id, known: undefined, expiresMs };
      expect(data(peek(ana, text), 'peek').peek).toEqual(found);
    }
    for (const text of [id, `sotto: ${groups}`, groups.toUpperCase(), `\u2066${id}\u2069`]) {
      const found = { kind: 'id', id, known: undefined, expiresMs: undefined };
      expect(data(peek(ana, text), 'peek').peek).toEqual(found);
    }
    expect(data(peek(bo, used), 'peek').peek.known?.name).toBe('Ana');
    const boId = data(bo.ask({ type: 'status' }), 'status').status.id;
    expect(data(peek(ana, boId), 'peek').peek.known).toEqual(show(ana, 'Bo'));
  });

  test('is refused as adding it would be', () => {
    const { ana, bo, world } = pair();
    const cleo = world.person('Cleo');
    cleo.start();
    world.run();
    const id = data(cleo.ask({ type: 'status' }), 'status').status.id;
    const own = data(ana.ask({ type: 'status' }), 'status').status.id;
    const boId = data(bo.ask({ type: 'status' }), 'status').status.id;
    const { link } = newInvite(cleo, 3_600_000);
    const parsed = parseInvite(link);
    if (!parsed.ok) throw new Error('the invite reads back');
    data(ana.ask({ type: 'contact-block', to: 'Bo', blocked: true }), 'done');
    const wrong = [
      id.slice(0, -5),
      `${id.slice(0, -1)}7x`,
      'hello',
      own,
      newInvite(ana).link,
      boId,
    ];
    const codes = wrong.map((text) => code(peek(ana, text)));
    expect(codes).toEqual(wrong.map((text) => code(ana.ask({ type: 'contact-add', text }))));
    expect(codes.slice(2)).toEqual(['not-an-id', 'own-invite', 'own-invite', 'blocked']);
    expect(code(peek(ana, link))).toBe('ok');
    world.run(2 * 3_600_000);
    expect([peek(ana, link), ana.ask({ type: 'contact-add', text: link })].map(code)).toEqual([
      'invite-expired',
      'invite-expired',
    ]);
  });

  test('changes nothing and asks nobody', () => {
    const { ana, world } = pair();
    const cleo = world.person('Cleo');
    cleo.start();
    world.run();
    const { link } = newInvite(cleo);
    const asked: string[] = [];
    ana.disk = ({ op }) => {
      asked.push(op);
      return undefined;
    };
    let heard = 0;
    world.tap = () => heard++;
    expect(code(peek(ana, link))).toBe('ok');
    expect([asked, heard]).toEqual([[], 0]);
    expect(data(ana.ask({ type: 'contact-list' }), 'contacts').contacts).toHaveLength(1);
  });

  test('of somebody known already names their conversation when it is added', () => {
    const { ana, bo } = pair();
    const added = ana.ask({ type: 'contact-add', text: newInvite(bo).link });
    const { conversation, name } = show(ana, 'Bo');
    const error = { code: 'already-exists', detail: { name, conversation } };
    expect(added).toEqual({ ok: false, error });
  });
});

describe('[CON-14] a draft', () => {
  const set = (person: Person, text: string): CommandResult =>
    person.ask({ type: 'draft-set', to: 'Bo', text });

  test('is kept over a kill, replaced, and forgotten where it is empty', () => {
    const { ana, world } = pair();
    expect(show(ana, 'Bo').draft).toBeUndefined();
    data(set(ana, 'I wanted to'), 'done');
    data(set(ana, 'I wanted to say\n\u{1f600}'), 'done');
    ana.kill();
    ana.start();
    world.run(1_000);
    expect(show(ana, 'Bo').draft).toBe('I wanted to say\n\u{1f600}');
    data(set(ana, ''), 'done');
    ana.kill();
    ana.start();
    world.run(1_000);
    expect(show(ana, 'Bo').draft).toBeUndefined();
  });

  test('has a length, and goes with its contact', () => {
    const { ana, bo, used, world } = pair();
    expect(code(set(ana, 'x'.repeat(TEXT_BYTES_MAX)))).toBe('ok');
    expect(code(set(ana, 'x'.repeat(TEXT_BYTES_MAX + 1)))).toBe('text-too-long');
    expect(show(ana, 'Bo').draft).toHaveLength(TEXT_BYTES_MAX);
    data(ana.ask({ type: 'contact-remove', to: 'Bo' }), 'done');
    ana.kill();
    ana.start();
    world.run(1_000);
    const { hint, link } = newInvite(bo);
    data(ana.ask({ type: 'contact-add', text: link, name: 'Bo', hint }), 'contact');
    expect(show(ana, 'Bo').draft).toBeUndefined();
    expect(used).not.toBe(link);
  });

  test('takes one write at a time, whatever is typed meanwhile, and messages go between', () => {
    const { ana, world } = pair();
    let writes = 0;
    ana.disk = (request) => {
      if (request.op !== 'put') return undefined;
      writes++;
      return 'wait';
    };
    for (const text of ['I', 'I w', 'I wa', 'I want']) {
      ana.command({ type: 'draft-set', to: 'Bo', text });
    }
    data(ana.say('Bo', 'something else'), 'sent');
    expect(writes).toBe(1);
    ana.answerLate();
    world.run();
    expect([writes, show(ana, 'Bo').draft]).toEqual([2, 'I']);
    ana.answerLate();
    world.run();
    expect([writes, show(ana, 'Bo').draft]).toEqual([2, 'I want']);
  });

  test('that waits to be written does not come back after its contact was removed', () => {
    const { ana, bo, world } = pair();
    ana.disk = ({ op }) => (op === 'put' ? 'wait' : undefined);
    for (const text of ['one', 'two']) ana.command({ type: 'draft-set', to: 'Bo', text });
    data(ana.ask({ type: 'contact-remove', to: 'Bo' }), 'done');
    ana.disk = () => undefined;
    ana.answerLate();
    world.run();
    const { hint, link } = newInvite(bo);
    data(ana.ask({ type: 'contact-add', text: link, name: 'Bo', hint }), 'contact');
    expect(show(ana, 'Bo').draft).toBeUndefined();
  });

  test('that the disk refuses is said to be refused, and the one before stays', () => {
    const { ana } = pair();
    data(set(ana, 'before'), 'done');
    ana.disk = ({ op }) => (op === 'put' ? { op: 'failed', reason: 'no space' } : undefined);
    expect(code(set(ana, 'after'))).toBe('no-space');
    expect(show(ana, 'Bo').draft).toBe('before');
  });
});

describe('[API-30] screens hear', () => {
  test('of every change of a contact, of what was read, and who is gone', () => {
    const { ana, bo, world } = pair();
    const { conversation } = show(ana, 'Bo');
    const heard = (act: () => unknown): string[] => {
      ana.notices = [];
      act();
      world.run(5_000);
      const topics = ana.notices
        .filter((notice) => 'conversation' in notice && notice.conversation === conversation)
        .map(({ topic }) => topic);
      return [...new Set(topics)].sort();
    };
    const to = conversation;
    expect(heard(() => ana.ask({ type: 'contact-rename', to, name: 'Bo B' }))).toEqual(['contact']);
    expect(heard(() => ana.ask({ type: 'contact-verify', to, mark: true }))).toEqual(['contact']);
    expect(heard(() => ana.say(to, 'hello'))).toEqual(['waiting']);
    expect(heard(() => ana.ask({ type: 'mark-read', to, cursor: 9 }))).toEqual(['read']);
    const type = (text: string) => () => ana.ask({ type: 'draft-set', to, text });
    expect(heard(type('half a'))).toEqual(['draft']);
    expect(ana.notices).toContainEqual({ topic: 'draft', conversation, text: 'half a' });
    expect(heard(type('half a'))).toEqual([]);
    expect(heard(type(''))).toEqual(['draft']);
    expect(ana.notices).toContainEqual({ topic: 'draft', conversation, text: '' });
    expect(heard(() => bo.kill())).toEqual(['route']);
    expect(heard(() => bo.start())).toEqual(expect.arrayContaining(['contact', 'route']));
    const block = heard(() => ana.ask({ type: 'contact-block', to, blocked: true }));
    expect(block).toEqual(expect.arrayContaining(['contact']));
    expect(heard(() => ana.ask({ type: 'contact-remove', to }))).toEqual(['removed']);
  });

  test('who is online: with the first link, and as the status says it when the last one ends', () => {
    const { ana, bo, world } = pair();
    const heard = (): unknown[] => ana.notices.filter(({ topic }) => topic === 'network');
    const network = (online: boolean): unknown => ({ topic: 'network', online, helpers: 0 });
    const isOnline = (): boolean => data(ana.ask({ type: 'status' }), 'status').status.online;
    expect([heard(), isOnline()]).toEqual([[network(true)], true]);
    bo.kill();
    world.run(60_000);
    expect([heard(), isOnline()]).toEqual([[network(true), network(false)], false]);
    bo.start();
    world.run(60_000);
    expect([heard().at(-1), isOnline()]).toEqual([network(true), true]);
  });

  test('how far a request of ours is', () => {
    const { ana, world } = pair();
    const cleo = world.person('Cleo');
    cleo.start();
    world.run();
    const text = data(cleo.ask({ type: 'status' }), 'status').status.id;
    const asked = data(ana.ask({ type: 'contact-add', text }), 'contact').contact;
    expect(asked.asking).toBe('held');
    ana.notices = [];
    data(ana.ask({ type: 'contact-add', text, anyway: true }), 'contact');
    expect(ana.notices).toContainEqual({ topic: 'contact', conversation: asked.conversation });
    expect(show(ana, asked.conversation).asking).not.toBe('held');
  });
});

test('[CON-15] a new name reaches who is linked at once and others when they meet again', () => {
  const { ana, bo, world } = pair();
  const cleo = world.person('Cleo');
  cleo.start();
  world.run();
  const { hint, link } = newInvite(ana);
  data(cleo.ask({ type: 'contact-add', text: link, hint }), 'contact');
  world.run(2_000);
  bo.kill();
  data(ana.ask({ type: 'name-set', name: ' Ana\u202e Maria ' }), 'done');
  world.run(1_000);
  expect(names(cleo)).toEqual(['Ana Maria']);
  bo.start();
  world.run(60_000);
  // Bo has given Ana a name of his own.
  expect(names(bo)).toEqual(['Ana']);
  data(ana.ask({ type: 'name-set', name: '' }), 'done');
  world.run(1_000);
  expect(names(cleo)).toEqual(['Ana Maria']);
  data(bo.ask({ type: 'name-set', name: 'Robert' }), 'done');
  world.run(1_000);
  expect(names(ana)).toEqual(['Cleo', 'Robert']);
});

function names(person: Person): string[] {
  return data(person.ask({ type: 'contact-list' }), 'contacts').contacts.map(({ name }) => name);
}
