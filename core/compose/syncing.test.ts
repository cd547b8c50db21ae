import { expect, test } from 'vitest';
import { asDict, decode } from '../base/bencode.ts';
import { hex } from '../base/bytes.ts';
import type { Effect } from '../effects.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import type { Birth } from '../path/birthday.ts';
import { CALLS_AT_MS } from '../path/calls.ts';
import type { Route } from '../path/candidates.ts';
import { OPENER_BYTES } from '../path/openers.ts';
import { Probes } from '../path/probes.ts';
import { SYNC_MANY_MS } from '../path/sync.ts';
import { Birthdays } from './birthdays.ts';
import { Calling } from './calling.ts';
import { Context } from './context.ts';
import { Syncing, type SyncSession } from './syncing.ts';

const { bytes } = new Prng(33);
const ONE_WAY_MS = 40;
const ROUTES: Route[] = [1, 2].map((port) => ({
  transport: 'udp',
  endpoint: { host: '192.0.2.9', port },
}));
const RELAY: Route = { transport: 'circuit', endpoint: { host: '192.0.2.1', port: 443 } };
const IDENTITY = bytes(32);
const EXPORTER = new Secret('link exporter', bytes(32));
/** Where nobody said that somebody is. */
const UNKNOWN = { host: '192.0.2.9', port: 7 };
const DIRECT: Route = { transport: 'tcp', endpoint: { host: '192.0.2.9', port: 1 } };

/** One end of a link, with what it does by the time at which it does it. */
class End {
  readonly context = new Context(bytes, {
    ...{ bootstrap: [], dht: false, readOnly: false, allowReserved: true },
    displayName: undefined,
  });
  readonly said: { atMs: number; body: Uint8Array }[] = [];
  readonly attachedAtMs: number[] = [];
  readonly attachedTo: (readonly Route[])[] = [];
  readonly opened: { atMs: number; bytes: Uint8Array; port: number }[] = [];
  /** It left a part of the window for something surer. */
  sparing = false;
  allowed = true;
  birth: Birth | undefined;
  mouths = 0;
  closed = false;
  readonly birthdays = new Birthdays(this.context);
  readonly calling = new Calling(this.context, new Probes());
  readonly syncing = new Syncing(
    this.context,
    {
      birthdays: this.birthdays,
      calling: this.calling,
      openings: () => ({ identity: IDENTITY, routes: ROUTES, birth: this.birth }),
      endOpenings: (identity) => {
        this.birthdays.end(hex(identity));
        this.calling.end(hex(identity));
      },
      attach: (_link, routes, isCalled) => {
        this.sparing ||= isCalled !== true;
        this.attachedAtMs.push(this.context.now.monoMs);
        this.attachedTo.push(routes);
      },
      send: (_link, body) => this.said.push({ atMs: this.context.now.monoMs, body }) > 0,
    },
    () => this.allowed,
  );

  constructor(readonly initiator: boolean) {
    this.look(RELAY);
  }

  /** @param hasPath false: it is lost. */
  look(at: Route, isKnown = true, hasPath = true): void {
    const device = isKnown ? 'device' : undefined;
    const up = { initiator: this.initiator, exporter: EXPORTER };
    const session: SyncSession = { link: 1, up, device, at };
    this.syncing.look(session, hasPath ? at : undefined);
  }

  at(nowMs: number): void {
    this.context.now = { monoMs: nowMs, wallMs: nowMs };
    this.syncing.handleTimeout();
    this.birthdays.handleTimeout();
    this.calling.handleTimeout();
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
      if (out.type === 'mouth') this.mouths++;
      if (out.type === 'mouths-close') this.closed = true;
      if (out.type !== 'datagram') continue;
      this.opened.push({ atMs, bytes: out.bytes, port: out.to.port });
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
  carry([ana, ben], 12_000);
  const atMs = 3 * ONE_WAY_MS;
  expect(ana.attachedAtMs).toEqual([atMs]);
  expect([ana.opened, ben.opened[0]!.atMs]).toEqual([[], atMs]);
  expect(ben.opened.every((one) => one.bytes.length === OPENER_BYTES)).toBe(true);
  const times = CALLS_AT_MS.flatMap((ms) => ROUTES.map(() => atMs + ms));
  expect(ben.opened.map((one) => one.atMs)).toEqual(times);
  expect(new Set(ben.opened.map(({ port }) => port)).size).toBe(2);
});

test('[PTH-28] where a call comes from the initiator attaches, whoever named that place', () => {
  const [ana, ben] = [new End(true), new End(false)];
  carry([ana, ben], 1_000);
  const call = ben.opened[0]!.bytes;
  expect(ana.syncing.handleDatagram(UNKNOWN, bytes(OPENER_BYTES))).toBe(false);
  expect(ana.syncing.handleDatagram(UNKNOWN, call.slice(1))).toBe(false);
  expect(ana.attachedTo.length).toBe(1);
  for (let i = 0; i < 2; i++) expect(ana.syncing.handleDatagram(UNKNOWN, call)).toBe(true);
  expect(ana.attachedTo.slice(1)).toEqual([[{ transport: 'udp', endpoint: UNKNOWN }]]);
  // Who repeats calls from ever other places makes us send to few of them.
  for (let port = 100; port < 200; port++) {
    ana.syncing.handleDatagram({ host: '192.0.2.66', port }, call);
  }
  expect(ana.attachedTo.length).toBeLessThan(6);
  expect(ben.syncing.handleDatagram(UNKNOWN, call)).toBe(false);
  carry([ana, ben], 11_000);
  expect(ana.syncing.handleDatagram({ host: '192.0.2.9', port: 8 }, call)).toBe(false);
});

test('[PTH-28] a call by a way that the policies shut leads to nothing', () => {
  const [ana, ben] = [new End(true), new End(false)];
  carry([ana, ben], 1_000);
  ana.allowed = false;
  expect(ana.syncing.handleDatagram(UNKNOWN, ben.opened[0]!.bytes)).toBe(true);
  expect(ana.attachedTo.length).toBe(1);
});

test('[PTH-21] as soon as one side has said anew where it is, both try again', () => {
  const [ana, ben] = [new End(true), new End(false)];
  carry([ana, ben], 1_000);
  for (const end of [ana, ben]) end.syncing.news(1);
  ben.said.length = 0;
  ana.said.length = 0;
  const attached = ana.attachedAtMs.length;
  for (let nowMs = 1_005; nowMs <= 2_000; nowMs += 5) {
    for (const [i, end] of [ana, ben].entries()) {
      end.at(nowMs);
      const due = [ana, ben][1 - i]!.said.filter(({ atMs }) => atMs + ONE_WAY_MS === nowMs);
      for (const { body } of due) end.hear(body, nowMs);
    }
  }
  expect(ana.attachedAtMs.slice(attached)).toEqual([1_005 + 3 * ONE_WAY_MS]);
});

test('[PTH-21] where another circuit takes the place of the path, both try again at once', () => {
  const asks = (next: (ana: End) => void): number => {
    const [ana, ben] = [new End(true), new End(false)];
    carry([ana, ben], 1_000);
    const before = ana.said.length;
    next(ana);
    ana.at(1_005);
    return ana.said.length - before;
  };
  const other: Route = { ...RELAY, endpoint: { host: '192.0.2.2', port: 443 } };
  expect(asks((ana) => ana.look(other))).toBe(1);
  expect(asks((ana) => ana.look({ ...RELAY }))).toBe(0);
  const comesBack = (ana: End): void => {
    ana.look(RELAY, true, false);
    ana.look(RELAY);
  };
  expect(asks(comesBack)).toBe(1);
  expect(asks((ana) => ana.look(RELAY, true, false))).toBe(0);
});

test('[PTH-3] openings and answers to calls may use the whole window', () => {
  const [ana, ben] = [new End(true), new End(false)];
  carry([ana, ben], 1_000);
  ana.syncing.handleDatagram(UNKNOWN, ben.opened[0]!.bytes);
  expect([ana.attachedTo.length, ana.sparing]).toEqual([2, false]);
});

test('[PTH-28] ⚑ [POL-7] a link that is gone calls no more', () => {
  const [ana, ben] = [new End(true), new End(false)];
  carry([ana, ben], 3 * ONE_WAY_MS + 200);
  expect(ben.opened.length).toBe(ROUTES.length);
  ben.syncing.forget(1);
  for (let nowMs = 400; nowMs < 5_000; nowMs += 100) ben.at(nowMs);
  expect(ben.opened.length).toBe(ROUTES.length);
});

test('[PTH-28] after the next go a place from which a call came before is tried again', () => {
  const [ana, ben] = [new End(true), new End(false)];
  carry([ana, ben], 1_000);
  const call = ben.opened[0]!.bytes;
  const before = ana.attachedTo.length;
  for (let i = 0; i < 2; i++) ana.syncing.handleDatagram(UNKNOWN, call);
  expect(ana.attachedTo.length).toBe(before + 1);
  ana.syncing.news(1);
  ana.at(1_005);
  ana.hear(ben.said[0]!.body, 1_085);
  ana.syncing.handleDatagram(UNKNOWN, call);
  expect(ana.attachedTo.length).toBe(before + 2);
});

test('[PTH-21] a direct path is left alone, and so is a link that leads to nobody known', () => {
  const [ana, ben] = [new End(true), new End(false)];
  ana.look(DIRECT);
  ana.look(RELAY, false);
  carry([ana, ben], 60_000);
  expect([ana.said, ben.said, ana.attachedAtMs, ben.opened]).toEqual([[], [], [], []]);
  expect(ana.syncing.wakeAtMs()).toBeUndefined();
});

test('[PTH-29] two seconds after the plain try both guess ports, if a router needs it', () => {
  const birth = { role: 'mouths', to: ROUTES[0]!.endpoint } as const;
  const [ana, ben] = [new End(true), new End(false)];
  ana.birth = birth;
  ben.birth = { role: 'probes', to: ROUTES[0]!.endpoint };
  carry([ana, ben], 3 * ONE_WAY_MS + SYNC_MANY_MS + ONE_WAY_MS + 1_000);
  expect(ana.mouths).toBeGreaterThan(90);
  const probes = ben.opened.filter(({ port }) => port > 2);
  expect(probes.length).toBeGreaterThan(90);
  // The responder hears a call by one of them: it answers there, where the initiator listens.
  const [call] = probes;
  const before = ben.opened.length;
  expect(ben.syncing.handleDatagram(UNKNOWN, call!.bytes)).toBe(true);
  ben.at(5_000);
  expect(ben.opened.slice(before).some(({ port }) => port === UNKNOWN.port)).toBe(true);
  expect(ana.syncing.handleDatagram(UNKNOWN, call!.bytes)).toBe(true);
  expect(ana.attachedTo.at(-1)).toEqual([{ transport: 'udp', endpoint: UNKNOWN }]);
  // A direct path ends it at once.
  ana.look(DIRECT);
  ana.at(5_001);
  expect(ana.closed).toBe(true);
  const none = [new End(true), new End(false)] as const;
  carry(none, 5_000);
  expect(none[0].said.length).toBe(2);
});
