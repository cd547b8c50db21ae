import { describe, expect, test } from 'vitest';
import { encode } from '../base/bencode.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { SigningKey } from '../crypto/sign.ts';
import type { DhtPort, Got } from '../discovery/dht-port.ts';
import { immutableTarget, signItem, type SignedItem } from '../discovery/item.ts';
import type { Answer, Question } from '../relay/question.ts';
import { Rig, type RigClient } from '../relay/testing/rig.ts';
import { Context } from './context.ts';
import { askFor, type Asker, AVOID_MS, RelayedDht, TRIES_MAX, WAIT_MS } from './relayed-dht.ts';

const prng = new Prng(21);
const SIGNER = new SigningKey(new Secret('record', prng.bytes(32)));
const item = (seq: number, text = 'where we are'): SignedItem =>
  signItem(SIGNER, { seq, value: text });
const foundOf = ({ raw, seq, signature }: SignedItem): Answer => ({
  nodes: 8,
  item: { raw, signed: { seq, signature } },
});
const NOTHING: Answer = { nodes: 8, item: undefined };
const KEY = { publicKey: SIGNER.publicKey };

/** Relays that answer as they are told to, and us behind them. */
class Scene {
  readonly context = new Context(prng.bytes, {
    bootstrap: [],
    dht: true,
    readOnly: false,
    allowReserved: true,
    displayName: undefined,
  });
  readonly rigs: Rig[];
  readonly askers: (Asker & { isUp: boolean; needed: number })[];
  hasWay = true;
  readonly dht: RelayedDht;

  constructor(relays: number, isUp = true) {
    this.rigs = Array.from({ length: relays }, (_, i) => new Rig(i + 1));
    this.askers = this.rigs.map((rig, i) => {
      const client: RigClient = rig.client();
      const asker = {
        name: `${i}`,
        isUp,
        client: client.core,
        needed: 0,
        need: () => void asker.needed++,
        drain: () => rig.settle(),
      };
      return asker;
    });
    this.dht = new RelayedDht(this.context, {
      asker: (isAvoided) => {
        if (!this.hasWay) return undefined;
        return this.askers.find(({ name }) => !isAvoided(name)) ?? this.askers[0];
      },
    });
    this.run(1_000);
  }

  /** What each relay was asked. */
  get asked(): readonly (readonly Question[])[] {
    return this.rigs.map((rig) => rig.asked.map(({ what }) => what));
  }

  answer(relay: number, answer: Answer | undefined): void {
    this.rigs[relay]!.asked.at(-1)!.done(answer);
    this.rigs[relay]!.settle();
  }

  run(ms: number): void {
    const monoMs = this.context.now.monoMs + ms;
    this.context.now = { monoMs, wallMs: 1.7e12 + monoMs };
    for (const rig of this.rigs) rig.nowMs = monoMs;
    this.dht.handleTimeout();
  }

  get(): Got[] {
    const got: Got[] = [];
    this.dht.get(KEY, (one) => got.push(one));
    return got;
  }
}

describe('[RLY-22] what relays find for us', () => {
  test('is what lies there, where signature or hash prove it', () => {
    const scene = new Scene(1);
    const got = scene.get();
    expect(scene.asked).toEqual([[{ type: 'get', key: KEY.publicKey }]]);
    scene.answer(0, foundOf(item(4)));
    expect(got).toMatchObject([{ responders: 8, item: { seq: 4n } }]);
    const raw = encode('a piece');
    const pieces: Got[] = [];
    scene.dht.get({ target: immutableTarget(raw) }, (one) => pieces.push(one));
    scene.answer(0, { nodes: 3, item: { raw, signed: undefined } });
    expect(pieces).toMatchObject([{ responders: 3, item: { raw } }]);
  });

  test('⚑ a relay that makes something up is not believed, and another one is asked', () => {
    const scene = new Scene(2);
    const got = scene.get();
    const forged = foundOf(item(4));
    scene.answer(0, { ...forged, item: { ...forged.item!, raw: encode('somewhere else') } });
    expect(got).toEqual([]);
    expect(scene.asked[1]).toHaveLength(1);
    scene.answer(1, foundOf(item(5)));
    expect(got).toMatchObject([{ item: { seq: 5n } }]);
    // The liar is asked last for two minutes.
    scene.get();
    expect(scene.asked.map(({ length }) => length)).toEqual([1, 2]);
    scene.run(AVOID_MS);
    scene.get();
    expect(scene.asked.map(({ length }) => length)).toEqual([2, 2]);
    expect(scene.dht.stats()['lies']).toBe(1);
  });

  test('three tries in all: then nothing is known', () => {
    const scene = new Scene(1);
    const got = scene.get();
    for (let i = 0; i < TRIES_MAX; i++) scene.answer(0, undefined);
    expect(scene.asked[0]).toHaveLength(TRIES_MAX);
    expect(got).toEqual([{ responders: 0 }]);
  });

  test('a put is told who holds it, and what lay there before', () => {
    const scene = new Scene(1);
    const put: unknown[] = [];
    scene.dht.put(item(6), (one) => put.push(one));
    expect(scene.asked[0]).toMatchObject([{ type: 'put', signed: { seq: 6n } }]);
    scene.answer(0, foundOf(item(2)));
    expect(put).toMatchObject([{ stored: 8, seen: { seq: 2n } }]);
  });

  test('a question waits 30 s for a way, and goes as soon as there is one', () => {
    const scene = new Scene(1);
    scene.hasWay = false;
    const [first, second] = [scene.get(), scene.get()];
    expect(scene.asked).toEqual([[]]);
    scene.run(WAIT_MS - 1);
    expect(first).toEqual([]);
    scene.hasWay = true;
    scene.dht.handleWay();
    expect(scene.asked[0]).toHaveLength(2);
    scene.answer(0, NOTHING);
    expect(second).toEqual([{ responders: 8 }]);
    scene.hasWay = false;
    const late = scene.get();
    expect(scene.dht.wakeAtMs()).toBe(scene.context.now.monoMs + WAIT_MS);
    scene.run(WAIT_MS);
    expect(late).toEqual([{ responders: 0 }]);
  });

  test('a link is made where there is none; one that fails is another try', () => {
    const scene = new Scene(2, false);
    const got = scene.get();
    expect(scene.askers.map(({ needed }) => needed)).toEqual([1, 0]);
    scene.dht.handleSettled(scene.askers[0]!, false);
    expect(scene.askers.map(({ needed }) => needed)).toEqual([1, 1]);
    scene.askers[1]!.isUp = true;
    scene.dht.handleSettled(scene.askers[1]!, true);
    scene.answer(1, NOTHING);
    expect(got).toEqual([{ responders: 8 }]);
  });

  test('more than a relay takes at a time wait their turn; one taken back is not asked', () => {
    const scene = new Scene(1);
    const all = Array.from({ length: 20 }, () => scene.get());
    expect(scene.asked[0]).toHaveLength(16);
    const takeBack = scene.dht.get(KEY, () => expect.unreachable());
    takeBack();
    for (const { done } of [...scene.rigs[0]!.asked]) done(NOTHING);
    scene.rigs[0]!.settle();
    for (const { done } of scene.rigs[0]!.asked.slice(16)) done(NOTHING);
    scene.rigs[0]!.settle();
    expect(all.every((got) => got.length === 1)).toBe(true);
    expect(scene.dht.stats()).toMatchObject({ waiting: 0, underWay: 0 });
  });
});

describe('[RLY-20] what a relay asks for a client', () => {
  const asked: string[] = [];
  const dht: DhtPort = {
    get: (query, done) => {
      asked.push('target' in query ? 'target' : 'key');
      done({ responders: 0 });
      return () => undefined;
    },
    put: (one, done) => {
      asked.push('immutable' in one ? 'bytes' : 'item');
      done({ stored: 2_000 });
      return () => undefined;
    },
  };
  const ask = (what: Question): Answer | undefined => {
    let answer: Answer | undefined;
    askFor(dht, what, (one) => void (answer = one));
    return answer;
  };

  test('⚑ only what is an item is put; where nobody answers there is no answer', () => {
    const { publicKey: key, raw, seq, signature } = item(3);
    expect(ask({ type: 'get', key })).toBeUndefined();
    expect(ask({ type: 'put', raw, signed: { key, seq, signature } })).toEqual({ nodes: 1_000 });
    expect(ask({ type: 'put', raw, signed: { key, seq: 4n, signature } })).toBeUndefined();
    expect(ask({ type: 'put', raw: raw.subarray(1) })).toBeUndefined();
    expect(asked).toEqual(['key', 'item']);
  });
});
