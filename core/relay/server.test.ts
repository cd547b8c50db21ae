import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equal, hex } from '../base/bytes.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import {
  CIRCUITS_MAX,
  CIRCUITS_PER_CLIENT_MAX,
  CIRCUITS_PER_RESERVATION_MAX,
  DATA_BYTES_MAX,
  ERROR_AFTER_MS,
  OPENS_BURST,
  OPENS_PER_S,
  PATHLESS_MS,
  PENDING_PER_CLIENT_MAX,
  SLOT_BYTES_PER_S,
  WINDOW_BYTES,
} from './limits.ts';
import { CLIENTS, EXTENDED, RESERVATIONS, shareOf } from './room.ts';
import { makeSlot, reservationKey } from './slots.ts';
import { joined, Rig, type RigClient } from './testing/rig.ts';

const NOTHING = { clients: 0, reservations: 0, circuits: 0, owedErrors: 0, waitingBytes: 0 };

/** A relay where one address has all places that it may have. */
function fullForOne(): { readonly rig: Rig; readonly all: readonly RigClient[] } {
  const rig = new Rig();
  const all = Array.from({ length: 52 }, () => rig.client());
  for (const client of all) client.reserve();
  rig.settle();
  return { rig, all };
}

describe('[RLY-3] reservations', () => {
  test('an owner who comes back has its number and slots again, though the relay kept nothing', () => {
    const rig = new Rig();
    const owner = rig.client();
    owner.reserve();
    const slot = owner.core.slot(9)!;
    owner.cut();
    rig.settle();
    expect(rig.server.stats()).toMatchObject({ clients: 0, reservations: 0 });
    owner.connect();
    rig.settle();
    expect(owner.reserved).toBe(2);
    expect(owner.core.slot(9)).toEqual(slot);
    const asker = rig.client('93.184.216.2');
    asker.open(slot);
    expect(owner.incoming).toMatchObject([{ index: 9 }]);
  });

  test('a new link of the same owner takes the place of the old one', () => {
    const rig = new Rig();
    const owner = rig.client();
    owner.reserve();
    const before = owner.link!;
    owner.connect();
    rig.settle();
    expect(rig.server.owns(before)).toBe(false);
    expect(rig.server.stats()).toMatchObject({ clients: 1, reservations: 1 });
  });

  test('⚑ without the key nobody has the number of another', () => {
    const rig = new Rig();
    const owner = rig.client();
    owner.reserve();
    const { number } = owner.of('reserved')[0]!;
    const thief = rig.stranger();
    thief.tell({ type: 'reserve', former: { number, proof: new Uint8Array(32) }, revoked: [] });
    const got = thief.of('reserved')[0]!;
    expect(got.number).not.toBe(number);
    expect(rig.server.stats()['reservations']).toBe(2);
  });

  test('[RLY-9] of one address a quarter of what is left, and who is refused is told', () => {
    const rig = new Rig();
    const all = Array.from({ length: 53 }, () => rig.client());
    for (const client of all) client.reserve();
    rig.run(ERROR_AFTER_MS);
    expect(all.map(({ reserved }) => reserved)).toEqual([...Array(52).fill(1), 0]);
    expect(all.at(-1)!.of('error')).toEqual([{ type: 'error', circuit: undefined }]);
    rig.client('93.184.216.9').reserve();
    expect(rig.server.stats()['reservations']).toBe(53);
  });

  test('[RLY-3] an owner who comes back has its place, however full the relay is', () => {
    const { all, rig } = fullForOne();
    const [owner] = all;
    const before = owner!.link!;
    owner!.connect();
    rig.settle();
    expect([owner!.reserved, rig.server.owns(before)]).toEqual([2, false]);
    expect(rig.server.stats()['reservations']).toBe(52);
  });

  test('[RLY-9] who has had no path for 5 s gives way, and nobody who has one', () => {
    const { all, rig } = fullForOne();
    const late = rig.client();
    rig.server.handlePath(all[7]!.link!, false, rig.nowMs);
    late.reserve();
    rig.run(ERROR_AFTER_MS);
    expect(late.reserved).toBe(0);
    rig.run(PATHLESS_MS);
    const later = rig.client();
    later.reserve();
    rig.settle();
    expect([later.reserved, all[7]!.link]).toEqual([1, undefined]);
    expect(rig.server.stats()).toMatchObject({ clients: 53, reservations: 52 });
  });
});

describe('[RLY-4] whom a relay serves', () => {
  const gate = new Secret<'gate'>('gate', new Prng(4).bytes(32));

  test('contacts alone: who shows a pass, and it is not told which', () => {
    const rig = new Rig();
    rig.serves = 'contacts';
    rig.passes = [gate];
    const friend = rig.client('93.184.216.1', gate);
    friend.reserve();
    expect(friend.reserved).toBe(1);
    const stranger = rig.client('93.184.216.2');
    const other = rig.client('93.184.216.3', new Secret('gate', new Prng(5).bytes(32)));
    for (const client of [stranger, other]) client.reserve();
    rig.run(ERROR_AFTER_MS);
    expect([stranger.reserved, other.reserved]).toEqual([0, 0]);
    expect(stranger.of('error')).toHaveLength(1);
    // A slot is all that is needed to reach a friend.
    stranger.open(friend.core.slot(1)!);
    expect(stranger.opened).toHaveLength(1);
  });

  test('nobody, where it is off; and who was refused asks again later', () => {
    const rig = new Rig();
    rig.serves = 'off';
    const client = rig.client();
    client.reserve();
    rig.run(ERROR_AFTER_MS);
    expect(client.of('error')).toHaveLength(1);
    rig.serves = 'public';
    rig.run(10_000);
    expect(client.reserved).toBe(1);
  });
});

describe('[RLY-6] opening a circuit', () => {
  test('goes to the owner of the slot, and bytes go both ways in order', () => {
    const { rig, owner, asker, near, far } = joined();
    expect([asker.opened, owner.opened]).toEqual([[near], [far]]);
    const bytes = new Prng(8).bytes(50_000);
    asker.write(near, bytes);
    owner.write(far, bytes.slice().reverse());
    rig.run(2_000);
    expect(equal(owner.received(far), bytes)).toBe(true);
    expect(equal(asker.received(near), bytes.slice().reverse())).toBe(true);
  });

  /** Ways in which an `open` comes to nothing. */
  const causes: Record<string, (rig: Rig, owner: RigClient, asker: RigClient) => Uint8Array> = {
    'a slot of no reservation': (_, owner) => {
      const slot = owner.core.slot(5)!;
      owner.cut();
      return slot;
    },
    'a slot that was revoked': (rig, owner) => {
      owner.core.revoke(5, rig.nowMs);
      rig.settle();
      return owner.core.slot(5)!;
    },
    'a slot that nobody made': () => new Uint8Array(20),
    'an owner who refuses': (_, owner) => {
      owner.wantsIncoming = false;
      return owner.core.slot(5)!;
    },
    'an owner who says nothing': (rig) => {
      const silent = rig.stranger('93.184.216.77');
      silent.tell({ type: 'reserve', revoked: [] });
      const { key, number } = silent.of('reserved')[0]!;
      return makeSlot(new Secret('relay reservation', key), { number, index: 1 });
    },
    'too many at once': (_, owner, asker) => {
      for (let i = 0; i < OPENS_BURST; i++) asker.open(owner.core.slot(6)!);
      return owner.core.slot(5)!;
    },
    'a slot of their own': (_, __, asker) => {
      asker.reserve();
      return asker.core.slot(5)!;
    },
  };
  test.each(Object.entries(causes))('⚑ %s: one error, after 3 s', (_, cause) => {
    const rig = new Rig();
    const owner = rig.client('93.184.216.1');
    owner.reserve();
    const asker = rig.client('93.184.216.2');
    const slot = cause(rig, owner, asker);
    rig.settle();
    const heard = asker.heard.length;
    const circuit = asker.open(slot);
    rig.run(ERROR_AFTER_MS - 1);
    expect(asker.heard.slice(heard)).toEqual([]);
    rig.run(1);
    expect(asker.heard.slice(heard)).toEqual([{ type: 'error', circuit }]);
    expect(asker.closed).toContain(circuit);
    expect(rig.server.stats()['owedErrors']).toBe(0);
  });

  test('an answer that comes too late opens nothing', () => {
    const rig = new Rig();
    const owner = rig.stranger('93.184.216.1');
    owner.tell({ type: 'reserve', revoked: [] });
    const { key, number } = owner.of('reserved')[0]!;
    const secret = new Secret<'relay reservation'>('relay reservation', key);
    const asker = rig.client('93.184.216.2');
    asker.open(makeSlot(secret, { number, index: 1 }));
    rig.run(ERROR_AFTER_MS);
    const { circuit } = owner.of('incoming')[0]!;
    expect(owner.of('close')).toEqual([{ type: 'close', circuit }]);
    owner.tell({ type: 'accept', circuit });
    expect(asker.opened).toEqual([]);
    expect(owner.link).toBeDefined();
    expect(rig.server.stats()['circuits']).toBe(0);
  });
});

describe('[RLY-10] revoking', () => {
  test('one index ends its circuits and leaves the others', () => {
    const { rig, owner, asker, near } = joined();
    const other = asker.open(owner.core.slot(6)!);
    owner.core.revoke(5, rig.nowMs);
    rig.settle();
    expect(asker.closed).toEqual([near]);
    asker.write(other, Uint8Array.of(1));
    expect(owner.received(owner.incoming[1]!.circuit)).toEqual(Uint8Array.of(1));
  });

  test('outlives a lost link', () => {
    const { rig, owner, asker } = joined();
    owner.core.revoke(7, rig.nowMs);
    owner.cut();
    rig.settle();
    owner.connect();
    rig.settle();
    const refused = asker.open(owner.core.slot(7)!);
    asker.open(owner.core.slot(8)!);
    rig.run(ERROR_AFTER_MS);
    expect(asker.of('error')).toEqual([{ type: 'error', circuit: refused }]);
  });

  test('of all: another reservation is made, and the old slots open nothing', () => {
    const { rig, owner, asker } = joined();
    const old = owner.core.slot(1)!;
    for (let index = 100; index < 356; index++) owner.core.revoke(index, rig.nowMs);
    rig.settle();
    expect(owner.core.isReserved).toBe(true);
    owner.core.renew();
    rig.settle();
    owner.connect();
    rig.settle();
    expect(owner.core.isReserved).toBe(true);
    expect(owner.core.slot(1)).not.toEqual(old);
    asker.open(old);
    rig.run(ERROR_AFTER_MS);
    expect(asker.of('error')).toHaveLength(1);
  });
});

describe('[RLY-7] backpressure', () => {
  test('an end with no room holds back its own circuit and no other', () => {
    const { rig, owner, asker, near, far } = joined();
    const third = rig.client('93.184.216.3');
    third.reserve();
    const other = asker.open(third.core.slot(1)!);
    owner.hasRoom = false;
    const bytes = new Prng(7).bytes(3 * WINDOW_BYTES);
    asker.write(near, bytes);
    asker.write(other, bytes);
    rig.run(5_000);
    expect(rig.server.stats()['waitingBytes']).toBeLessThanOrEqual(WINDOW_BYTES);
    expect(owner.received(far).length).toBe(0);
    expect(equal(third.received(third.incoming[0]!.circuit), bytes)).toBe(true);
    owner.makeRoom();
    rig.run(5_000);
    expect(equal(owner.received(far), bytes)).toBe(true);
    expect(asker.drained).toContain(near);
  });

  test('⚑ who sends more than the window, or takes what was never sent, loses the link', () => {
    const lies: ((owner: RigClient, far: number) => void)[] = [
      (owner, circuit) => owner.tell({ type: 'taken', circuit, count: 1 }),
      (owner, circuit) => {
        const bytes = new Uint8Array(DATA_BYTES_MAX);
        for (let i = 0; i <= WINDOW_BYTES / DATA_BYTES_MAX; i++) {
          owner.tell({ type: 'data', circuit, bytes });
        }
      },
      (owner, circuit) => owner.tell({ type: 'accept', circuit }),
      (owner) => owner.tell({ type: 'reserved', key: new Uint8Array(32), number: 1 }),
      (owner) => owner.tell({ type: 'open', circuit: 7, slot: new Uint8Array(20) }),
    ];
    for (const lie of lies) {
      const { rig, owner, asker, far, near } = joined();
      asker.hasRoom = false;
      lie(owner, far);
      expect(owner.link).toBeUndefined();
      asker.makeRoom();
      rig.run(10_000);
      expect(asker.closed).toEqual([near]);
      expect(rig.server.stats()).toMatchObject({ circuits: 0, reservations: 0 });
    }
  });
});

test('[RLY-8] through a whole relay a slot has its share, within 5 %, and another has its own', () => {
  const { rig, owner, asker, near, far } = joined();
  const third = rig.client('93.184.216.3');
  const other = third.open(owner.core.slot(6)!);
  const otherFar = owner.incoming[1]!.circuit;
  const chunk = new Uint8Array(60_000);
  const forMs = 20_000;
  const written = new Map<number, number>();
  for (let atMs = 0; atMs < forMs; atMs += 100) {
    for (const [client, circuit, end] of [
      [asker, near, far],
      [third, other, otherFar],
    ] as const) {
      const sent = written.get(end) ?? 0;
      if (sent - owner.received(end).length > 300_000) continue;
      client.write(circuit, chunk);
      written.set(end, sent + chunk.length);
    }
    rig.run(100);
  }
  for (const circuit of [far, otherFar]) {
    const rate = (owner.received(circuit).length / forMs) * 1_000;
    expect(rate).toBeGreaterThan(SLOT_BYTES_PER_S * 0.95);
    expect(rate).toBeLessThan(SLOT_BYTES_PER_S * 1.05);
  }
});

describe('[RLY-9] limits', () => {
  test('the share of one address falls as others come, and never to nothing', () => {
    expect([0, 256, 448, 511, 512].map((used) => shareOf(CLIENTS, used))).toEqual([
      128, 64, 16, 16, 16,
    ]);
    expect([0, 248, 256].map((used) => shareOf(RESERVATIONS, used))).toEqual([64, 8, 8]);
    expect([0, 32, 64].map((used) => shareOf(EXTENDED, used))).toEqual([32, 16, 4]);
  });

  test('links of one address, and those of nobody who asks for anything', () => {
    const rig = new Rig();
    const all = Array.from({ length: 104 }, () => rig.client());
    rig.settle();
    expect(all.map(({ link }) => link !== undefined)).toEqual([...Array(103).fill(true), false]);
    all[0]!.reserve();
    rig.run(59_999);
    expect(rig.server.stats()['clients']).toBe(103);
    rig.run(1);
    expect(rig.server.stats()['clients']).toBe(1);
  });

  test('circuits of one client and of one reservation', () => {
    const rig = new Rig();
    const owner = rig.client('93.184.216.1');
    owner.reserve();
    const open = (client: RigClient, count: number): void => {
      for (let i = 0; i < count; i++) {
        client.open(owner.core.slot(1)!);
        rig.run(500);
      }
      rig.run(ERROR_AFTER_MS);
    };
    const [one, two] = [rig.client('93.184.216.2'), rig.client('93.184.216.3')];
    open(one, CIRCUITS_PER_CLIENT_MAX / 2);
    open(two, CIRCUITS_PER_RESERVATION_MAX);
    expect(rig.server.stats()['circuits']).toBe(CIRCUITS_PER_RESERVATION_MAX);
    expect(two.closed).toHaveLength(CIRCUITS_PER_CLIENT_MAX / 2);
  });

  test('circuits of all clients, over nine reservations: the 257th gets an error', () => {
    const rig = new Rig();
    const count = CIRCUITS_MAX / CIRCUITS_PER_RESERVATION_MAX + 1;
    const owners = Array.from({ length: count }, (_, i) => rig.client(`93.184.216.${i}`));
    for (const owner of owners) owner.reserve();
    const askers = Array.from({ length: 2 * count }, (_, i) => rig.client(`94.1.1.${i}`));
    // Two askers for each owner, so that nobody meets another limit first.
    const opens = askers.flatMap((asker, i) => {
      const slot = owners[Math.floor(i / 2)]!.core.slot(1)!;
      return Array.from({ length: OPENS_BURST }, () => () => asker.open(slot));
    });
    for (const open of opens.slice(0, CIRCUITS_MAX)) open();
    expect(rig.server.stats()['circuits']).toBe(CIRCUITS_MAX);
    opens[CIRCUITS_MAX]!();
    rig.run(ERROR_AFTER_MS);
    expect(rig.server.stats()['circuits']).toBe(CIRCUITS_MAX);
    expect(askers.map(({ closed }) => closed.length)).toEqual([...Array(16).fill(0), 1, 0]);
    // One that ends makes room for another.
    askers[0]!.cut();
    rig.run(1_000);
    opens[CIRCUITS_MAX]!();
    expect(askers[16]!.opened).toHaveLength(1);
  });

  test('new circuits of one client: 16 at once, then two a second', () => {
    const rig = new Rig();
    const owner = rig.client('93.184.216.1');
    owner.reserve();
    const asker = rig.client('93.184.216.2');
    const open = (times: number): number => {
      const before = asker.opened.length;
      for (let i = 0; i < times; i++) {
        const circuit = asker.open(owner.core.slot(1)!);
        asker.core.close(circuit, rig.nowMs);
        rig.settle();
      }
      return asker.opened.length - before;
    };
    expect(open(OPENS_BURST + 2)).toBe(OPENS_BURST);
    rig.run(1_000);
    expect(open(4)).toBe(OPENS_PER_S);
    rig.run(60_000);
    expect(open(OPENS_BURST)).toBe(OPENS_BURST);
  });

  test('questions of one client under way', () => {
    const rig = new Rig();
    const asker = rig.stranger();
    for (let i = 1; i <= PENDING_PER_CLIENT_MAX; i++) {
      asker.tell({ type: 'open', circuit: 2 * i, slot: new Uint8Array(20) });
    }
    expect(asker.link).toBeDefined();
    asker.tell({ type: 'open', circuit: 1_000, slot: new Uint8Array(20) });
    expect(asker.link).toBeUndefined();
  });
});

describe('[RLY-15] the end of a circuit', () => {
  test('what was sent before a close still arrives, then both ends know', () => {
    const { rig, owner, asker, near, far } = joined();
    const bytes = new Prng(7).bytes(100_000);
    asker.write(near, bytes);
    asker.core.close(near, rig.nowMs);
    rig.run(3_000);
    expect(equal(owner.received(far), bytes)).toBe(true);
    expect(owner.closed).toEqual([far]);
    expect(asker.closed).toEqual([]);
    expect(rig.server.stats()).toMatchObject({ circuits: 0, waitingBytes: 0 });
  });

  test('an end that never has room is waited for 5 s', () => {
    const { rig, owner, asker, near } = joined();
    owner.hasRoom = false;
    asker.write(near, new Uint8Array(1_000));
    asker.core.close(near, rig.nowMs, true);
    rig.run(4_999);
    expect(rig.server.stats()['circuits']).toBe(1);
    rig.run(1);
    expect(rig.server.stats()['circuits']).toBe(0);
  });

  test('whoever goes, nothing is left', () => {
    for (const leaver of ['owner', 'asker'] as const) {
      const made = joined();
      const { rig, owner, asker, near } = made;
      asker.write(near, new Uint8Array(60_000));
      made[leaver].cut();
      rig.run(10_000);
      const stays = leaver === 'owner' ? asker : owner;
      expect(stays.closed).toHaveLength(1);
      expect(rig.server.stats()['circuits']).toBe(0);
      stays.cut();
      rig.settle();
      expect(rig.server.stats()).toMatchObject(NOTHING);
    }
  });

  test('an end whose link has no path for 5 s has given it up; less is forgiven', () => {
    for (const silent of ['owner', 'asker'] as const) {
      const made = joined();
      const { rig } = made;
      const client = made[silent];
      const other = silent === 'owner' ? made.asker : made.owner;
      const path = (hasPath: boolean): void => {
        rig.server.handlePath(client.link!, hasPath, rig.nowMs);
      };
      path(false);
      rig.run(4_999);
      path(true);
      rig.run(60_000);
      expect(rig.server.stats()['circuits']).toBe(1);
      path(false);
      rig.run(4_000);
      path(false);
      rig.run(999);
      expect([rig.server.stats()['circuits'], other.closed.length]).toEqual([1, 0]);
      rig.run(1);
      expect([rig.server.stats()['circuits'], other.closed.length]).toEqual([0, 1]);
      // Its place and its slots stand for as long as the link does.
      expect(rig.server.stats()).toMatchObject({ clients: 2, reservations: 1 });
      path(true);
      made.asker.open(made.owner.core.slot(6)!);
      expect(rig.server.stats()['circuits']).toBe(1);
    }
  });

  test('[RLY-5] ⚑ whatever a client says, the relay stands and forgets it', () => {
    const word = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom('open', 'data', 'close', 'accept', 'refuse', 'taken', 'reserve', 'revoke'),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(word, fc.nat(12)), { maxLength: 30 }), (words) => {
        const { rig, owner, asker } = joined();
        const speaker = rig.stranger('93.184.216.50');
        for (const [what, id] of words) {
          if (typeof what !== 'string') speaker.say(what);
          else speaker.say(new TextEncoder().encode(text(what, id)));
          rig.run(100);
        }
        speaker.cut();
        rig.run(5_000);
        expect(rig.server.stats()).toMatchObject({ clients: 2, circuits: 1, reservations: 1 });
        for (const client of [owner, asker]) expect(client.broken).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

/** A message of this name about this circuit, with plausible fields. */
function text(name: string, id: number): string {
  const slot = `20:${'s'.repeat(20)}`;
  const fields: Record<string, string> = {
    open: `1:ci${id}e1:m4:open1:s${slot}`,
    data: `1:ci${id}e1:d3:abc1:m4:data`,
    taken: `1:bi${id}e1:ci${id}e1:m5:taken`,
    reserve: '1:m7:reserve',
    revoke: `1:ii${id}e1:m6:revoke`,
  };
  return `d${fields[name] ?? `1:ci${id}e1:m${name.length}:${name}`}e`;
}

test('[RLY-2] the key of a reservation is the one that its number gives', () => {
  const rig = new Rig();
  const owner = rig.client();
  owner.reserve();
  const { key, number } = owner.of('reserved')[0]!;
  const secret = new Secret<'relay reservation'>('relay reservation', key.slice());
  expect(owner.core.slot(3)).toEqual(makeSlot(secret, { number, index: 3 }));
  const other = new Secret<'relay'>('relay', new Prng(99).bytes(32));
  expect(hex(reservationKey(other, number).reveal())).not.toBe(hex(key));
});
