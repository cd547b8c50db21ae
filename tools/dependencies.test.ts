/**
 * docs/DEPENDENCIES.md tells what is really there.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('..', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const json = <T>(path: string): T => JSON.parse(read(path)) as T;

interface Manifest {
  workspaces?: string[];
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  allowScripts?: Record<string, boolean>;
}
interface Locked {
  link?: boolean;
  dev?: boolean;
  hasInstallScript?: boolean;
  integrity?: string;
  license?: string;
}

const manifest = json<Manifest>('package.json');
const lock = json<{ packages: Record<string, Locked> }>('package-lock.json');
const installed = Object.entries(lock.packages).filter(
  ([path, { link }]) => path.includes('node_modules/') && !link,
);
const page = read('docs/DEPENDENCIES.md');
const rows = [...page.matchAll(/^\| `([^`]+)` \| ([\d.]+) \| (\S+) \|/gm)];
const listed = rows.map(([, name, version]) => `${name} ${version}`).sort();

const own = (name: string): boolean => name.startsWith('@sotto/');
const versions = (dependencies: Record<string, string> = {}): string[] =>
  Object.entries(dependencies).flatMap(([name, version]) =>
    own(name) ? [] : [`${name} ${version}`],
  );

test('the page lists every direct dependency with its exact version', () => {
  const manifests = manifest.workspaces!.map((name) => json<Manifest>(`${name}/package.json`));
  const direct = [
    ...manifests.flatMap(({ dependencies }) => versions(dependencies)),
    ...manifests.flatMap(({ devDependencies }) => versions(devDependencies)),
    ...versions(manifest.dependencies),
    ...versions(manifest.devDependencies),
  ];
  expect(listed).toEqual([...new Set(direct)].sort());
  for (const line of direct) expect(line).toMatch(/ \d+\.\d+\.\d+$/);
});

test('the page tells each licence as the package does', () => {
  for (const [, name, , licence] of rows) {
    expect(`${name} ${licence}`).toBe(
      `${name} ${lock.packages[`node_modules/${name}`]?.license ?? 'not locked'}`,
    );
  }
});

test('every package is locked by its hash, and at most 26 direct ones run', () => {
  for (const [path, { integrity }] of installed) expect(integrity, path).toMatch(/^sha512-/);
  const runtime = installed.filter(([, { dev }]) => !dev);
  const direct = rows.filter(([, name]) => !lock.packages[`node_modules/${name}`]?.dev);
  expect(direct.length).toBeLessThanOrEqual(26);
  expect(page).toContain(`They bring ${runtime.length - direct.length} more packages`);
});

test('the page lists every package whose install script runs, and no other is allowed', () => {
  const scripted = installed
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
    .sort();
  const section = page.slice(page.indexOf('## Install scripts'));
  const told = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name).sort();
  expect(told).toEqual(scripted);
  expect(Object.keys(manifest.allowScripts ?? {}).sort()).toEqual(scripted);
});

/** Essential in Debian, or there with Node and with what builds the database. */
const EVERYWHERE = [
  ...['sh', 'bash', 'true', 'mkdir', 'touch', 'rm', 'mount', 'umount', 'unshare', 'taskset'],
  ...['script', 'dpkg-query', 'apt-get', 'npm', 'git', 'python3'],
];
/** Asked for and done without where it is not there. */
const OPTIONAL = ['xdg-settings'];

test('every program that a test starts comes with a package that the tests install', () => {
  const known = new Set([
    ...[EVERYWHERE, OPTIONAL].flat(),
    ...Object.values(json<Record<string, string[]>>('tools/debian-packages.json')).flat(),
  ]);
  const started = new Map<string, string>();
  for (const folder of ['lab', 'cli', 'daemon', 'vault', 'bench', 'tools', 'sim']) {
    const paths = readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' });
    for (const path of paths.filter((one) => /\.(ts|mjs)$/.test(one))) {
      const text = read(`${folder}/${path}`);
      const program = /\b(?:spawn|spawnSync|execFile|execFileSync)\(\s*'([\w./-]+)'/g;
      for (const [, name] of text.matchAll(program)) started.set(name!.split('/').at(-1)!, path);
      // Rooms run programs by `run` too; the stages of tools/test.mjs are no programs.
      if (folder !== 'lab') continue;
      for (const [, name] of text.matchAll(/\.run\(\s*'([\w-]+)'/g)) started.set(name!, path);
    }
  }
  expect(started.size).toBeGreaterThan(15);
  const missing = [...started].filter(([name]) => !known.has(name));
  expect(missing).toEqual([]);
});
