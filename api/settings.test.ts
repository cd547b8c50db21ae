import { expect, test } from 'vitest';
import { aboutSetting, LIVE, readSetting, SETTING_KEYS } from './settings.ts';

test.each(SETTING_KEYS)('[API-5] %s is explained in plain words', (key) => {
  const about = aboutSetting(key);
  expect(about).toMatch(/^[A-Z].*\.$/);
  expect(about).not.toMatch(/\b(peers?|nodes?|DHT|NAT|swarms?|sockets?|daemons?|BEP)\b/i);
});

test('[API-33] what a person sees takes effect at once, and keeps to its bounds', () => {
  const app = SETTING_KEYS.filter((key) => key.startsWith('app.'));
  expect(app).toHaveLength(8);
  for (const key of [...app, 'profile.name'] as const) expect(LIVE).toContain(key);
  const isRead = (key: (typeof app)[number], typed: string): boolean => readSetting(key, typed).ok;
  expect(['85', '137', '200'].map((size) => isRead('app.textSize', size))).not.toContain(false);
  expect(['84', '201', '100.5', ''].map((size) => isRead('app.textSize', size))).not.toContain(
    true,
  );
  expect(['system', 'en', 'pt-BR', 'zh-Hans'].every((tag) => isRead('app.language', tag))).toBe(
    true,
  );
  expect(['', 'EN', 'e', '../en', 'en_US'].some((tag) => isRead('app.language', tag))).toBe(false);
  expect(isRead('app.theme', 'contrast')).toBe(true);
  expect(isRead('app.theme', 'pink')).toBe(false);
});
