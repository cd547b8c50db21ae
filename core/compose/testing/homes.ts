/**
 * Homes: people behind routers of kinds, and six helpers that anybody reaches.
 * @module
 */
import { Prng } from '../../base/prng.ts';
import { TestNat, type NatKind } from '../../path/test-nat.ts';
import { World, type Person } from './world.ts';

/** Six people with public addresses, each in a network of its own, who keep the DHT. */
export function worldWithHelpers(seed: number): World {
  const world = new World(seed);
  for (let i = 1; i <= 6; i++) {
    const helper = world.person(`Helper ${i}`, true);
    helper.host = `198.18.${i}.1`;
    helper.start();
  }
  world.run(20_000);
  return world;
}

/** Behind a router at `host`, from the next start on. @param seed of the ports that it gives. */
export function moveHome(person: Person, host: string, kind: NatKind, seed = person.port): void {
  person.host = `192.168.${person.port % 100}.2`;
  person.nat = new TestNat(host, kind, new Prng(seed).bytes);
}
