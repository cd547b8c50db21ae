import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { fromBase32, hex } from '../base/bytes.ts';
import { TIME_MS_MAX } from '../base/limits.ts';
import { Prng } from '../base/prng.ts';
import { Secret } from '../crypto/keys.ts';
import { formatId } from './id-text.ts';
import { formatInvite, parseIdOrInvite, parseInvite, type AddRead } from './invite-text.ts';

const HOUR_MS = 3_600_000;
const random = new Prng(21).bytes;
const identity = random(32);
const secretBytes = random(32);

function invite(expiresMs = 487_000 * HOUR_MS, reusable = false): string {
  const secret = new Secret('invite' as const, secretBytes.slice());
  return formatInvite({ secret, identity, expiresMs, reusable });
}

function summary(read: AddRead): string {
  if (read.ok) return read.kind;
  return 'of' in read ? `${read.fault} ${read.characters} of ${read.of}` : read.fault;
}

test('[IDN-7] 116 characters hold form, secret, identity, expiry, flags and check', () => {
  const text = invite();
  expect(text).toMatch(/^sotto:[a-z2-7]{116}$/);
  const bytes = fromBase32(text.slice('sotto:'.length))!;
  expect(bytes).toHaveLength(72);
  expect(bytes[0]).toBe(2);
  expect(hex(bytes.subarray(1, 33))).toBe(hex(secretBytes));
  expect(hex(bytes.subarray(33, 65))).toBe(hex(identity));
  expect(hex(bytes.subarray(65, 69))).toBe((487_000).toString(16).padStart(8, '0'));
  expect(bytes[69]).toBe(0);
  expect(fromBase32(invite(0, true).slice('sotto:'.length))![69]).toBe(1);
});

test('[IDN-7] every invite comes back; its expiry is rounded up to hours', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 42 }), fc.boolean(), (expiresMs, reusable) => {
      const read = parseInvite(invite(expiresMs, reusable));
      if (!read.ok) throw new Error(read.fault);
      expect(hex(read.invite.secret.reveal())).toBe(hex(secretBytes));
      expect(hex(read.invite.identity)).toBe(hex(identity));
      expect(read.invite.reusable).toBe(reusable);
      expect(read.invite.expiresMs - expiresMs).toBeGreaterThanOrEqual(0);
      expect(read.invite.expiresMs - expiresMs).toBeLessThan(HOUR_MS);
    }),
  );
});

test('[IDN-7] an expiry that has no text is no invite of ours', () => {
  const latestMs = Math.floor(TIME_MS_MAX / HOUR_MS) * HOUR_MS;
  expect(summary(parseIdOrInvite(invite(latestMs)))).toBe('invite');
  expect(summary(parseIdOrInvite(invite(latestMs + HOUR_MS)))).toBe('not an ID');
  expect(summary(parseIdOrInvite(invite((2 ** 32 - 1) * HOUR_MS)))).toBe('not an ID');
});

describe('[IDN-8] an invite is read as it is passed on:', () => {
  const text = invite();
  test.each([
    ['the message that carries it', `Add me on Sotto. Paste this in the app: ${text}`],
    ['a forwarded message', `> Add me on Sotto. Paste this in the app:\n>\n> ${text}\n\nOK?`],
    ['broken lines', `Paste this: ${text.slice(0, 50)}\n${text.slice(50, 90)}\n${text.slice(90)}`],
    ['words behind it', `${text} see you soon`],
    ['who it is from', `${text}?from=Ana%20Ruiz`],
    ['upper case, as QR codes have it', text.toUpperCase()],
    ['no prefix', text.slice('sotto:'.length)],
    ['invisible marks', `\u200e${text.slice(0, 70)}\u200b${text.slice(70)}\u200e`],
  ])('%s', (_, pasted) => {
    expect(summary(parseIdOrInvite(pasted))).toBe('invite');
  });
  test.each([
    ['cut', text.slice(0, -10), 'incomplete 106 of 116'],
    ['a character too many', `${text}q`, 'too long 117 of 116'],
    ['a typing error', text.replace(/.$/, (c) => (c === 'a' ? 'b' : 'a')), 'typing error'],
    ['an ID', formatId(identity), 'id'],
    ['something else', 'see you at eight', 'not an ID'],
  ])('%s', (_, pasted, expected) => {
    expect(summary(parseIdOrInvite(pasted))).toBe(expected);
  });
});

test('[IDN-8] an ID is no invite, and the secret shows in no text of what was read', () => {
  const id = parseInvite(formatId(identity));
  expect(!id.ok && id.fault).toBe('not an ID');
  const read = parseInvite(invite());
  expect(JSON.stringify(read.ok && { secret: read.invite.secret })).toBe('{"secret":"[invite]"}');
});
