/**
 * A tracker for a world of whole nodes: it keeps who is announced under which hash, and names them
 * to each other.
 * @module
 */
import { encode } from '../../base/bencode.ts';
import { concat } from '../../base/bytes.ts';
import { encodeEndpoint, endpointKey, type Endpoint } from '../../base/endpoint.ts';
import type { TrackerRequest } from '../../effects.ts';
import type { Person, World } from './world.ts';

export const TRACKER = 'http://tracker.example/announce';

/** One announce, as the tracker saw it. */
interface Seen {
  readonly from: string;
  readonly hash: string;
  readonly event: string | undefined;
}

export class TestTracker {
  readonly seen: Seen[] = [];
  /** By hash: those who are there. */
  readonly swarms = new Map<string, Map<string, Endpoint>>();
  /** Named to everybody, under every hash. */
  lies: readonly Endpoint[] = [];
  isDown = false;

  constructor(world: World) {
    world.tracker = (request, from) => this.#answer(request, from);
  }

  /** Announces of this person since it was asked last. */
  of(person: Person): Seen[] {
    const theirs = this.seen.filter(({ from }) => from === person.name);
    this.seen.splice(0, this.seen.length, ...this.seen.filter(({ from }) => from !== person.name));
    return theirs;
  }

  #answer({ family, path }: TrackerRequest, { host, name }: Person): Uint8Array | undefined {
    const query = new Map(
      path
        .slice(path.indexOf('?') + 1)
        .split('&')
        .map((pair) => pair.split('=') as [string, string]),
    );
    const [hash, event] = [query.get('info_hash')!, query.get('event')];
    this.seen.push({ from: name, hash, event });
    const isFour = !host.includes(':');
    if (this.isDown || (family === 'v4') !== isFour) return undefined;
    const swarm = this.swarms.get(hash) ?? new Map<string, Endpoint>();
    this.swarms.set(hash, swarm);
    const endpoint = { host, port: Number(query.get('port')) };
    if (event === 'stopped') swarm.delete(endpointKey(endpoint));
    else swarm.set(endpointKey(endpoint), endpoint);
    const peers = [...this.lies, ...swarm.values()];
    return encode({ interval: 1_800, peers: concat(...peers.map(encodeEndpoint)) });
  }
}
