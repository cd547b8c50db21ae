import { describe, expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import {
  ASKED_GIVE_UP_MS,
  ERROR_AFTER_MS,
  IDLE_MS,
  QUESTION_GIVE_UP_MS,
  QUESTIONS_BURST,
  QUESTIONS_IN_ALL_BURST,
  QUESTIONS_IN_ALL_PER_S,
  QUESTIONS_MAX,
  QUESTIONS_PER_CLIENT_MAX,
} from './limits.ts';
import type { Answer, Question } from './question.ts';
import { Rig, type RigClient } from './testing/rig.ts';

const prng = new Prng(9);
const KEY = prng.bytes(32);
const GET: Question = { type: 'get', key: KEY };
const PUT: Question = { type: 'put', raw: prng.bytes(700), signed: undefined };
const FOUND: Answer = {
  nodes: 8,
  item: { raw: prng.bytes(700), signed: { seq: 2n ** 62n, signature: prng.bytes(64) } },
};

/** Asks, and tells what came of it. */
function ask(client: RigClient, what: Question = GET): { answers: unknown[]; back: () => void } {
  const answers: unknown[] = [];
  const back = client.core.ask(what, (answer) => answers.push(answer), client.rig.nowMs);
  client.rig.settle();
  return { answers, back: back ?? (() => undefined) };
}

describe('[RLY-20] questions', () => {
  test('are asked as they are, and what was found comes back as it lies there', () => {
    const rig = new Rig();
    const client = rig.client();
    const [one, two] = [ask(client), ask(client, PUT)];
    expect(rig.asked.map(({ what }) => what)).toEqual([GET, PUT]);
    rig.asked[1]!.done({ nodes: 5, item: undefined });
    rig.asked[0]!.done(FOUND);
    rig.settle();
    expect(one.answers).toEqual([FOUND]);
    expect(two.answers).toEqual([{ nodes: 5, item: undefined }]);
    expect(rig.server.stats()).toMatchObject({ asked: 0, answered: 2 });
  });

  test('who takes one back hears nothing, and the relay looks no more', () => {
    const rig = new Rig();
    const client = rig.client();
    const { answers, back } = ask(client);
    back();
    rig.settle();
    expect(rig.asked[0]!.takenBack).toBe(true);
    expect(rig.server.stats()['asked']).toBe(0);
    rig.run(ASKED_GIVE_UP_MS);
    expect(answers).toEqual([]);
  });

  test('a relay that finds nobody to ask, or takes too long, says so', () => {
    const rig = new Rig();
    const client = rig.client();
    const [nobody, slow] = [ask(client), ask(client)];
    rig.asked[0]!.done(undefined);
    rig.settle();
    expect([nobody.answers, slow.answers]).toEqual([[undefined], []]);
    rig.run(QUESTION_GIVE_UP_MS);
    expect(slow.answers).toEqual([undefined]);
    expect(rig.asked[1]!.takenBack).toBe(true);
  });

  test('with the link all of them are over, at both ends', () => {
    const rig = new Rig();
    const client = rig.client();
    const { answers } = ask(client);
    client.cut();
    rig.settle();
    expect(answers).toEqual([undefined]);
    expect(rig.asked[0]!.takenBack).toBe(true);
    expect(rig.server.stats()).toMatchObject({ clients: 0, asked: 0 });
  });

  test('[RLY-9] who waits for an answer is not idle, and afterwards is', () => {
    const rig = new Rig();
    const client = rig.client();
    rig.run(IDLE_MS - 10_000);
    ask(client);
    rig.run(30_000);
    expect(rig.server.stats()['clients']).toBe(1);
    rig.asked[0]!.done(FOUND);
    rig.run(IDLE_MS);
    expect(rig.server.stats()['clients']).toBe(0);
  });
});

describe('[RLY-21] whom a relay asks for, and how much', () => {
  test('contacts show their pass with each question; others hear nothing for 3 s', () => {
    const rig = new Rig();
    const gate = new Secret<'gate'>('gate', new Prng(4).bytes(32));
    rig.serves = 'contacts';
    rig.passes = [gate];
    const friend = rig.client('93.184.216.1', gate);
    const stranger = rig.client('93.184.216.2');
    const [known, unknown] = [ask(friend), ask(stranger)];
    expect(rig.asked).toHaveLength(1);
    rig.run(ERROR_AFTER_MS - 1);
    expect([known.answers, unknown.answers]).toEqual([[], []]);
    rig.run(1);
    expect(unknown.answers).toEqual([undefined]);
  });

  test('32 of one client at once, then one a second', () => {
    const rig = new Rig();
    const client = rig.client();
    for (let i = 0; i < QUESTIONS_BURST + 4; i++) {
      ask(client);
      rig.asked[i]?.done(FOUND);
      rig.settle();
    }
    expect(rig.asked).toHaveLength(QUESTIONS_BURST);
    rig.run(1_000);
    ask(client);
    expect(rig.asked).toHaveLength(QUESTIONS_BURST + 1);
  });

  test('32 of all clients under way, 64 of all at once, then 4 a second', () => {
    const rig = new Rig();
    const clients = Array.from({ length: 6 }, (_, i) => rig.client(`93.184.216.${i}`));
    for (const client of clients.slice(0, 4)) for (let i = 0; i < 8; i++) ask(client);
    ask(clients[4]!);
    expect(rig.asked).toHaveLength(QUESTIONS_MAX);
    for (const { done } of [...rig.asked]) done(FOUND);
    rig.settle();
    const askAll = (times: number): void => {
      for (const client of clients) {
        for (let i = 0; i < times; i++) {
          const before = rig.asked.length;
          ask(client);
          rig.asked[before]?.done(FOUND);
          rig.settle();
        }
      }
    };
    // No client reaches its own 32, nor 16 that wait for their word.
    askAll(10);
    expect(rig.asked).toHaveLength(QUESTIONS_IN_ALL_BURST);
    rig.run(1_000);
    askAll(1);
    expect(rig.asked).toHaveLength(QUESTIONS_IN_ALL_BURST + QUESTIONS_IN_ALL_PER_S);
  });

  test('⚑ who asks 17 at a time, or one number twice, loses the link', () => {
    const rig = new Rig();
    const client = rig.client();
    for (let i = 0; i < QUESTIONS_PER_CLIENT_MAX; i++) ask(client);
    expect(client.core.ask(GET, () => undefined, rig.nowMs)).toBeUndefined();
    for (const first of [1, QUESTIONS_PER_CLIENT_MAX + 1]) {
      const greedy = rig.stranger(`93.184.217.${first}`);
      for (let i = 0; i < QUESTIONS_PER_CLIENT_MAX; i++) {
        greedy.tell({ type: 'ask', question: i + 1, what: GET });
      }
      greedy.tell({ type: 'ask', question: first, what: GET });
      expect(greedy.link).toBeUndefined();
    }
  });
});
