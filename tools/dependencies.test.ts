/**
 * docs/DEPENDENCIES.md tells what is really there.
 */
import { readFileSync } from 'node:fs';
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
