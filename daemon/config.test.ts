import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SETTING_KEYS } from '@sotto/api/settings.ts';
import { formatRelay } from '@sotto/core/relay/relay-text.ts';
import { Config } from './config.ts';
import { StartFailure } from './start-failure.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderWith(files: Record<string, unknown> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-config-'));
  folders.push(folder);
  for (const [name, value] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  }
  return folder;
}

function refusal(make: () => Config): { reason: string; detail: Record<string, unknown> } {
  try {
    make();
  } catch (error) {
    if (error instanceof StartFailure) return { reason: error.reason, detail: { ...error.detail } };
    throw error;
  }
  throw new Error('it was accepted');
}

describe('[API-4] a flag wins over the environment, that over the file, that over the default', () => {
  const flags = ['net.port=1'];
  const env = { SOTTO_NET_PORT: '2', SOTTO_PATH: 'x' };
  const file = { 'net.port': 3 };
  test.each([
    [flags, env, file, 1, 'flag'],
    [[], env, file, 2, 'environment'],
    [[], {}, file, 3, 'file'],
    [[], {}, {}, 0, 'default'],
  ])('%j %j %j', (flags, env, file, value, source) => {
    const folder = folderWith({ 'config.json': file });
    const config = new Config({ flags, env, folder });
    expect(config.entry('net.port')).toMatchObject({ value, source, default: 0 });
    expect(config.values()['net.port']).toBe(value);
  });

  test('each key can come from each of them, as the kind it is', () => {
    const env = {
      SOTTO_NET_ALLOWRESERVED: 'true',
      SOTTO_DHT_BOOTSTRAP: '',
      SOTTO_LOG_LEVEL: 'warn',
    };
    const flags = ['dht.enabled=false', 'profile.name=a=b'];
    const values = new Config({ flags, env, folder: folderWith() }).values();
    expect(values).toMatchObject({
      'net.allowReserved': true,
      'dht.bootstrap': '',
      'log.level': 'warn',
      'dht.enabled': false,
      'profile.name': 'a=b',
    });
  });
});

test('[API-5] the list names every setting with its source, default and meaning', () => {
  const list = new Config({ flags: ['net.port=7'], env: {}, folder: folderWith() }).list();
  expect(list.map(({ key }) => key)).toEqual([...SETTING_KEYS]);
  for (const { about, default: standard, value } of list) {
    expect(about.length).toBeGreaterThan(10);
    expect(typeof value).toBe(typeof standard);
  }
  expect(list.filter(({ source }) => source !== 'default')).toHaveLength(1);
  const bootstrap = list.find(({ key }) => key === 'dht.bootstrap')!.value;
  expect(String(bootstrap).split(',')).toHaveLength(4);
});

test.each([
  ['an unknown flag', ['net.prot=1'], {}, {}, { key: 'net.prot', source: 'flag' }],
  ['a flag without a value', ['net.port'], {}, {}, { key: 'net.port', source: 'flag' }],
  ['a flag of the prototype', ['__proto__=1'], {}, {}, { key: '__proto__', source: 'flag' }],
  ['a number that is none', ['net.port=12a'], {}, {}, { key: 'net.port', source: 'flag' }],
  ['a port too high', [], { SOTTO_NET_PORT: '65536' }, {}, { source: 'environment' }],
  ['a boolean that is none', ['dht.enabled=yes'], {}, {}, { key: 'dht.enabled' }],
  ['a level that is none', ['log.level=loud'], {}, {}, { key: 'log.level' }],
  ['an address that is none', ['net.bind=eth0'], {}, {}, { key: 'net.bind' }],
  ['two addresses of one family', ['net.bind=::1,::'], {}, {}, { key: 'net.bind' }],
  ['a router without a port', ['dht.bootstrap=a.example'], {}, {}, { key: 'dht.bootstrap' }],
  ['an unknown key in the file', [], {}, { 'net.prt': 1 }, { key: 'net.prt', source: 'file' }],
  ['a wrong kind in the file', [], {}, { 'net.port': [] }, { key: 'net.port', source: 'file' }],
  ['a file that is no object', [], {}, '[]', { key: 'config.json', source: 'file' }],
  ['a file that is no JSON', [], {}, '{', { key: 'config.json', source: 'file' }],
])('[API-4] %s is refused, naming key and source', (_, flags, env, file, detail) => {
  const folder = folderWith({ 'config.json': file });
  const { reason, detail: told } = refusal(() => new Config({ flags, env, folder }));
  expect(reason).toBe('bad-config');
  expect(told).toMatchObject(detail);
  expect(String(told['what']).length).toBeGreaterThan(3);
});

test('[TRK-15] trackers.list is empty at first, takes what a tracker can be, names what cannot', () => {
  const open = (list: string): Config => {
    const folder = folderWith({ 'config.json': { 'trackers.list': list } });
    return new Config({ flags: [], env: {}, folder });
  };
  const good =
    'http://t.example/announce, https://[2001:db8::1]:8443/a?key=1, udp://192.0.2.7:6969';
  expect(
    new Config({ flags: [], env: {}, folder: folderWith() }).entry('trackers.list'),
  ).toMatchObject({
    ...{ value: '', default: '', restart: false },
  });
  expect(open(good).values()['trackers.list']).toBe(good);
  for (const wrong of ['udp://t.example/announce', 'http://256.1.1.1/a', 'http://a b/']) {
    const { detail, reason } = refusal(() => open(`${good},${wrong}`));
    expect([reason, detail['key'], detail['source']]).toEqual([
      ...['bad-config', 'trackers.list', 'file'],
    ]);
    expect(detail['what']).toContain(wrong);
    expect(open('').read('trackers.list', wrong)).toMatchObject({ ok: false });
  }
  expect(open('').read('trackers.list', 'ftp://t.example/announce')).toMatchObject({ ok: false });
  const many = Array.from({ length: 17 }, (_, i) => `http://t${i}.example/announce`);
  expect(open('').read('trackers.list', many.join())).toEqual({ ok: false, what: 'at most 16' });
});

describe('[RLY-16] relays.list takes what a relay can be, and names what cannot', () => {
  const relay = (host: string, port = 443): string =>
    formatRelay({ endpoint: { host, port }, key: new Uint8Array(32).fill(7), web: undefined });
  const open = (list: string, more: readonly string[] = []): Config => {
    const folder = folderWith({ 'config.json': { 'relays.list': list } });
    return new Config({ flags: more, env: {}, folder });
  };
  const good = [relay('8.8.4.4'), relay('2606:4700::1', 4000)];
  const wrongKey = good[0]!.replace(/:../, ':ax');

  test.each([
    ['a letter of the key', wrongKey, 'no relay'],
    ['a port that is none', good[0]!.replace(':443', ':99999'), 'no relay'],
    ['three numbers', good[0]!.replace('8.8.4.4', '203.0.113'), 'no relay'],
    ['a number too high', good[0]!.replace('8.8.4.4', '203.0.113.777'), 'no relay'],
    ['a private address', relay('192.168.1.5'), 'public address'],
    ['a privileged port', relay('8.8.4.4', 80), 'public address'],
  ])('%s', (_, part, what) => {
    const { reason, detail } = refusal(() => open(`${good[0]},${part}`));
    expect([reason, detail['key'], detail['source']]).toEqual([
      'bad-config',
      'relays.list',
      'file',
    ]);
    expect(detail['what']).toContain(part);
    expect(detail['what']).toContain(what);
    const set = open('').read('relays.list', `${good[0]}, ${part}`);
    expect(set).toEqual({ ok: false, what: detail['what'] });
  });

  test('the rest is taken, of a lab too where its addresses count', () => {
    const list = good.join(', ');
    expect(open(list).values()['relays.list']).toBe(list);
    expect(open('').read('relays.list', list)).toEqual({ ok: true, value: list });
    const lab = relay('198.51.100.7');
    expect(refusal(() => open(lab)).detail['key']).toBe('relays.list');
    expect(open(lab, ['net.allowReserved=true']).read('relays.list', lab).ok).toBe(true);
  });
});

test('[API-6] a change is written whole, read back, and taken back', () => {
  const folder = folderWith({ 'config.json': { 'log.level': 'warn' } });
  const open = (): Config => new Config({ flags: [], env: {}, folder });
  const config = open();
  config.set('net.port', 4000);
  expect(config.entry('net.port')).toMatchObject({ value: 4000, source: 'file', restart: true });
  expect(open().values()).toMatchObject({ 'net.port': 4000, 'log.level': 'warn' });
  config.set('net.port', undefined);
  config.set('log.level', undefined);
  expect(
    open()
      .list()
      .every(({ source }) => source === 'default'),
  ).toBe(true);
  expect(readdirSync(folder)).toEqual(['config.json']);
  expect(statSync(join(folder, 'config.json')).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toEqual({});
});

test('[API-11] ports chosen at the first start are kept, below what a person says', () => {
  const folder = folderWith();
  const config = new Config({ flags: [], env: {}, folder });
  config.keepPort('net.port', 31_000);
  config.keepPort('api.port', 7345);
  const again = new Config({ flags: [], env: {}, folder });
  expect(again.entry('net.port')).toMatchObject({ value: 31_000, source: 'file' });
  expect(again.isChosen('net.port')).toBe(false);
  const told = new Config({ flags: ['net.port=5000'], env: {}, folder });
  expect(told.entry('net.port').value).toBe(5000);
  expect(told.isChosen('net.port')).toBe(true);
});

test('[PRX-4] a password is read from the file alone and shown to nobody', () => {
  const folder = folderWith();
  const config = new Config({ flags: [], env: {}, folder });
  expect(config.entry('proxy.password')).toMatchObject({ value: '', source: 'default' });
  config.set('proxy.password', 'geheim');
  expect(config.values()['proxy.password']).toBe('geheim');
  expect(new Config({ flags: [], env: {}, folder }).values()['proxy.password']).toBe('geheim');
  expect(config.entry('proxy.password')).toMatchObject({ value: '(hidden)', source: 'file' });
  expect(JSON.stringify(config.list())).not.toContain('geheim');
  expect(statSync(join(folder, 'config.json')).mode & 0o777).toBe(0o600);
  for (const sources of [
    { flags: ['proxy.password=geheim'], env: {} },
    { flags: [], env: { SOTTO_PROXY_PASSWORD: 'geheim' } },
  ]) {
    const { reason, detail } = refusal(() => new Config({ ...sources, folder }));
    expect([reason, detail['key']]).toEqual(['bad-config', 'proxy.password']);
    expect(JSON.stringify(detail)).not.toContain('geheim');
  }
});
