import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equal, hex } from '../base/bytes.ts';
import { formatAddress } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import {
  CIRCUITS_PER_CLIENT_MAX,
  CIRCUITS_PER_RESERVATION_MAX,
  CLIENTS_PER_ADDRESS_MAX,
  DATA_BYTES_MAX,
  ERROR_AFTER_MS,
  OPENS_BURST,
  PENDING_PER_CLIENT_MAX,
  RESERVATIONS_PER_ADDRESS_MAX,
  SLOT_BYTES_PER_S,
  WINDOW_BYTES,
} from './limits.ts';
import { makeSlot, reservationKey } from './slots.ts';
import { joined, Rig, type RigClient } from './testing/rig.ts';
import { encodeRelay } from './wire.ts';

const NOTHING = { clients: 0, reservations: 0, circuits: 0, owedErrors: 0, waitingBytes: 0 };

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

  test('[RLY-9] at most eight of one address', () => {
    const rig = new Rig();
    const all = Array.from({ length: RESERVATIONS_PER_ADDRESS_MAX + 1 }, () => rig.client());
    for (const client of all) client.reserve();
    rig.run(ERROR_AFTER_MS);
    expect(all.map(({ reserved }) => reserved)).toEqual([...Array(8).fill(1), 0]);
    expect(all.at(-1)!.of('error')).toEqual([{ type: 'error', circuit: undefined }]);
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
  test('links of one address, and those of nobody who asks for anything', () => {
    const rig = new Rig();
    const all = Array.from({ length: CLIENTS_PER_ADDRESS_MAX + 1 }, () => rig.client());
    rig.settle();
    expect(all.map(({ link }) => link !== undefined)).toEqual([...Array(16).fill(true), false]);
    all[0]!.reserve();
    rig.run(59_999);
    expect(rig.server.stats()['clients']).toBe(16);
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

describe('[RLY-12] a second hop', () => {
  const hop = { endpoint: { host: '198.51.100.9', port: 443 }, key: new Prng(6).bytes(32) };

  test('is a stream to a relay that has shown its key, and a circuit like another', () => {
    const rig = new Rig();
    const asker = rig.client();
    const circuit = asker.core.extend(hop, rig.nowMs)!;
    rig.settle();
    expect([rig.verifying.length, rig.opened.length]).toEqual([1, 0]);
    rig.server.handleVerified(rig.verifying[0]!.token, true, rig.nowMs);
    const [{ stream, to }] = rig.opened as [{ stream: number; to: unknown }];
    expect(to).toEqual(hop.endpoint);
    rig.server.handleStream(stream, 'opened', rig.nowMs);
    rig.settle();
    expect(asker.opened).toEqual([circuit]);
    asker.write(circuit, Uint8Array.of(1, 2, 3));
    expect(rig.written.get(stream)).toEqual([Uint8Array.of(1, 2, 3)]);
    rig.server.handleStream(stream, new Uint8Array(40_000), rig.nowMs);
    rig.run(1_000);
    expect(asker.received(circuit).length).toBe(40_000);
    asker.core.close(circuit, rig.nowMs);
    rig.settle();
    expect(rig.closedStreams).toEqual([stream]);
    expect(rig.server.stats()).toMatchObject({ circuits: 0, extended: 0 });
  });

  test('a key that is not there: one error after 3 s, and no stream', () => {
    const rig = new Rig();
    const asker = rig.client();
    const circuit = asker.core.extend(hop, rig.nowMs)!;
    rig.run(ERROR_AFTER_MS - 1);
    rig.server.handleVerified(rig.verifying[0]!.token, false, rig.nowMs);
    expect(asker.heard).toEqual([]);
    rig.run(1);
    expect(asker.heard).toEqual([{ type: 'error', circuit }]);
    expect(rig.opened).toEqual([]);
  });

  test('a handshake counts for an hour', () => {
    const rig = new Rig();
    const asker = rig.client();
    const ask = (): void => {
      asker.core.extend(hop, rig.nowMs);
      rig.settle();
    };
    ask();
    rig.server.handleVerified(rig.verifying[0]!.token, true, rig.nowMs);
    rig.run(50_000);
    ask();
    expect([rig.verifying.length, rig.opened.length]).toEqual([1, 2]);
    asker.reserve();
    rig.run(3_600_000);
    ask();
    expect(rig.verifying.length).toBe(2);
  });

  test('⚑ [RLY-11] nothing is opened or even tried at a private place, however it is written', () => {
    const rig = new Rig();
    const hosts = ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', '64:ff9b::7f00:1'];
    const places = [
      ...hosts.map((host) => ({ host, port: 443 })),
      { host: '198.51.100.9', port: 25 },
    ];
    for (const endpoint of places) {
      const asker = rig.client(`93.184.217.${places.indexOf(endpoint)}`);
      asker.core.extend({ ...hop, endpoint }, rig.nowMs);
      rig.run(ERROR_AFTER_MS);
      expect(asker.of('error')).toHaveLength(1);
    }
    expect([rig.verifying, rig.opened]).toEqual([[], []]);
  });

  test('⚑ once per second and ten times per minute for one client, whatever its links', () => {
    const rig = new Rig();
    const ask = (): void => {
      const asker = rig.client();
      const port = 1_024 + rig.clients.length;
      asker.core.extend({ ...hop, endpoint: { host: '198.51.100.9', port } }, rig.nowMs);
      rig.settle();
      asker.cut();
      rig.settle();
    };
    ask();
    ask();
    expect(rig.verifying).toHaveLength(1);
    for (let i = 0; i < 20; i++) {
      rig.run(1_000);
      ask();
      for (const { token } of rig.verifying) rig.server.handleVerified(token, false, rig.nowMs);
    }
    expect(rig.verifying.length).toBeLessThanOrEqual(10 + 4);
    expect(rig.verifying.length).toBeGreaterThan(9);
  });
});

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

test('[RLY-11] ⚑ twenty thousand wishes for private places, in all forms: nothing is opened', () => {
  const prng = new Prng(66);
  const byte = (): number => prng.bytes(1)[0]!;
  const forms: (() => string)[] = [
    () => `127.${byte()}.${byte()}.${byte()}`,
    () => `10.${byte()}.${byte()}.${byte()}`,
    () => `192.168.${byte()}.${byte()}`,
    () => `172.${16 + (byte() & 15)}.${byte()}.${byte()}`,
    () => `169.254.${byte()}.${byte()}`,
    () => `100.${64 + (byte() & 63)}.${byte()}.${byte()}`,
    () => `0.${byte()}.${byte()}.${byte()}`,
    () => `${224 + (byte() & 31)}.${byte()}.${byte()}.${byte()}`,
    () => formatAddress(new Uint8Array([...Array(10).fill(0), 255, 255, 127, 0, 0, byte()])),
    () => formatAddress(new Uint8Array([...Array(12).fill(0), 10, 0, 0, byte()])),
    () => `64:ff9b::${hex(prng.bytes(2))}:${hex(prng.bytes(2))}`,
    () => `2002:7f00:${hex(prng.bytes(2))}::1`,
    () => `2001:0:${hex(prng.bytes(2))}::7f00:1`,
    () => `fe80::${hex(prng.bytes(2))}`,
    () => `fd${hex(prng.bytes(1))}::1`,
    () => `ff02::${hex(prng.bytes(1))}`,
    () => '::',
    () => '::1',
  ];
  const rig = new Rig();
  for (let i = 0; i < 20_000; i++) {
    const host = `2a00:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`;
    const exporter = new Secret<'link exporter'>('link exporter', new Uint8Array(32).fill(1));
    rig.server.handleUp(1e6 + i, host, exporter, rig.nowMs);
    const endpoint = { host: forms[i % forms.length]!(), port: i % 3 === 0 ? 443 : 8_080 };
    const key = new Uint8Array(32).fill(i & 255);
    const body = encodeRelay({ type: 'extend', circuit: 2, endpoint, key });
    rig.server.handleMessage(1e6 + i, body, rig.nowMs);
    rig.server.handleDown(1e6 + i, rig.nowMs);
  }
  expect([rig.verifying.length, rig.opened.length]).toEqual([0, 0]);
  expect(rig.server.stats()).toMatchObject(NOTHING);
});
