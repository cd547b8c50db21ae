import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isAlive, profileFolder, readApiFile } from './profile.ts';

const root = mkdtempSync(join(tmpdir(), 'sotto-profile-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('[CLI-14] where a profile lies', () => {
  const env = { HOME: '/home/ana' };

  test.each([
    [{}, {}, '/home/ana/.local/share/sotto/default'],
    [{ profile: 'work' }, {}, '/home/ana/.local/share/sotto/work'],
    [{}, { XDG_DATA_HOME: '/data' }, '/data/sotto/default'],
    [{}, { XDG_DATA_HOME: 'relative' }, '/home/ana/.local/share/sotto/default'],
    [{}, { SOTTO_PROFILE: 'work' }, '/home/ana/.local/share/sotto/work'],
    [{ profile: 'home' }, { SOTTO_PROFILE: 'work' }, '/home/ana/.local/share/sotto/home'],
    [{}, { SOTTO_DATA_DIR: '/x/y' }, '/x/y'],
    [{}, { SOTTO_DATA_DIR: '', SOTTO_PROFILE: '' }, '/home/ana/.local/share/sotto/default'],
    [{ profile: 'work' }, { SOTTO_DATA_DIR: '/x/y' }, '/home/ana/.local/share/sotto/work'],
    [{ dataDir: '/z' }, { SOTTO_DATA_DIR: '/x/y', SOTTO_PROFILE: 'work' }, '/z'],
  ])('%j with %j', (which, more, folder) => {
    expect(profileFolder(which, { ...env, ...more })).toBe(folder);
  });

  test.each([
    { profile: '../x' },
    { profile: '' },
    { dataDir: '' },
    { profile: 'a', dataDir: 'b' },
  ])('%j is a mistake', (which) =>
    expect(() => profileFolder(which, env)).toThrow(/Nothing was done/),
  );
});

describe('[CLI-3] api.json', () => {
  const file = { v: 1, pid: process.pid, port: 7340, token: 'ab'.repeat(32) };
  const written = (content: unknown): ReturnType<typeof readApiFile> => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(join(root, 'api.json'), text);
    return readApiFile(root);
  };

  test('is believed where it is whole and its process lives', () => {
    expect(written(file)).toEqual(file);
    const { pid } = spawnSync('true');
    expect(written({ ...file, pid })).toBeUndefined();
  });

  test.each([
    '',
    '{',
    'null',
    { ...file, v: 2 },
    { ...file, token: 'short' },
    { ...file, port: '1' },
    { ...file, pid: undefined },
  ])('%j is none', (content) => expect(written(content)).toBeUndefined());

  test('a process that ended is gone, one of another user is not', () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(1)).toBe(true);
    expect(isAlive(spawnSync('true').pid)).toBe(false);
  });
});
