import { expect, test } from 'vitest';
import { fromOf, linkFrom } from './invite-words.ts';

test('the name on an invite is read back, whatever stands around it', () => {
  for (const name of ['Ana', 'Ana Ruiz', '李 雷', 'Zoë & Co?', 'a'.repeat(64)]) {
    const link = linkFrom('sotto:aiqh7xk', name);
    expect(link).toMatch(/^sotto:aiqh7xk\?from=\S+$/);
    expect(fromOf(link)).toBe(name);
    expect(fromOf(`Add me on Sotto. Paste this in the app: ${link} See you!`)).toBe(name);
  }
});

test('no name makes no addition, and none is read where none is', () => {
  expect(linkFrom('sotto:aiqh7xk', '  ')).toBe('sotto:aiqh7xk');
  expect(fromOf('sotto:aiqh7xk')).toBe(undefined);
  expect(fromOf('?from=Ana')).toBe(undefined);
  expect(fromOf('sotto:aiqh7xk?from=%E0%A4')).toBe(undefined);
});

test('what would act on the text around it is shown and not done', () => {
  expect(fromOf('sotto:aiqh7xk?from=%E2%80%AEAna')).toBe('\\u{202e}Ana');
});
