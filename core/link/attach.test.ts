import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { ATTACH_BLOCKS, AttachCounter, AttachIndex } from './attach.ts';
import { ATTACH_BLOCK_IDS, type AttachRoot } from './handshake.ts';

const prng = new Prng(11);
const rootOf = (): AttachRoot => ({
  root: new Secret('path attach', prng.bytes(32)),
  hash: prng.bytes(32),
});
const WINDOW = ATTACH_BLOCKS * ATTACH_BLOCK_IDS;

test('[LNK-34] an attach id finds its link, works once, and says nothing of other links', () => {
  const index = new AttachIndex<string>();
  const roots = [rootOf(), rootOf(), rootOf()];
  roots.forEach((root, i) => index.add(`link ${i}`, root));
  expect(index.size).toBe(3 * WINDOW);
  const { opening } = new AttachCounter(roots[1]!).take()!;
  expect(index.find(opening)).toBe('link 1');
  index.use(opening);
  expect(index.find(opening)).toBeUndefined();
  expect(index.find(prng.bytes(32))).toBeUndefined();
});

test('[LNK-34] the window moves with use, so ids never run out while attaches succeed', () => {
  const root = rootOf();
  const index = new AttachIndex<string>();
  const counter = new AttachCounter(root);
  index.add('link', root);
  const seen = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const { opening, block } = counter.take()!;
    seen.add(String.fromCharCode(...opening));
    expect(index.find(opening)).toBe('link');
    if (i % 7 === 0) {
      index.use(opening);
      counter.confirmed(block);
    }
    expect(index.size).toBeLessThanOrEqual(WINDOW);
  }
  expect(seen.size).toBe(300);
});

test('[LNK-34] without an answer the initiator stops where the responder would not know it', () => {
  const counter = new AttachCounter(rootOf());
  for (let i = 0; i < WINDOW; i++) expect(counter.take()).toBeDefined();
  expect(counter.take()).toBeUndefined();
});

test('[LNK-34] a link that is gone leaves no id behind', () => {
  const index = new AttachIndex<string>();
  const root = rootOf();
  index.add('link', root);
  index.remove('link');
  index.remove('link');
  expect(index.size).toBe(0);
  expect(index.find(new AttachCounter(root).take()!.opening)).toBeUndefined();
});
