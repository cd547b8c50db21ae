import { readSetting, SETTING_KEYS, Settings } from '@sotto/api/settings.ts';
import { expect, test } from 'vitest';
import { settingsFile } from './export.ts';

test('the file holds every setting, and the daemon reads each back', () => {
  const values = Settings.parse({});
  const file = settingsFile(SETTING_KEYS.map((key) => ({ key, value: values[key] })));
  const read = JSON.parse(file) as Record<string, unknown>;
  expect(Object.keys(read)).toEqual([...SETTING_KEYS].sort());
  for (const key of SETTING_KEYS) {
    expect(readSetting(key, read[key])).toEqual({ ok: true, value: values[key] });
  }
});
