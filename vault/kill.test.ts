/**
 * kill -9 of a process that runs a vault, at random and with requests under way. What it had
 * answered must be there, nothing may be shown twice, and the sessions must go on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { hex } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import type { VaultReply, VaultRequest } from '@sotto/core/base/vault.ts';
import { CONVERSATION, draft, Person, type Reply } from './contract-people.ts';
import { localVault, localVaultIn, temporaryFolder } from './testing.ts';
import { type Answer, type Asked, serveVault } from './testing/serve.ts';

const SERVE = new URL('./testing/serve.ts', import.meta.url).href;
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const ROUNDS = 2;
const IN_FLIGHT = 20;

/** A vault in its own process. Requests that it dies over are never answered. */
class Killable {
  readonly #folder: string;
  readonly #waiting = new Map<number, (reply: VaultReply) => void>();
  #child: ChildProcess | undefined;
  #id = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  start(): Promise<void> {
    const call = `${serveVault.name}(${JSON.stringify(this.#folder)})`;
    const code = `import(${JSON.stringify(SERVE)}).then((module) => module.${call});`;
    const child = spawn(process.execPath, ['--import', TSX, '--eval', code], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.#child = child;
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('message', (answer: Answer) => {
        if ('ready' in answer) return resolve();
        this.#waiting.get(answer.id)?.(answer.reply);
        this.#waiting.delete(answer.id);
      });
    });
  }

  request(request: VaultRequest): Promise<VaultReply> {
    const id = this.#id++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      const asked: Asked = { id, request };
      this.#child!.send(asked);
    });
  }

  /** Returns when the process is gone; what it had sent by then was answered. */
  kill(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#child!.on('close', () => resolve()));
    this.#child!.kill('SIGKILL');
    return gone;
  }
}

const UNUSED = {
  messages: () => [],
  feedAfter: () => [],
  unread: () => 0,
  crash: () => undefined,
  reopen: () => undefined,
  dispose: () => undefined,
};

/** Keeps IN_FLIGHT calls running until `stopped`; a call that is never answered just ends there. */
function keepBusy(stopped: () => boolean, one: () => Promise<void>): void {
  const lane = async (): Promise<void> => {
    while (!stopped()) await one();
  };
  for (let i = 0; i < IN_FLIGHT; i++) void lane();
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

test('[VLT-29] a sender killed at random loses nothing it acknowledged', async () => {
  const random = new Prng(1);
  const folder = temporaryFolder();
  const child = new Killable(folder);
  const alice = new Person({ ...UNUSED, request: (request) => child.request(request) }, 10);
  const bobVault = await localVault();
  const bob = new Person(bobVault, 20);
  const targets = [await bob.target()];
  const sealed: Reply<'seal'>[] = [];
  const delivered = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    await child.start();
    let dead = false;
    keepBusy(
      () => dead,
      async () => {
        const one = draft(`round ${round}`);
        const reply = await alice.do({ op: 'seal', self: alice.self, draft: one, targets });
        sealed.push(reply);
        if (random.chance(0.5)) return;
        for (const id of (await alice.receipt(bob, reply)).events) delivered.add(hex(id));
      },
    );
    const enough = sealed.length + random.int(5, 200);
    while (sealed.length < enough) await sleep(1);
    await child.kill();
    dead = true;
  }
  const aliceVault = await localVaultIn(folder);
  const { db } = aliceVault.engine.tables;
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(sealed.length).toBeGreaterThan(ROUNDS);
  for (const reply of sealed) {
    const message = aliceVault.reader.message(reply.stored.id);
    expect(message).toMatchObject({ sequence: reply.stored.event.sequence });
    if (delivered.has(hex(reply.stored.id))) expect(message).toMatchObject({ state: 'delivered' });
  }
  const again = new Person(aliceVault, 10);
  const rest = await again.do({
    op: 'outbox',
    device: bob.self.device,
    after: undefined,
    limitBytes: 1e9,
  });
  // Whatever left the process, and whatever still waits, opens in any session state, once each.
  const envelopes = [...sealed.map((reply) => reply.envelopes[0]!), ...rest.envelopes];
  const outcomes = { stored: 0, duplicate: 0, refused: 0 };
  for (const envelope of envelopes) {
    outcomes[(await bob.do(await bob.opening(again, envelope))).outcome]++;
  }
  expect(outcomes.refused).toBe(0);
  const ids = bobVault.reader.feedAfter(0, 500).map((row) => hex(row.event));
  expect(new Set(ids).size).toBe(ids.length);
  expect(db.prepare('SELECT count(*) FROM events').pluck().get()).toBe(outcomes.stored);
  expect(await bob.open(again, await again.seal(bob, 'last'))).toMatchObject({
    outcome: 'stored',
    held: undefined,
  });
  await aliceVault.dispose();
  await bobVault.dispose();
}, 60_000);

test('[VLT-29] a receiver killed at random stores each message once', async () => {
  const random = new Prng(2);
  const folder = temporaryFolder();
  const child = new Killable(folder);
  const bob = new Person({ ...UNUSED, request: (request) => child.request(request) }, 20);
  const aliceVault = await localVault();
  const alice = new Person(aliceVault, 10);
  await child.start();
  const sealed: Reply<'seal'>[] = [];
  for (let i = 0; i < 400; i++) sealed.push(await alice.seal(bob, `message ${i}`));
  const acknowledged = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    let dead = false;
    let next = 0; // as after a lost link: all that is not receipted goes out again, in order
    keepBusy(
      () => dead,
      async () => {
        while (next < sealed.length && acknowledged.has(next)) next++;
        const i = next++;
        if (i >= sealed.length) return sleep(5);
        const reply = await bob.open(alice, sealed[i]!);
        expect(reply.outcome).not.toBe('refused');
        acknowledged.add(i);
      },
    );
    const enough = acknowledged.size + random.int(5, 150);
    while (acknowledged.size < enough) await sleep(1);
    await child.kill();
    dead = true;
    if (round < ROUNDS - 1) await child.start();
  }
  const bobVault = await localVaultIn(folder);
  const { db } = bobVault.engine.tables;
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(acknowledged.size).toBeGreaterThan(ROUNDS);
  for (const i of acknowledged) {
    expect(bobVault.reader.message(sealed[i]!.stored.id)).toMatchObject({ text: `message ${i}` });
  }
  const again = new Person(bobVault, 20);
  for (const [i, one] of sealed.entries()) {
    const { outcome } = await again.open(alice, one);
    expect(acknowledged.has(i) ? outcome : 'duplicate').toBe('duplicate');
    expect(outcome).not.toBe('refused');
  }
  const page = { conversation: CONVERSATION, limit: 500 };
  const texts = bobVault.reader.messages(page).map((message) => message.text);
  expect(texts).toEqual(sealed.map((_, i) => `message ${i}`));
  await bobVault.dispose();
  await aliceVault.dispose();
}, 60_000);
