import { expect, test } from 'vitest';
import { aboutSetting, LIVE, readSetting, SECRET, SETTING_KEYS } from './settings.ts';

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

test('[API-9] net.bind takes one address of each family at most, and says so', () => {
  const fits = ['0.0.0.0,::', '192.168.1.5', '::1', ' 10.0.0.7 , 2001:db8::7 '];
  expect(fits.every((text) => readSetting('net.bind', text).ok)).toBe(true);
  const what = 'at most one IPv4 and one IPv6 address';
  for (const text of ['192.168.1.5,10.0.0.7', '::1,::', '0.0.0.0,::,::1']) {
    expect(readSetting('net.bind', text)).toEqual({ ok: false, what });
  }
});

test('[PRX-4] one address, an account that every proxy takes, and the password is a secret', () => {
  const isRead = (key: (typeof SETTING_KEYS)[number], typed: string): boolean =>
    readSetting(key, typed).ok;
  const addresses = ['', '127.0.0.1:9050', 'proxy.example:3128', '[2001:db8::1]:8080'];
  expect(addresses.every((text) => isRead('proxy.address', text))).toBe(true);
  const others = ['127.0.0.1', 'a:1,b:2', 'http://proxy:8080', 'user:pass@proxy:80'];
  expect(others.some((text) => isRead('proxy.address', text))).toBe(false);
  expect(['', 'ana', 'ä b'].every((text) => isRead('proxy.user', text))).toBe(true);
  const accounts = ['a:b', 'a\nb', 'ä'.repeat(128)];
  expect(accounts.some((text) => isRead('proxy.user', text))).toBe(false);
  expect([isRead('proxy.password', 'a:b'), isRead('proxy.password', 'a\r\nb')]).toEqual([
    true,
    false,
  ]);
  expect(SECRET).toEqual(['proxy.password']);
});
