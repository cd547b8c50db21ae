/** Presence over real DHT nodes: the two have no other test together below the whole node. */
import { expect, test } from 'vitest';
import { TestNetwork } from './test-network.ts';
import { Person, runPeople as run } from './test-person.ts';
import { pairSecret, recordAt } from './test-presence-world.ts';
import { LOOK_QUERIES, PUBLISH_QUERIES } from './timetable.ts';

const MINUTE_MS = 60_000;
test('[DSC-23] thirty nodes: both restarted elsewhere find each other within 30 s, 12 times', () => {
  const net = new TestNetwork(1);
  const nodes = net.grow(30);
  net.run(MINUTE_MS);
  const secret = pairSecret(net.prng);
  const [ana, ben] = [new Person(net, 'ana'), new Person(net, 'ben')];
  const people = [ana, ben];
  const tookMs: number[] = [];
  const restart = (person: Person, other: Person, round: number, port: number): void => {
    const saved = person.host?.node.save();
    if (person.host) person.host.alive = false;
    const endpoint = { ...TestNetwork.address(130 + 2 * round + people.indexOf(person)), port };
    const bootstrap = [nodes[round % 10]!.endpoint];
    person.start(net.add(endpoint, { bootstrap, ...(saved && { saved }) }), (presence) => {
      presence.setPeer(other.name, { secret: secret(), devices: [other.key] }, person.now);
      presence.setOurRecord(recordAt(port), person.now);
    });
  };
  for (let round = 0; round < 12; round++) {
    const [mine, theirs] = [2000 + round, 3000 + round];
    restart(ana, ben, round, mine);
    restart(ben, ana, round, theirs);
    const met = (): boolean => ana.foundPorts.includes(theirs) || ben.foundPorts.includes(mine);
    tookMs.push(run(people, 5 * MINUTE_MS, met));
    ana.presence.linkUp('ben', ana.now);
    ben.presence.linkUp('ana', ben.now);
    run(people, 2000);
  }
  tookMs.sort((a, b) => a - b);
  expect(tookMs[6]).toBeLessThan(6000);
  expect(tookMs[11]).toBeLessThan(15_000);
});

test('[DSC-25] a lookup and a publishing cost about what they are counted as', () => {
  const net = new TestNetwork(2);
  const nodes = net.grow(60);
  net.run(2 * MINUTE_MS);
  const ana = new Person(net, 'ana');
  const bootstrap = [nodes[3]!.endpoint];
  ana.start(net.add(TestNetwork.address(70), { bootstrap }), () => undefined);
  run([ana], MINUTE_MS);
  const sentDuring = (act: () => void, forMs: number): number => {
    const before = ana.host.node.stats()['sentQueries']!;
    act();
    run([ana], forMs);
    return ana.host.node.stats()['sentQueries']! - before;
  };
  const idle = sentDuring(() => undefined, 20_000);
  const looking = sentDuring(() => {
    const peer = { secret: pairSecret(net.prng)(), devices: [net.prng.bytes(32)] };
    ana.presence.setPeer('x', peer, ana.now);
  }, 20_000);
  const perLook = (looking - idle) / ana.ops.get;
  ana.presence.removePeer('x', ana.now);
  run([ana], 5000);
  const publishing = sentDuring(() => {
    ana.presence.setOurRecord(recordAt(1), ana.now);
    const peer = { secret: pairSecret(net.prng)(), devices: [] };
    ana.presence.setPeer('y', peer, ana.now);
  }, 20_000);
  expect(perLook).toBeLessThan(1.5 * LOOK_QUERIES);
  expect(perLook).toBeGreaterThan(LOOK_QUERIES / 4);
  expect(publishing).toBeLessThan(1.5 * PUBLISH_QUERIES);
});
