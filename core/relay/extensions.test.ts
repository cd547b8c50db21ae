import { describe, expect, test } from 'vitest';
import { hex } from '../base/bytes.ts';
import { formatAddress } from '../base/endpoint.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { ERROR_AFTER_MS } from './limits.ts';
import { Rig, type RigClient } from './testing/rig.ts';
import { encodeRelay } from './wire.ts';

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

  test('⚑ [RLY-9] one address has a share of the streams, and leaves others theirs', () => {
    const rig = new Rig();
    const greedy = rig.client();
    const ask = (asker: RigClient): void => {
      asker.core.extend(hop, rig.nowMs);
      rig.settle();
      for (const { token } of rig.verifying.splice(0)) {
        rig.server.handleVerified(token, true, rig.nowMs);
      }
      for (const { stream } of rig.opened.splice(0)) {
        rig.server.handleStream(stream, 'opened', rig.nowMs);
      }
      rig.run(10_000);
    };
    for (let i = 0; i < 30; i++) ask(greedy);
    expect(rig.server.stats()['extended']).toBe(22);
    ask(rig.client('93.184.216.2'));
    expect(rig.server.stats()['extended']).toBe(23);
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
  expect(rig.server.stats()).toMatchObject({ clients: 0, circuits: 0, extended: 0 });
});
