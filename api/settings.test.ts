import { expect, test } from 'vitest';
import { aboutSetting, SETTING_KEYS } from './settings.ts';

test.each(SETTING_KEYS)('[API-5] %s is explained in plain words', (key) => {
  const about = aboutSetting(key);
  expect(about).toMatch(/^[A-Z].*\.$/);
  expect(about).not.toMatch(/\b(peers?|nodes?|DHT|NAT|swarms?|sockets?|daemons?|BEP)\b/i);
});
