import { format, inspect } from 'node:util';
import { expect, test } from 'vitest';
import { hex, utf8 } from '../base/bytes.ts';
import { Secret } from './keys.ts';
import { SigningKey } from './sign.ts';

const BYTES = utf8('canary bytes of a secret, 32 B..');

/** Every way in which a value becomes text in this house: JSON, logs, templates, errors. */
function texts(value: unknown): string[] {
  return [
    String(value),
    `${value as string}`,
    JSON.stringify(value),
    JSON.stringify({ nested: [value] }),
    inspect(value),
    inspect({ nested: [value] }, { depth: 9, showHidden: true, getters: true }),
    format('%s %o %O %j', value, value, value, value),
    Object.entries(value as object).join(),
    Object.getOwnPropertyNames(value)
      .map((name) => String((value as Record<string, unknown>)[name]))
      .join(),
    new Error(`failed with ${String(value)}`).stack!,
  ];
}

test('secrets of one role can be compared', () => {
  const secret = new Secret('pair', BYTES.slice());
  expect(secret.equals(new Secret('pair', BYTES.slice()))).toBe(true);
  for (const at of [0, BYTES.length - 1]) {
    const other = BYTES.slice();
    other[at]! ^= 1;
    expect(secret.equals(new Secret('pair', other))).toBe(false);
  }
  expect(secret.equals(new Secret('pair', BYTES.slice(1)))).toBe(false);
});

function expectHidden(written: string[], bytes: Uint8Array): void {
  const forms = [
    Buffer.from(bytes).toString('latin1'),
    hex(bytes),
    Buffer.from(bytes).toString('base64'),
    [...bytes].join(','),
    [...bytes].join(', '),
  ].map((form) => form.slice(0, 20));
  for (const text of written) {
    for (const form of forms) expect(text).not.toContain(form);
  }
}

test('[CRY-2] a secret reaches no JSON, log, template, inspection or error text', () => {
  const secret = new Secret('identity', BYTES.slice());
  const written = texts(secret);
  expectHidden(written, BYTES);
  expect(written[0]).toBe('[identity]');
  expect(written[2]).toBe('"[identity]"');
  expect(written[4]).toBe('[identity]');
});

test('[CRY-2] the search for leaks finds a planted one', () => {
  expect(() => expectHidden(texts({ key: BYTES }), BYTES)).toThrow();
  expect(() => expectHidden(texts({ key: hex(BYTES) }), BYTES)).toThrow();
});

test('[CRY-2] a signing key shows nothing either', () => {
  const key = new SigningKey(new Secret('device signing', BYTES.slice()));
  const written = texts({ key });
  expectHidden(written, BYTES);
  expect(inspect(key)).toBe('[signing key]');
  expect(JSON.stringify(key)).toBe('"[signing key]"');
});

test('[CRY-2] a spread or structured copy of a secret carries no bytes', () => {
  const secret = new Secret('pair', BYTES.slice());
  expectHidden(texts({ ...secret }), BYTES);
  expectHidden(texts(structuredClone({ ...secret })), BYTES);
});

test('[CRY-2] wipe overwrites the bytes', () => {
  const secret = new Secret('gate', BYTES.slice());
  expect(hex(secret.reveal())).toBe(hex(BYTES));
  secret.wipe();
  expect(hex(secret.reveal())).toBe('00'.repeat(32));
  expect(() => new Secret('gate', new Uint8Array(0))).toThrow('has bytes');
});
