import { aboutSetting, SETTING_KEYS, Settings } from '@sotto/api/settings.ts';
import { expect, test } from 'vitest';
import { EN } from '../../text/en/index.ts';
import type { Text } from '../../text/text.ts';
import { findItems, shownItems } from './items.ts';

const t: Text = (key) => EN[key];
const entries = new Map(
  SETTING_KEYS.map((key) => [key as string, { key, about: aboutSetting(key) }]),
);
const items = shownItems(entries, t);
const found = (query: string): string[] => findItems(items, query, t).map(({ id }) => id);

test('every setting of the daemon that a person can choose stands in the list once', () => {
  const ids = items.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const unseen = SETTING_KEYS.filter((key) => !ids.includes(key));
  expect(unseen).toEqual(['app.welcomed', 'app.language']);
});

/** The values of a setting that is one of a few; undefined for any other. */
function valuesOf(key: string): readonly string[] | undefined {
  const shape: Readonly<Record<string, { unwrap(): object }>> = Settings.shape;
  const schema = shape[key]?.unwrap();
  return schema !== undefined && 'options' in schema ? (schema.options as string[]) : undefined;
}

test('every setting has a title of its own, and a name for each value there is', () => {
  const titles = items.map(({ title }) => title);
  expect(new Set(titles).size).toBe(titles.length);
  for (const { id, title, values } of items) {
    expect(title).not.toBe(id);
    expect([id, values && Object.keys(values)]).toEqual([id, valuesOf(id)]);
  }
});

test('relays: who may use this computer, and what each choice shows of it', () => {
  const serve = items.find(({ id }) => id === 'relay.serve')!;
  expect(Object.keys(serve.values ?? {})).toEqual(['off', 'contacts', 'public']);
  expect(serve.section).toBe('routes');
  expect(t(serve.lines!['public']!)).toBe(
    'Strangers use it, and everybody can find the IP address of this computer. Each ' +
      'conversation may take up to 1 Mbit/s.',
  );
  expect(found('other relay')).toContain('relays.list');
  expect(found('relay')).toEqual(
    expect.arrayContaining(['relays.list', 'relays.public', 'relay.serve', 'relay.port443']),
  );
});

test('a setting that only a newer daemon knows stands in Advanced, in its own words', () => {
  const newer = new Map([...entries, ['x.y', { key: 'x.y', about: 'Does this.' }]]);
  expect(shownItems(newer, t).at(-1)).toMatchObject({
    id: 'x.y',
    section: 'advanced',
    title: 'x.y',
    line: 'Does this.',
  });
});

test('a setting of routes that only a newer daemon knows stands with the routes', () => {
  const newer = new Map([...entries, ['relay.x', { key: 'relay.x', about: 'Does that.' }]]);
  expect(shownItems(newer, t).at(-1)).toMatchObject({ id: 'relay.x', section: 'routes' });
});

test('a setting that this daemon does not know is not shown', () => {
  const older = new Map([...entries].filter(([key]) => key !== 'app.motion'));
  expect(shownItems(older, t).some(({ id }) => id === 'app.motion')).toBe(false);
});

test('each item is found by its own title, and by a part of it', () => {
  for (const { id, title } of items) {
    expect(found(title)).toContain(id);
    expect(found(title.slice(0, 4))).toContain(id);
  }
});

test('values, sections, other spellings and several words find it too', () => {
  expect(found('dark')[0]).toBe('app.theme');
  expect(found('PÓRT')).toContain('net.port');
  expect(found('privacy')).toEqual(['door', 'blocked']);
  expect(found('enter send')[0]).toBe('app.enterSends');
  expect(found('text size')[0]).toBe('app.textSize');
  expect(found('xyzzy')).toEqual([]);
  expect(found('  ')).toEqual([]);
});
