import { expect, test } from 'vitest';
import { decodeRecord } from '../discovery/record.ts';
import type { PortMap } from '../path/port-map/contract.ts';
import { data, World, type Person } from './testing/world.ts';

const INVITE = { type: 'invite-new', expiresInMs: 86_400_000, reusable: true } as const;

const maps = (host: string): PortMap[] => [
  { transport: 'udp', family: 'v4', external: { host, port: 41_000 }, via: 'pcp' },
  { transport: 'tcp', family: 'v4', external: { host, port: 41_001 }, via: 'pcp' },
];

function ana(): Person {
  const world = new World();
  const person = world.person('Ana');
  person.start();
  world.run();
  return person;
}

/** What others are told of where she is, and what she is told herself. */
function told(person: Person): [string[], string, string] {
  const read = decodeRecord(data(person.ask(INVITE), 'invite').hint);
  const { health } = data(person.ask({ type: 'health' }), 'health');
  const routes = read.ok ? read.record.candidates : [];
  const names = routes.map(
    ({ endpoint: { host, port }, transport }) => `${transport} ${host}:${port}`,
  );
  return [names, health.mapping, health.reach];
}

const LOCAL = ['udp 127.0.0.1:20000', 'tcp 127.0.0.1:20000'];

test('[MAP-15] a mapped port is published before all else, and counts as reachable', () => {
  const person = ana();
  expect(told(person)).toEqual([LOCAL, 'none', 'unknown']);
  person.mapped(maps('203.0.113.7'));
  const outside = ['udp 203.0.113.7:41000', 'tcp 203.0.113.7:41001'];
  expect(told(person)).toEqual([[...outside, ...LOCAL], 'open', 'opened']);
  person.mapped([]);
  expect(told(person)).toEqual([LOCAL, 'none', 'unknown']);
});

test('[MAP-16] behind a second router it is not published, and said', () => {
  const person = ana();
  for (const host of ['10.1.2.3', '192.168.0.7']) {
    person.mapped(maps(host));
    expect(told(person)).toEqual([LOCAL, 'double', 'unknown']);
  }
  person.mapped(maps('100.64.0.2'));
  expect(told(person).slice(1)).toEqual(['double', 'unknown']);
});
