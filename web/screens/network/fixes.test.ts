import { CHECKS, checkOf, type CheckName } from '@sotto/api/checks.ts';
import { expect, test } from 'vitest';
import { fixOf } from './fixes.ts';

const names = Object.keys(CHECKS) as CheckName[];
const all = names.flatMap((name) =>
  Object.keys(CHECKS[name].findings).map((finding) => checkOf(name, finding as never)),
);

test('no fix of the page names a command of the terminal', () => {
  expect(all.length).toBeGreaterThan(40);
  for (const check of all) expect(fixOf(check).hint ?? '').not.toMatch(/\bsotto\b/);
});

/** Made by the terminal about the profile's folder, or good already. */
const NOT_HERE = ['app', 'folder', 'access'];

test('[ERR-8] a network that blocks the DHT is passed by a relay on port 443, or a proxy', () => {
  for (const finding of ['blocked', 'relayed'] as const) {
    const { places } = fixOf(checkOf('helpers', finding));
    expect(places).toEqual([
      { path: '/settings/routes', label: 'network.fix.relay-443' },
      { path: '/settings/routes', label: 'network.fix.proxy' },
    ]);
  }
});

test('whatever is wrong has something to do or to know', () => {
  const bare = all
    .filter(
      ({ check, state }) => (state === 'warn' || state === 'fail') && !NOT_HERE.includes(check),
    )
    .filter((check) => Object.keys(fixOf(check)).length === 0)
    .map(({ check, finding }) => `${check}.${finding}`);
  expect(bare).toEqual(['found.blocked']);
});
