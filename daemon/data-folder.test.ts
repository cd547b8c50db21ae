import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { dataFolderPath, openDataFolder, writeWhole } from './data-folder.ts';
import { StartFailure } from './start-failure.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-folder-'));
  folders.push(folder);
  return folder;
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('[API-1] the folder lies where XDG says, or where --data-dir says', () => {
  const of = (env: Record<string, string>, dataDir?: string, profile = 'work'): string =>
    dataFolderPath(dataDir === undefined ? { profile } : { dataDir }, env);
  expect(of({ XDG_DATA_HOME: '/data', HOME: '/home/a' })).toBe('/data/sotto/work');
  expect(of({ XDG_DATA_HOME: 'relative', HOME: '/home/a' })).toBe(
    '/home/a/.local/share/sotto/work',
  );
  expect(of({ HOME: '/home/a' })).toBe('/home/a/.local/share/sotto/work');
  expect(of({ XDG_DATA_HOME: '/data' }, '/x/y')).toBe('/x/y');
  for (const profile of ['../up', 'a/b', '', '.', 'x'.repeat(33)]) {
    expect(() => of({ HOME: '/h' }, undefined, profile)).toThrow(StartFailure);
  }
});

test('[API-1] an empty variable says nothing, and an empty flag is a mistake', () => {
  const home = { HOME: '/home/a', XDG_DATA_HOME: '' };
  const usual = '/home/a/.local/share/sotto/default';
  expect(dataFolderPath({}, { ...home, SOTTO_DATA_DIR: '', SOTTO_PROFILE: '' })).toBe(usual);
  expect(dataFolderPath({}, { ...home, SOTTO_DATA_DIR: '/x', SOTTO_PROFILE: 'a' })).toBe('/x');
  expect(() => dataFolderPath({ dataDir: '' }, home)).toThrow(/--data-dir needs a folder/);
});

test('[API-1] a folder of other things is refused and left as it is', () => {
  const path = scratch();
  mkdirSync(join(path, 'etc'));
  writeFileSync(join(path, 'etc', 'passwd'), '');
  writeFileSync(join(path, 'config.json'), '{}');
  const all = [path, join(path, 'etc'), join(path, 'config.json')];
  for (const one of all) chmodSync(one, 0o755);
  expect(() => openDataFolder(path)).toThrow(/holds other things/);
  expect([...all.map(modeOf), readdirSync(path)]).toEqual([
    ...['755', '755', '755'],
    ['config.json', 'etc'],
  ]);
  rmSync(join(path, 'etc'), { recursive: true });
  expect([...openDataFolder(path)].sort()).toEqual([basename(path), 'config.json'].sort());
});

test('[API-1] a new folder and its files are for this user alone; wider modes are narrowed', () => {
  const path = join(scratch(), 'a', 'b');
  expect(openDataFolder(path)).toEqual([]);
  expect([modeOf(path), modeOf(join(path, 'logs'))]).toEqual(['700', '700']);
  writeFileSync(join(path, 'vault.db'), '');
  chmodSync(join(path, 'vault.db'), 0o644);
  chmodSync(path, 0o755);
  mkdirSync(join(path, 'wide'));
  chmodSync(join(path, 'wide'), 0o777);
  symlinkSync('/etc/hostname', join(path, 'link'));
  const before = modeOf('/etc/hostname');
  expect([...openDataFolder(path)].sort()).toEqual(['b', 'vault.db', 'wide']);
  expect(modeOf(path) + modeOf(join(path, 'vault.db')) + modeOf(join(path, 'wide'))).toBe(
    '700600700',
  );
  expect(modeOf('/etc/hostname')).toBe(before);
});

test('[API-1] what is no folder of ours is refused with a reason', () => {
  const parent = scratch();
  writeFileSync(join(parent, 'file'), '');
  symlinkSync(parent, join(parent, 'link'));
  for (const name of ['file', 'file/below', 'link']) {
    const open = (): unknown => openDataFolder(join(parent, name));
    expect(open).toThrow(StartFailure);
    expect(open).toThrow(/cannot be used/);
  }
});

test('[API-6] a file is replaced whole, and a failed write leaves the old one', () => {
  const folder = scratch();
  const path = join(folder, 'x.json');
  writeWhole(path, 'one');
  writeWhole(path, 'two');
  expect(modeOf(path)).toBe('600');
  chmodSync(folder, 0o700);
  mkdirSync(join(folder, 'dir'));
  expect(() => writeWhole(join(folder, 'missing', 'x'), 'three')).toThrow(/ENOENT/);
  expect(() => writeWhole(join(folder, 'dir'), 'three')).toThrow();
});

test('[API-1] the unit of docs/relay has a folder of its own user, which no link leads to', () => {
  const read = (name: string): string =>
    readFileSync(new URL(`../docs/relay/${name}`, import.meta.url), 'utf8');
  const unit = read('sotto-relay.service');
  const of = (key: string): string | undefined =>
    new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1]?.trim();
  // With a dynamic user systemd makes it a link into /var/lib/private, also for the unit itself.
  expect([of('DynamicUser'), of('User')]).toEqual([undefined, 'sotto-relay']);
  expect(unit).toContain(`--data-dir %S/${of('StateDirectory')!} `);
  const asked = `runuser -u ${of('User')!} -- node /opt/sotto/sotto.mjs --data-dir /var/lib/`;
  const readme = read('README.md');
  expect(readme).toContain(asked + of('StateDirectory')!);
  expect(readme).toMatch(new RegExp(`useradd .*${of('User')!}$`, 'm'));
});
