import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode } from '../base/bencode.ts';
import { decodeSaved, encodeSaved, SAVED_NODES_MAX, type Saved } from './saved.ts';

const id = new Uint8Array(20).fill(3);
const v4 = {
  id,
  external: { host: '9.9.9.9', port: 4000 },
  nodes: [{ id: new Uint8Array(20).fill(4), endpoint: { host: '8.8.8.8', port: 53 } }],
};
const v6 = { id, external: undefined, nodes: [] };

test('[DHT-48] what was saved is read back', () => {
  expect(decodeSaved(encodeSaved({ v4, v6 }))).toEqual({ v4, v6 });
  expect(decodeSaved(encodeSaved({}))).toEqual({});
});

test('[DHT-48] a table beyond the limit is cut', () => {
  const nodes = Array.from({ length: SAVED_NODES_MAX + 9 }, () => v4.nodes[0]!);
  expect(decodeSaved(encodeSaved({ v4: { ...v4, nodes } })).v4?.nodes).toHaveLength(
    SAVED_NODES_MAX,
  );
});

test('[DHT-48] damaged parts are left out, other versions count as none', () => {
  expect(decodeSaved(encode({ 1: 2, v4: { id } }))).toEqual({});
  expect(decodeSaved(encode({ 1: 1, v4: { id: 'short' }, v6: 7 }))).toEqual({});
  const odd = decodeSaved(
    encode({ 1: 1, v4: { id, nodes: 'odd', ip: new Uint8Array(18).fill(7) } }),
  );
  expect(odd).toEqual({ v4: { id, external: undefined, nodes: [] } });
});

test('[DHT-48] no bytes make it throw', () => {
  const valid = encodeSaved({ v4, v6 } satisfies Saved);
  const edits = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 });
  fc.assert(
    fc.property(edits, fc.nat(valid.length), (changes, length) => {
      const bytes = valid.slice(0, length);
      for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
      expect(typeof decodeSaved(bytes)).toBe('object');
    }),
  );
});
