/**
 * A DHT in memory for tests of the door: keeps the rules of BEP 44, answers at once or by `run`,
 * counts what it is asked, and lets an attacker read and write all of it.
 * @module
 */
import { decode } from '../base/bencode.ts';
import { hex } from '../base/bytes.ts';
import type { DhtPort, Got, Stored, TakeBack } from './dht-port.ts';
import {
  immutableTarget,
  mutableTarget,
  targetOf,
  verifyItem,
  type FoundItem,
  type ItemQuery,
  type SignedItem,
} from './item.ts';
import type { PutItem } from './operations.ts';

export class MemoryDht implements DhtPort {
  readonly items = new Map<string, PutItem>();
  readonly asked: string[] = [];
  gets = 0;
  puts = 0;
  /** With nobody there no question finds anything, and no put is kept. */
  offline = false;
  /** Nodes that keep what is put. */
  copies = 8;
  #waiting: (() => void)[] = [];

  get(query: ItemQuery, done: (got: Got) => void): TakeBack {
    this.gets++;
    const key = hex(targetOf(query));
    this.asked.push(key);
    return this.#later(() => {
      if (this.offline) return done({ responders: 0 });
      const item = this.find(key);
      done({ responders: 8, ...(item && { item }) });
    });
  }

  put(item: PutItem, done: (put: Stored) => void): TakeBack {
    this.puts++;
    return this.#later(() => {
      if (this.offline) return done({ stored: 0 });
      const seen = this.find(keyOf(item));
      this.write(item);
      done({ stored: this.copies, ...(seen && { seen }) });
    });
  }

  /** Answers what was asked, and what that leads to. */
  run(): void {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) next();
  }

  /** Keeps an item where BEP 44 lets a node do so. */
  write(item: PutItem): void {
    const key = keyOf(item);
    const kept = this.items.get(key);
    const older = kept && 'seq' in kept && 'seq' in item && item.seq <= kept.seq;
    if (older || ('seq' in item && !verifyItem(item))) return;
    this.items.set(key, item);
  }

  find(key: string): FoundItem | undefined {
    const item = this.items.get(key);
    if (!item) return undefined;
    const raw = 'immutable' in item ? item.immutable : item.raw;
    const decoded = decode(raw);
    if (!decoded.ok) return undefined;
    const mutable = item as SignedItem;
    const signed = 'seq' in item && { seq: mutable.seq, signature: mutable.signature };
    return { value: decoded.value, raw, ...signed };
  }

  #later(answer: () => void): TakeBack {
    let open = true;
    this.#waiting.push(() => {
      if (open) answer();
    });
    return () => void (open = false);
  }
}

function keyOf(item: PutItem): string {
  const target =
    'immutable' in item ? immutableTarget(item.immutable) : mutableTarget(item.publicKey);
  return hex(target);
}
