import { expect, test } from 'vitest';
import { Prng } from '../base/prng.ts';
import { TOKEN_SECRET_MS, Tokens } from './token.ts';

const target = new Uint8Array(20).fill(1);
const other = new Uint8Array(20).fill(2);

test('[DHT-26] a token holds for one address and one target', () => {
  const tokens = new Tokens(new Prng(1).bytes, 0);
  const token = tokens.issue('192.0.2.1', target, 0);
  expect(tokens.accepts(token, '192.0.2.1', target, 1)).toBe(true);
  expect(tokens.accepts(token, '192.0.2.2', target, 1)).toBe(false);
  expect(tokens.accepts(token, '192.0.2.1', other, 1)).toBe(false);
  expect(tokens.accepts(token.subarray(1), '192.0.2.1', target, 1)).toBe(false);
  expect(tokens.accepts(new Uint8Array(8), '192.0.2.1', target, 1)).toBe(false);
  expect(tokens.issue('2001:db8::1', target, 1)).not.toEqual(
    tokens.issue('2001:db8::2', target, 1),
  );
});

test('[DHT-26] a token lives five to ten minutes', () => {
  for (const issuedAtMs of [0, TOKEN_SECRET_MS - 1]) {
    const tokens = new Tokens(new Prng(1).bytes, 0);
    const token = tokens.issue('192.0.2.1', target, issuedAtMs);
    const holds = (nowMs: number): boolean => tokens.accepts(token, '192.0.2.1', target, nowMs);
    expect(holds(issuedAtMs + TOKEN_SECRET_MS)).toBe(true);
    expect(holds(2 * TOKEN_SECRET_MS - 1)).toBe(true);
    expect(holds(issuedAtMs + 2 * TOKEN_SECRET_MS)).toBe(false);
  }
});

test('[DHT-26] after a long silence no old token holds', () => {
  const tokens = new Tokens(new Prng(1).bytes, 0);
  const token = tokens.issue('192.0.2.1', target, 0);
  expect(tokens.accepts(token, '192.0.2.1', target, 2 * TOKEN_SECRET_MS)).toBe(false);
});
