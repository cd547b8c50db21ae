import { expect, test } from 'vitest';
import { asDict, decode } from '../base/bencode.ts';
import type { Effect } from '../effects.ts';
import { Prng } from '../base/prng.ts';
import type { Route } from '../path/candidates.ts';
import { OPENER_BYTES } from '../path/openers.ts';
import { Probes } from '../path/probes.ts';
import { SYNC_FIRST_MS } from '../path/sync.ts';
import { Context } from './context.ts';
import { Syncing, type SyncSession } from './syncing.ts';

const { bytes } = new Prng(33);
const ONE_WAY_MS = 40;
const ROUTES: Route[] = [1, 2].map((port) => ({
  transport: 'udp',
  endpoint: { host: '192.0.2.9', port },
}));
const RELAY: Route = { transport: 'circuit', endpoint: { host: '192.0.2.1', port: 443 } };
const DIRECT: Route = { transport: 'tcp', endpoint: { host: '192.0.2.9', port: 1 } };

/** One end of a link, with what it does by the time at which it does it. */
class End {
  readonly context = new Context(bytes, {
    ...{ bootstrap: [], dht: false, readOnly: false, allowReserved: true },
    displayName: undefined,
  });
  readonly said: { atMs: number; body: Uint8Array }[] = [];
  readonly attachedAtMs: number[] = [];
  readonly opened: { atMs: number; bytes: number; port: number }[] = [];
  readonly syncing = new Syncing(this.context, {
    probes: new Probes(),
    openings: () => ({ identity: bytes(32), routes: ROUTES }),
    attach: () => void this.attachedAtMs.push(this.context.now.monoMs),
    send: (_link, body) => this.said.push({ atMs: this.context.now.monoMs, body }) > 0,
  });

  constructor(readonly initiator: boolean) {
    this.look(RELAY);
  }

  look(at: Route, isKnown = true): void {
    const device = isKnown ? 'device' : undefined;
    const session: SyncSession = { link: 1, up: { initiator: this.initiator }, device, at };
    this.syncing.look(session);
  }

  at(nowMs: number): void {
    this.context.now = { monoMs: nowMs, wallMs: nowMs };
    this.syncing.handleTimeout();
    this.#note(nowMs);
  }

  hear(body: Uint8Array, nowMs: number): void {
    this.context.now = { monoMs: nowMs, wallMs: nowMs };
    const decoded = decode(body);
    if (decoded.ok) this.syncing.handleMessage(1, asDict(decoded.value)!);
    this.#note(nowMs);
  }

  #note(atMs: number): void {
    for (let out: Effect | undefined = this.context.poll(); out; out = this.context.poll()) {
      if (out.type !== 'datagram') continue;
      this.opened.push({ atMs, bytes: out.bytes.length, port: out.to.port });
    }
  }
}

/** A relay between them that takes its time; everything until `untilMs`. */
function carry(ends: readonly [End, End], untilMs: number): void {
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 5) {
    for (const [i, end] of ends.entries()) {
      end.at(nowMs);
      const due = ends[1 - i]!.said.filter(({ atMs }) => atMs + ONE_WAY_MS === nowMs);
      for (const { body } of due) end.hear(body, nowMs);
    }
  }
}

test('[PTH-20] over a relay the responder opens when the initiator attaches, at one instant', () => {
  const [ana, ben] = [new End(true), new End(false)];
  carry([ana, ben], SYNC_FIRST_MS + 12_000);
  const atMs = SYNC_FIRST_MS + 3 * ONE_WAY_MS;
  expect(ana.attachedAtMs).toEqual([atMs]);
  expect([ana.opened.length, ben.opened[0]]).toEqual([
    0,
    { atMs, bytes: OPENER_BYTES, port: ROUTES[0]!.endpoint.port },
  ]);
  expect(ben.opened.length).toBe(16);
  expect(new Set(ben.opened.map(({ port }) => port)).size).toBe(2);
});

test('[PTH-21] a direct path is left alone, and so is a link that leads to nobody known', () => {
  const [ana, ben] = [new End(true), new End(false)];
  ana.look(DIRECT);
  ana.look(RELAY, false);
  carry([ana, ben], 60_000);
  expect([ana.said, ben.said, ana.attachedAtMs, ben.opened]).toEqual([[], [], [], []]);
  expect(ana.syncing.wakeAtMs()).toBeUndefined();
});
