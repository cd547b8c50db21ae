import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redact } from './redact.ts';

const ID = 'sotto:aeoxkslagnsgl7bztun3babvgbydhjpbvvci35cpulmidh3dqem2shub';

test('IDs, invites, keys and conversations go', () => {
  expect(redact(`ask ${ID} now`)).toBe('ask [id] now');
  expect(redact(`${ID}?from=Ana%20Ruiz`)).toBe('[id]');
  expect(redact(ID.slice('sotto:'.length))).toBe('[id]');
  expect(redact('in c_7k2 by 00112233445566778899aabbccddeeff')).toBe('in [chat] by [id]');
});

test('addresses go, with a port or without', () => {
  expect(redact('from 192.0.2.7:40123 and 198.51.100.1')).toBe('from [address] and [address]');
  expect(redact('at [2001:db8::1]:4000, 2001:db8::2 and ::1')).toBe(
    'at [address], [address] and [address]',
  );
  expect(redact('/home/ana/.local/share')).toBe('/home/[user]/.local/share');
});

test('what a report is made of stays', () => {
  const said = 'Port 40123, UDP and TCP. Helpers known: 148. 12:30:45, version 0.1.0. 2026-11-21';
  expect(redact(said)).toBe(said.replace('12:30:45', '[address]'));
});

test('no ID and no address survives in any text around it', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.ipV4(), (before, after, address) => {
      const redacted = redact(`${before} ${ID} ${after} ${address} `);
      expect(redacted).not.toContain(ID.slice(6, 30));
      expect(redacted).not.toContain(` ${address} `);
    }),
  );
});
