import { describe, expect, test } from 'vitest';
import { utf8 } from '@sotto/core/base/bytes.ts';
import type { Now } from '@sotto/core/base/time.ts';
import type { VaultRequest } from '@sotto/core/base/vault.ts';
import type { Effect, Input } from '@sotto/core/effects.ts';
import { Clock, EPOCH_MS } from './clock.ts';
import type { Answer } from './disk.ts';
import { EventLog } from './event-log.ts';
import { Host, type HostFlaws } from './host.ts';
import { Network } from './network.ts';
import type { SimNode } from './process.ts';
import { Scheduler } from './scheduler.ts';
import { prngFor, seedFor } from './seed.ts';
import { Weather } from './weather.ts';

/** Puts one document per command and says `ok` once it is stored. */
class Clerk implements SimNode {
  readonly #effects: Effect[] = [];
  readonly #asked = new Map<number, number>();
  #requests = 0;
  readonly inputs: string[] = [];

  handle(input: Input, now: Now): void {
    this.inputs.push(`${now.monoMs} ${input.type}`);
    if (input.type === 'command') {
      const id = this.#requests++;
      this.#asked.set(id, input.id);
      this.#effects.push({ type: 'vault', id, request: put(input.id) });
    }
    if (input.type === 'vault-reply') {
      const id = this.#asked.get(input.id)!;
      const ok = input.reply.op !== 'failed';
      this.#effects.push({
        type: 'reply',
        id,
        result: ok
          ? { ok: true, data: { type: 'done' } }
          : { ok: false, error: { code: 'no-space' } },
      });
    }
    if (input.type === 'stop') this.#effects.push({ type: 'stopped' });
  }

  poll(): Effect | undefined {
    return this.#effects.shift();
  }

  wakeAtMs(): number | undefined {
    return undefined;
  }

  stats(): Record<string, number> {
    return {};
  }
}

function put(number: number): VaultRequest {
  return { op: 'put', docs: [{ space: 'contact', key: utf8(`${number}`), value: utf8('v') }] };
}

function computer(flaws: HostFlaws = {}) {
  const scheduler = new Scheduler();
  const weather = new Weather(prngFor(1, 'weather'));
  const network = new Network({ scheduler, weather, prng: prngFor(1, 'network') });
  const nodes: Clerk[] = [];
  const committed: Answer[] = [];
  const answered: Answer[] = [];
  const errors: unknown[] = [];
  let processes = 0;
  const host = new Host({
    number: 0,
    seed: (purpose) => seedFor(1, purpose),
    scheduler,
    network,
    log: new EventLog(),
    witness: {
      committed: (_, answer) => committed.push(answer),
      answered: (_, answer) => answered.push(answer),
      threw: (_, error) => errors.push(error),
      loggedError: () => undefined,
      spins: () => undefined,
      died: () => undefined,
    },
    makeNode: () => {
      nodes.push(new Clerk());
      return nodes.at(-1)!;
    },
    nextProcess: () => processes++,
    flaws,
  });
  const ask = (): { said: string } => {
    const answer = { said: 'nothing' };
    host.command({ type: 'status' }, (result) => {
      answer.said = result === undefined ? 'died' : result.ok ? 'ok' : result.error.code;
    });
    return answer;
  };
  return { answered, ask, committed, errors, host, network, nodes, scheduler };
}

describe('host', () => {
  test('what was answered is on disk, wherever the process dies', () => {
    let died = 0;
    let stored = 0;
    for (let fuse = 0; fuse < 12; fuse++) {
      const { ask, host, scheduler } = computer();
      host.start();
      host.lightFuse(fuse, 'killed');
      const answers = [ask(), ask()];
      scheduler.runUntil(1_000);
      const said = answers.map((answer) => answer.said);
      const docs = host.vault.docs().length;
      expect(docs).toBeGreaterThanOrEqual(said.filter((one) => one === 'ok').length);
      if (said.includes('died')) died++;
      if (said.includes('died') && docs > 0) stored++;
    }
    expect(died).toBeGreaterThan(3);
    expect(stored, 'some die between commit and answer').toBeGreaterThan(0);
  });

  test('a process that died between request and commit left nothing', () => {
    const { ask, host, scheduler } = computer();
    host.start();
    host.lightFuse(1, 'killed'); // the effect goes out, the disk does not begin
    const answer = ask();
    scheduler.runUntil(1_000);
    expect([answer.said, host.up, host.vault.docs().length]).toEqual(['died', false, 0]);
    host.start();
    const again = ask();
    scheduler.runUntil(2_000);
    expect([again.said, host.vault.docs().length]).toEqual(['ok', 1]);
  });

  test('a full disk says so and keeps nothing', () => {
    const { ask, host, scheduler } = computer();
    host.start();
    host.disk.health.full = true;
    const answer = ask();
    scheduler.runUntil(1_000);
    expect([answer.said, host.vault.docs().length]).toEqual(['no-space', 0]);
  });

  test('planted: an answer before the commit is lost in a crash', () => {
    const { answered, ask, committed, host, scheduler } = computer({ earlyOps: new Set(['put']) });
    host.start();
    const answer = ask();
    scheduler.runUntil(100);
    expect([answer.said, answered.length, committed.length]).toEqual(['ok', 1, 0]);
    host.crash('killed');
    expect(host.vault.docs().length).toBe(0);
  });

  test('moves while it is off, and is found at its new address', () => {
    const { host, network } = computer();
    host.start();
    const before = host.endpoint;
    host.crash('unplugged');
    host.move();
    host.start();
    expect(host.endpoint).not.toEqual(before);
    expect(network.at(before.host)).toBeUndefined();
    expect(network.at(host.endpoint.host)?.udpPort).toBe(host.endpoint.port);
  });

  test('stops when asked, and a new process has a clock of its own', () => {
    const { host, nodes, scheduler } = computer();
    host.start();
    let stopped = false;
    host.stop(() => (stopped = true));
    scheduler.runUntil(100);
    expect([stopped, host.up]).toEqual([true, false]);
    host.start();
    expect(nodes.map((node) => node.inputs[0])).toEqual(['0 start', '1000 start']);
  });

  test('a node that throws is told of', () => {
    const { errors, host, nodes } = computer();
    host.start();
    nodes[0]!.handle = () => {
      throw new Error('a bug');
    };
    host.command({ type: 'status' }, () => undefined);
    expect(errors).toEqual([new Error('a bug')]);
    expect(host.up).toBe(false);
  });
});

describe('clock', () => {
  test('the wall clock jumps and drifts, the monotonic one only goes on', () => {
    const clock = new Clock();
    clock.restart(0, 500);
    expect(clock.now(1_000)).toEqual({ monoMs: 1_500, wallMs: EPOCH_MS + 1_000 });
    clock.step(-5_000);
    expect(clock.now(1_000)).toEqual({ monoMs: 1_500, wallMs: EPOCH_MS - 4_000 });
    clock.set(1_000, 60_000);
    expect(clock.now(2_000)).toEqual({ monoMs: 2_500, wallMs: 61_000 });
    clock.correct(2_000);
    clock.drift(2_000, 1.01);
    expect(clock.now(102_000)).toEqual({ monoMs: 103_500, wallMs: EPOCH_MS + 103_000 });
    expect(clock.trueTimeOf(103_500)).toBeCloseTo(102_000);
  });

  test('the wall clock never shows a time before 1970', () => {
    const clock = new Clock();
    clock.set(0, 1_000);
    clock.step(-10_000);
    expect(clock.now(0).wallMs).toBe(0);
  });
});
