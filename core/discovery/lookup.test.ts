import { describe, expect, test } from 'vitest';
import { ASKS_MAX, type Candidate } from './candidate.ts';
import { Prng } from '../base/prng.ts';
import { idForHost, idSharing, isCompliant, sharedBits } from './node-id.ts';
import {
  ALPHA,
  ALPHA_ARRIVED,
  CANDIDATES_MAX,
  Lookup,
  LOOKUP_QUERIES_MAX,
  MASK_BITS_MAX,
  NAMED_NODES_MAX,
  PATHS,
  PATHS_MAX,
  OUTLAW_QUERIES_MAX,
  type Seed,
} from './lookup.ts';

const random = new Prng(11).bytes;
const target = random(20);
const ownId = random(20);
const token = new Uint8Array(4);

/** A node of a private network, where every id complies, sharing `bits` bits with the target. */
function near(i: number, bits: number): Seed & { id: Uint8Array } {
  return {
    id: idSharing(target, bits, random),
    endpoint: { host: `10.0.${i >> 8}.${i & 255}`, port: 6881 },
  };
}

/** A public node with a free choice of id: it breaks BEP 42. */
function outlaw(i: number, bits: number): Seed & { id: Uint8Array } {
  const endpoint = { host: `60.${i >> 8}.${i & 255}.9`, port: 6881 };
  let id = idSharing(target, bits, random);
  while (isCompliant(id, endpoint.host)) id = idSharing(target, bits, random);
  return { id, endpoint };
}

/** A public node that complies; how near it is, nobody chooses. */
function lawful(i: number): Seed & { id: Uint8Array } {
  const endpoint = { host: `70.${i >> 8}.${i & 255}.9`, port: 6881 };
  return { id: idForHost(endpoint.host, random), endpoint };
}

function takeAll(lookup: Lookup): Candidate[] {
  const taken: Candidate[] = [];
  for (let next = lookup.take(); next; next = lookup.take()) taken.push(next);
  return taken;
}

function make(width = 8, tokens = true): Lookup {
  return new Lookup(target, { width, tokens }, ownId);
}

/** Answers or fails everybody asked, until nobody is left to ask. */
function finish(lookup: Lookup, answers: (candidate: Candidate) => boolean): number {
  let asked = 0;
  for (let next = lookup.take(); next; next = lookup.take()) {
    asked++;
    if (answers(next)) lookup.answered(next, next.id!, token);
    else lookup.failed(next);
    if (lookup.done()) break;
  }
  return asked;
}

describe('whom it asks', () => {
  test('[DHT-41] the nearest first, four at a time, ten once it has arrived', () => {
    const lookup = make();
    const seeds = Array.from({ length: 30 }, (_, i) => near(i, i));
    lookup.offer(seeds.toReversed());
    const first = takeAll(lookup);
    expect(first.map((candidate) => candidate.id)).toEqual(
      seeds
        .slice(-4)
        .reverse()
        .map((s) => s.id),
    );
    expect(first).toHaveLength(ALPHA);
    for (const candidate of first.slice(0, 3)) lookup.answered(candidate, candidate.id!, undefined);
    // Eight in all, for no more can belong to the set.
    expect(takeAll(lookup).length + 1).toBe(8);
    const wide = make(16);
    wide.offer(seeds.toReversed());
    const three = takeAll(wide).slice(0, 3);
    for (const candidate of three) wide.answered(candidate, candidate.id!, token);
    expect(takeAll(wide).length + 1).toBe(ALPHA_ARRIVED);
  });

  test('[DHT-41] ten once one of those has answered who should be the closest', () => {
    for (const [reach, inFlight] of [
      [2 ** -10, ALPHA_ARRIVED] as const,
      [2 ** -14, ALPHA] as const,
    ]) {
      const lookup = new Lookup(target, { width: 16, tokens: true, reach }, ownId);
      lookup.offer([near(0, 12), ...Array.from({ length: 30 }, (_, i) => near(i + 1, i % 8))]);
      const [nearest, ...others] = takeAll(lookup);
      lookup.answered(nearest!, nearest!.id!, token);
      expect(others.length + takeAll(lookup).length).toBe(inFlight);
    }
  });

  test('[DHT-41] ten from the start where nobody has answered in this run', () => {
    const lookup = new Lookup(target, { width: 16, tokens: true, eager: true }, ownId);
    lookup.offer(Array.from({ length: 30 }, (_, i) => near(i, i)));
    const first = takeAll(lookup);
    expect(first).toHaveLength(ALPHA_ARRIVED);
    lookup.answered(first[9]!, first[9]!.id!, token);
    expect(lookup.take()).toBeUndefined();
  });

  test('[DHT-41] a slow node does not count, so the dead never block', () => {
    const lookup = make();
    lookup.offer(Array.from({ length: 40 }, (_, i) => near(i, 10)));
    const asked = new Set<Candidate>();
    for (let round = 0; round < 10; round++) {
      for (const candidate of takeAll(lookup)) {
        asked.add(candidate);
        lookup.slow(candidate);
      }
    }
    expect(asked.size).toBe(40);
    expect(lookup.done()).toBe(false);
  });

  test('[DHT-42] a slow node near the target is asked once more, not more often', () => {
    const lookup = make();
    lookup.offer([near(1, 5)]);
    for (let ask = 1; ask <= ASKS_MAX; ask++) {
      const candidate = lookup.take()!;
      expect(candidate.asks).toBe(ask);
      lookup.slow(candidate);
    }
    expect(lookup.take()).toBeUndefined();
    expect(lookup.done()).toBe(false);
  });

  test('[DHT-46] it forgets the farthest beyond 256 candidates and ends at 200 queries', () => {
    const lookup = make(300);
    lookup.offer(Array.from({ length: 1000 }, (_, i) => near(i, i % 100)));
    expect(lookup.size).toBe(CANDIDATES_MAX);
    const asked = finish(lookup, (candidate) => candidate.key.length % 2 === 0);
    expect(asked).toBe(LOOKUP_QUERIES_MAX);
    expect([lookup.done(), lookup.limited]).toEqual([true, true]);
  });

  test('[DHT-45] one node per public address at a time, no socket twice, never ourselves', () => {
    const lookup = make();
    const [a, b] = [outlaw(1, 9), outlaw(1, 3)];
    const sibling = { id: b.id, endpoint: { ...b.endpoint, port: 7000 } };
    lookup.offer([a, a, sibling, { id: ownId, endpoint: { host: '66.6.6.6', port: 6 } }]);
    const [first, ...others] = takeAll(lookup);
    expect([first!.endpoint, others]).toEqual([a.endpoint, []]);
    // A made-up neighbour of the same address must not keep the real node out for good.
    lookup.failed(first!);
    expect(takeAll(lookup).map((candidate) => candidate.endpoint)).toEqual([sibling.endpoint]);
    const answered = make();
    answered.offer([a, sibling]);
    answered.answered(answered.take()!, a.id, token);
    expect([answered.take(), answered.done()]).toEqual([undefined, true]);
  });

  test.each([
    ['/24', (i: number) => `81.2.3.${i}`],
    ['/48', (i: number) => `2a01:2:3:${i}::1`],
  ])('[DHT-45] two nodes of one %s', (_, host) => {
    const lookup = make();
    const crowd = Array.from({ length: 12 }, (_, i) => host(i + 1)).map((at) => ({
      id: idForHost(at, random),
      endpoint: { host: at, port: 6881 },
    }));
    lookup.offer([...crowd, ...Array.from({ length: 10 }, (_, i) => lawful(i))]);
    finish(lookup, () => true);
    const own = lookup.responders().filter(({ endpoint }) => endpoint.host[0] !== '7');
    expect([lookup.done(), own.length <= 2]).toEqual([true, true]);
    expect(lookup.storeTargets(20).length).toBeGreaterThanOrEqual(8);
  });

  test('[DHT-49] a bare address is asked first and takes its place by the id it gives', () => {
    const lookup = make(2);
    lookup.offer([near(1, 3), { endpoint: { host: '10.9.9.9', port: 1 } }]);
    const router = lookup.take()!;
    expect([router.id, router.endpoint.host]).toEqual([undefined, '10.9.9.9']);
    expect(lookup.done()).toBe(false);
    lookup.answered(router, idSharing(target, 50, random), token);
    lookup.answered(lookup.take()!, near(1, 3).id, token);
    expect(lookup.done()).toBe(true);
    expect(lookup.responders()[0]).toBe(router);
  });
});

describe('when it ends', () => {
  test('[DHT-43] not before the closest set has answered (bittorrent.org#9)', () => {
    const lookup = make();
    const honest = Array.from({ length: 12 }, (_, i) => near(i, 20 + i));
    lookup.offer(honest.toReversed());
    // Colluders, farther away, answer at once, and many of them.
    lookup.offer(Array.from({ length: 40 }, (_, i) => near(100 + i, 5)));
    const asked = takeAll(lookup);
    for (const candidate of asked.slice(1)) lookup.answered(candidate, candidate.id!, token);
    for (let round = 0; round < 5; round++) {
      for (const candidate of takeAll(lookup)) lookup.answered(candidate, candidate.id!, token);
    }
    expect(lookup.responders().length).toBeGreaterThanOrEqual(7);
    expect(lookup.done()).toBe(false); // the very nearest is still silent
    lookup.slow(asked[0]!);
    expect(lookup.done()).toBe(false);
    lookup.failed(asked[0]!);
    finish(lookup, () => true);
    expect(lookup.done()).toBe(true);
    expect(lookup.responders()[0]!.id).toEqual(honest[10]!.id);
  });

  test('[DHT-43] nodes that give no token do not fill the set (jech/dht#24)', () => {
    const lookup = make();
    lookup.offer(Array.from({ length: 30 }, (_, i) => near(i, 40 - i)));
    const refuses = new Set<string>();
    for (let next = lookup.take(); next; next = lookup.take()) {
      const gives = lookup.queries > 8;
      if (!gives) refuses.add(next.key);
      lookup.answered(next, next.id!, gives ? token : undefined);
      if (lookup.done()) break;
    }
    expect(lookup.queries).toBe(16);
    const targets = lookup.storeTargets(20);
    expect(targets).toHaveLength(8);
    expect(targets.some((candidate) => refuses.has(candidate.key))).toBe(false);
  });

  test('[DHT-43] in a network of three when all three are known', () => {
    for (const size of [0, 1, 2, 3]) {
      const lookup = make(16);
      lookup.offer(Array.from({ length: size }, (_, i) => near(i, i)));
      finish(lookup, () => true);
      expect(lookup.done()).toBe(true);
      expect(lookup.storeTargets(20)).toHaveLength(size);
    }
  });

  test('[DHT-43] a find_node needs no tokens', () => {
    const lookup = make(4, false);
    lookup.offer(Array.from({ length: 10 }, (_, i) => near(i, 10 - i)));
    for (let i = 0; i < 4; i++) {
      const next = lookup.take()!;
      lookup.answered(next, next.id!, undefined);
    }
    expect(lookup.done()).toBe(true);
  });
});

describe('nodes that break BEP 42', () => {
  test('[DHT-44] a wall of them around the target neither ends nor holds up a lookup', () => {
    const lookup = make();
    const wall = Array.from({ length: 150 }, (_, i) => outlaw(i, 60 + (i % 40)));
    const honest = Array.from({ length: 12 }, (_, i) => lawful(i));
    lookup.offer([...wall, ...honest]);
    const askedOutlaws: Candidate[] = [];
    for (let next = lookup.take(); next; next = lookup.take()) {
      if (next.compliant) lookup.answered(next, next.id!, token);
      else {
        askedOutlaws.push(next);
        lookup.answered(next, next.id!, token);
      }
      if (lookup.done()) break;
    }
    expect(lookup.done()).toBe(true);
    expect(askedOutlaws.length).toBeLessThanOrEqual(OUTLAW_QUERIES_MAX);
    const targets = lookup.storeTargets(20);
    expect(targets.length).toBeGreaterThanOrEqual(8);
    expect(targets.every((candidate) => candidate.compliant)).toBe(true);
  });

  test('[DHT-44] a dead wall is not waited for', () => {
    const lookup = make();
    lookup.offer([
      ...Array.from({ length: 150 }, (_, i) => outlaw(i, 60)),
      ...Array.from({ length: 12 }, (_, i) => lawful(i)),
    ]);
    for (let round = 0; round < 30 && !lookup.done(); round++) {
      for (const candidate of takeAll(lookup)) {
        if (candidate.compliant) lookup.answered(candidate, candidate.id!, token);
        else lookup.slow(candidate);
      }
    }
    expect(lookup.done()).toBe(true);
    expect(lookup.queries).toBeLessThan(OUTLAW_QUERIES_MAX + 20);
  });

  test('[DHT-44] hold items where too few others exist', () => {
    const lookup = make();
    lookup.offer([
      ...Array.from({ length: 20 }, (_, i) => outlaw(i, 20)),
      ...Array.from({ length: 3 }, (_, i) => lawful(i)),
    ]);
    finish(lookup, () => true);
    const targets = lookup.storeTargets(20);
    expect(targets).toHaveLength(8);
    expect(targets.filter((candidate) => candidate.compliant)).toHaveLength(3);
  });

  test('[DHT-44] an id is judged again when the node answers under another', () => {
    const lookup = make();
    const seed = lawful(3);
    lookup.offer([seed]);
    const candidate = lookup.take()!;
    expect(candidate.compliant).toBe(true);
    lookup.answered(candidate, outlaw(3, 80).id, token);
    expect(candidate.compliant).toBe(false);
  });
});

describe('paths that share no node', () => {
  /** Two seeds for each path. */
  const start = (reach?: number) => {
    const lookup = new Lookup(target, { width: 8, tokens: true, reach }, ownId);
    lookup.offer(Array.from({ length: 2 * PATHS_MAX }, (_, i) => near(i, 3)));
    return lookup;
  };
  /** A liar's friends, nearer than anybody honest that is known so far. */
  const friends = Array.from({ length: 12 }, (_, i) => near(1000 + i, 12 + (i % 3)));

  test('[DHT-75] a liar who names a whole closest set does not end a lookup', () => {
    const lookup = start();
    const [liar, ...others] = takeAll(lookup) as [Candidate, ...Candidate[]];
    expect(new Set([liar, ...others].map(({ path }) => path)).size).toBe(PATHS);
    lookup.answered(liar, liar.id!, token);
    lookup.offer(friends.slice(0, 8), liar);
    // All friends answer before any honest node does.
    let rounds = 0;
    for (let next = lookup.take(); next && rounds < 20; next = lookup.take(), rounds++) {
      expect(next.path).toBe(liar.path);
      lookup.answered(next, next.id!, token);
    }
    expect([lookup.responders().length >= 8, lookup.done()]).toEqual([true, false]);
    // One honest answer brings those that are really near.
    lookup.answered(others[0]!, others[0]!.id!, token);
    lookup.offer(
      Array.from({ length: 8 }, (_, i) => near(2000 + i, 16 + i)),
      others[0],
    );
    for (const other of others.slice(1)) lookup.answered(other, other.id!, token);
    finish(lookup, () => true);
    expect(lookup.done()).toBe(true);
    const hosts = lookup.storeTargets(8).map(({ endpoint }) => endpoint.host);
    expect(hosts).toEqual(Array.from({ length: 8 }, (_, i) => near(2007 - i, 0).endpoint.host));
  });

  test('[DHT-75] a path whose nodes do not answer is given up, a slow node is passed', () => {
    const lookup = start();
    const [first, ...others] = takeAll(lookup) as [Candidate, ...Candidate[]];
    for (const other of others) lookup.answered(other, other.id!, token);
    lookup.offer(
      Array.from({ length: 8 }, (_, i) => near(3000 + i, 20 + i)),
      others[0],
    );
    lookup.slow(first);
    let taken = takeAll(lookup);
    expect(taken.some(({ path }) => path === first.path)).toBe(true);
    for (; taken.length > 0; taken = takeAll(lookup)) {
      for (const candidate of taken) {
        if (candidate.path === first.path) lookup.failed(candidate);
        else lookup.answered(candidate, candidate.id!, token);
      }
    }
    lookup.failed(first);
    expect(lookup.done()).toBe(true);
  });

  test('[DHT-76] of what one node names the eight nearest are taken', () => {
    const lookup = start();
    const before = lookup.size;
    const [liar] = takeAll(lookup) as [Candidate];
    lookup.offer(friends, liar);
    expect(lookup.size - before).toBe(NAMED_NODES_MAX);
  });

  test('[DHT-76] a liar who fills the list pushes out his own path alone', () => {
    const lookup = start();
    const taken = takeAll(lookup) as [Candidate, Candidate];
    const honest = Array.from({ length: 8 }, (_, i) => near(4000 + i, 5));
    lookup.offer(honest, taken[1]);
    for (let i = 0; i < 100; i++) {
      lookup.offer(
        Array.from({ length: 8 }, (_, j) => near(5000 + 8 * i + j, 30)),
        taken[0],
      );
    }
    expect(lookup.size).toBe(CANDIDATES_MAX);
    for (const candidate of taken) lookup.answered(candidate, candidate.id!, token);
    const hosts = takeAll(lookup).map(({ endpoint }) => endpoint.host);
    expect(honest.some(({ endpoint }) => hosts.includes(endpoint.host))).toBe(true);
  });

  test('[DHT-77] a closest set that lies too far apart is checked by more paths', () => {
    for (const [bits, paths] of [
      [12, PATHS],
      [9, PATHS_MAX],
    ] as const) {
      const lookup = start(2 ** -12);
      const liar = lookup.take()!;
      lookup.answered(liar, liar.id!, token);
      lookup.offer(
        Array.from({ length: 8 }, (_, i) => near(6000 + i, bits)),
        liar,
      );
      const asked = new Set<number>([liar.path]);
      for (let next = lookup.take(); next; next = lookup.take()) {
        asked.add(next.path);
        lookup.answered(next, next.id!, token);
      }
      expect([lookup.done(), asked.size]).toEqual([true, paths]);
    }
  });
});

test('[DHT-78] a closest set counts as found where it is dense, complete and lawful', () => {
  const around = (bits: number, reach?: number): Lookup => {
    const lookup = new Lookup(target, { width: 8, tokens: true, reach }, ownId);
    lookup.offer(Array.from({ length: 8 }, (_, i) => near(i, bits)));
    return lookup;
  };
  const dense = around(12, 2 ** -12);
  finish(dense, () => true);
  expect(dense.members()).toHaveLength(8);
  const sparse = around(9, 2 ** -12);
  finish(sparse, () => true);
  expect(sparse.members()).toEqual([]);
  const unknown = around(12);
  finish(unknown, () => true);
  expect(unknown.members()).toEqual([]);
  const incomplete = around(12, 2 ** -12);
  finish(incomplete, ({ endpoint }) => endpoint.host !== '10.0.0.3');
  expect(incomplete.members()).toEqual([]);
  const unlawful = new Lookup(target, { width: 8, tokens: true, reach: 2 ** -12 }, ownId);
  unlawful.offer(Array.from({ length: 8 }, (_, i) => outlaw(i, 12)));
  finish(unlawful, () => true);
  expect(unlawful.members()).toEqual([]);
});

describe('who is told the target', () => {
  const far = (i: number) => near(i, 2);
  const hidden = (reach?: number) =>
    new Lookup(target, { width: 4, tokens: true, hide: true, reach }, ownId);

  test('[DHT-72] nodes within four times the reach, if they comply', () => {
    const lookup = hidden(2 ** -12);
    lookup.offer([far(1), near(2, 9), near(3, 10), outlaw(4, 30)]);
    const told = takeAll(lookup).map(({ endpoint, told }) => [endpoint.host.split('.')[0], told]);
    // Nine bits are 2^-9 to 2^-10 away, ten are near; the outlaw claims to be nearest of all.
    expect(told).toEqual([
      ['10', true],
      ['10', false],
      ['10', false],
      ['60', false],
    ]);
  });

  test('[DHT-72] nobody is near as long as the table does not know', () => {
    const lookup = hidden();
    lookup.offer([near(1, 150)]);
    expect(lookup.take()!.told).toBe(false);
  });

  test('[DHT-73] a guide is told when it is among the closest and nobody may bring nearer ones', () => {
    const lookup = hidden(2 ** -40);
    lookup.offer([far(1), far(2), near(3, 8)]);
    const [nearest, ...others] = takeAll(lookup) as [Candidate, Candidate, Candidate];
    lookup.answered(nearest, nearest.id!, token);
    expect([nearest.state, nearest.token, lookup.done()]).toEqual(['guide', undefined, false]);
    expect(lookup.responders()).toEqual([]);
    lookup.answered(others[0], others[0].id!, token);
    expect(lookup.take()).toBeUndefined(); // the third may still name nearer ones
    lookup.slow(others[1]);
    const again = lookup.take()!;
    expect([again, again.told, again.asks]).toEqual([nearest, true, 1]);
    lookup.putBack(again);
    expect(again.state).toBe('guide');
    expect(lookup.take()).toBe(nearest);
    lookup.answered(nearest, nearest.id!, token);
    expect(lookup.responders()).toEqual([nearest]);
    finish(lookup, () => true);
    expect(lookup.done()).toBe(true);
    expect(lookup.storeTargets(20)).toHaveLength(3); // the slow one was asked again
  });

  test('[DHT-73] guides far behind a complete closest set are never told', () => {
    const lookup = hidden(2 ** -12);
    lookup.offer([far(1), far(2), far(3)]);
    for (const guide of takeAll(lookup)) lookup.answered(guide, guide.id!, undefined);
    lookup.offer(Array.from({ length: 6 }, (_, i) => near(10 + i, 14 + i)));
    finish(lookup, () => true);
    expect(lookup.done()).toBe(true);
    const bits = lookup.responders().map(({ id }) => sharedBits(id!, target));
    expect([bits.length >= 4, Math.min(...bits) >= 14]).toEqual([true, true]);
  });

  test('[DHT-71] three bits more than the node shares, never more than near ones share', () => {
    const bitsFor = (bits: number, reach?: number): number => {
      const lookup = hidden(reach);
      lookup.offer([near(1, bits)]);
      return lookup.maskBits(lookup.take()!);
    };
    expect([bitsFor(0, 2 ** -12), bitsFor(5, 2 ** -12)]).toEqual([3, 8]);
    expect([bitsFor(9, 2 ** -12), bitsFor(140, 2 ** -12)]).toEqual([10, 10]);
    expect([bitsFor(9), bitsFor(140), bitsFor(140, 1)]).toEqual([12, MASK_BITS_MAX, 0]);
  });
});

test('[DHT-13] a node that could not be asked is as if never taken', () => {
  const lookup = make();
  lookup.offer([near(1, 1)]);
  const candidate = lookup.take()!;
  lookup.putBack(candidate);
  expect([candidate.state, candidate.asks, lookup.queries]).toEqual(['new', 0, 0]);
  lookup.slow(lookup.take()!);
  lookup.putBack(lookup.take()!);
  expect([candidate.state, candidate.asks, lookup.queries]).toEqual(['slow', 1, 1]);
});
