/**
 * The model of the vault beside the real one: the same random requests, the same answers. What a
 * run of the simulator says about the node holds only as far as its vault behaves like ours.
 */
import { describe, expect, test } from 'vitest';
import { hex } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import type { EventDraft, VaultReply } from '@sotto/core/base/vault.ts';
import { ModelVault } from '@sotto/sim/model-vault.ts';
import {
  bytesOf,
  CONVERSATION,
  draft,
  Person,
  type Reply,
  type VaultUnderTest,
  WALL_MS,
} from './contract-people.ts';
import { localVault } from './testing.ts';

const STEPS = 150;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

function modelVault(seed: number): VaultUnderTest {
  const vault = new ModelVault(new Prng(seed).bytes);
  return {
    request: (request) => {
      const reply = vault.handle(request);
      vault.commit();
      return reply;
    },
    messages: (conversation) => vault.timeline.messages(conversation),
    feedAfter: (cursor) => vault.timeline.feedAfter(cursor),
    unread: (conversation) => vault.timeline.unread(conversation),
    crash: () => vault.crash(),
    reopen: () => undefined,
    dispose: () => undefined,
  };
}

/** Alice and Bob on one kind of vault, and all they have sealed so far. */
class World {
  readonly people: readonly [Person, Person];
  /** Sealed envelopes and who sealed them; the same places in both worlds. */
  readonly sent: { from: 0 | 1; envelope: Reply<'seal'>['envelopes'][number] }[] = [];
  readonly events: Uint8Array[] = [];

  constructor(alice: VaultUnderTest, bob: VaultUnderTest) {
    this.people = [new Person(alice, 10), new Person(bob, 20)];
  }

  /** Carries out a step and tells, in comparable words, what came of it. */
  async step(step: Step): Promise<unknown> {
    const me = this.people[step.who];
    const other = this.people[step.who === 0 ? 1 : 0];
    switch (step.type) {
      case 'seal':
        return this.#seal(step, me, other);
      case 'open': {
        const sealed = this.sent.filter(({ from }) => from !== step.who);
        const one = sealed[step.pick % Math.max(sealed.length, 1)];
        return one && brief(await me.do(await me.opening(other, one.envelope)));
      }
      case 'receipt': {
        const mine = this.sent.filter(({ from }) => from === step.who);
        const one = mine[step.pick % Math.max(mine.length, 1)];
        if (!one) return undefined;
        const { device } = other.self;
        const envelopes = [one.envelope.envelope];
        return brief(
          await me.do({ op: 'receipt', device, envelopes, route: 'direct', wallMs: WALL_MS }),
        );
      }
      case 'cancel': {
        const event = this.events[step.pick % Math.max(this.events.length, 1)];
        return event && brief(await me.vault.request({ op: 'cancel', event, wallMs: WALL_MS }));
      }
      case 'release': {
        const { device: author } = other.self;
        const { sequence } = step;
        return brief(await me.do({ op: 'release', conversation: CONVERSATION, author, sequence }));
      }
      case 'read':
        return brief(
          await me.do({ op: 'mark-read', conversation: CONVERSATION, cursor: step.cursor }),
        );
      case 'renew': {
        const target = await other.target();
        const reply = await me.do({
          op: 'seal-waiting',
          self: me.self,
          conversation: CONVERSATION,
          target,
          limit: step.limit,
          renew: step.drop,
        });
        this.#keep(step.who, reply.envelopes);
        return brief(reply);
      }
      case 'forget': {
        const devices = [await other.peer()];
        return brief(await me.do({ op: 'forget', conversation: CONVERSATION, devices, docs: [] }));
      }
      case 'crash':
        await me.vault.crash();
        await me.vault.reopen();
        return undefined;
    }
  }

  /** All that can be seen of a vault. */
  async view(who: 0 | 1): Promise<unknown> {
    const me = this.people[who];
    const other = this.people[who === 0 ? 1 : 0];
    const { loaded } = await me.do({ op: 'load' });
    const page = { device: other.self.device, after: undefined, limitBytes: 1e9 };
    const { envelopes } = await me.do({ op: 'outbox', ...page });
    return {
      messages: (await me.vault.messages(CONVERSATION)).map((message) => ({
        id: hex(message.id),
        text: message.text,
        state: message.state,
        fork: message.fork,
        gapBefore: message.gapBefore,
      })),
      feed: (await me.vault.feedAfter(0)).map((row) => `${row.type} ${hex(row.event)}`),
      unread: await me.vault.unread(CONVERSATION),
      waiting: loaded.waiting.map(({ events }) => hex(events)),
      sealed: envelopes.map(({ event }) => hex(event)),
      unapplied: loaded.unapplied.map(({ id }) => hex(id)),
      held: loaded.held.map(({ sequence }) => sequence),
    };
  }

  async dispose(): Promise<void> {
    for (const { vault } of this.people) await vault.dispose();
  }

  async #seal(step: Step & { type: 'seal' }, me: Person, other: Person): Promise<unknown> {
    const target = await other.target();
    const bundle = step.bundle ? target.bundle : undefined;
    const targets = step.addressed ? [{ ...target, bundle }] : [];
    const request = { op: 'seal', self: me.self, draft: step.draft, targets } as const;
    const reply = await me.vault.request(request);
    if (reply.op === 'seal') {
      this.events.push(reply.stored.id);
      this.#keep(step.who, reply.envelopes);
    }
    return brief(reply);
  }

  #keep(from: 0 | 1, envelopes: Reply<'seal'>['envelopes']): void {
    for (const envelope of envelopes) this.sent.push({ from, envelope });
  }
}

type Step = { readonly who: 0 | 1 } & (
  | { type: 'seal'; draft: EventDraft; bundle: boolean; addressed: boolean }
  | { type: 'open' | 'receipt' | 'cancel'; pick: number }
  | { type: 'release'; sequence: number }
  | { type: 'read'; cursor: number }
  | { type: 'renew'; drop: boolean; limit: number }
  | { type: 'forget' | 'crash' }
);

function drawStep(random: Prng, step: number): Step {
  const who = random.chance(0.5) ? 0 : 1;
  const pick = random.int(0, 1_000_000);
  const dice = random.unit();
  if (dice < 0.3) {
    const clientId = random.chance(0.1) ? bytesOf(1, 16) : bytesOf(5000 + step, 16);
    const kind = random.pick(['text', 'text', 'text', 'pair', 'newer']);
    const one = draft(`text ${step}`, { clientId, kind });
    return {
      who,
      type: 'seal',
      draft: one,
      bundle: random.chance(0.9),
      addressed: random.chance(0.9),
    };
  }
  if (dice < 0.65) return { who, type: 'open', pick };
  if (dice < 0.8) return { who, type: 'receipt', pick };
  if (dice < 0.84) return { who, type: 'cancel', pick };
  if (dice < 0.88) return { who, type: 'release', sequence: random.int(1, 20) };
  if (dice < 0.91) return { who, type: 'read', cursor: random.int(0, 40) };
  if (dice < 0.97) {
    return { who, type: 'renew', drop: random.chance(0.4), limit: random.int(1, 6) };
  }
  if (dice < 0.98) return { who, type: 'forget' };
  return { who, type: 'crash' };
}

/** A reply without what is drawn at random: ids of envelopes and sealed bytes. */
function brief(reply: VaultReply): unknown {
  switch (reply.op) {
    case 'seal':
      return {
        op: reply.op,
        id: hex(reply.stored.id),
        duplicate: reply.duplicate,
        kinds: reply.envelopes.map((envelope) => envelope.kind),
        waiting: reply.waiting.length,
      };
    case 'open':
      return reply.outcome === 'stored'
        ? {
            outcome: 'stored',
            id: hex(reply.stored.id),
            fork: reply.fork,
            held: reply.held?.sequence,
          }
        : reply;
    case 'seal-waiting':
    case 'outbox':
      return { events: reply.envelopes.map(({ event }) => hex(event)), more: reply.more };
    case 'receipt':
    case 'cancel':
      return { op: reply.op, events: reply.events.map((event) => hex(event)) };
    default:
      return reply;
  }
}

describe('the model answers as the real vault does', () => {
  test.each(SEEDS)('seed %i', async (seed) => {
    const random = new Prng(seed);
    const real = new World(await localVault(), await localVault());
    const model = new World(modelVault(seed), modelVault(seed + 100));
    let stored = 0;
    for (let i = 0; i < STEPS; i++) {
      const step = drawStep(random, i);
      const [a, b] = [await real.step(step), await model.step(step)];
      expect(b, `step ${i}: ${step.type}`).toEqual(a);
      if (JSON.stringify(a)?.includes('"stored"')) stored++;
    }
    for (const who of [0, 1] as const) expect(await model.view(who)).toEqual(await real.view(who));
    expect(stored).toBeGreaterThan(4);
    await real.dispose();
    await model.dispose();
  });
});
