/**
 * The people and relays of bar D3, each in a room of its own, and everything that is watched.
 *
 *   Ana  198.51.100.101, later .201   hides; her relays are R1 and R3
 *   Bo   198.51.100.102, later .202   her contact; his are R2 and R4
 *   Dora 198.51.100.103               Ana knocks at her door; hers are R2 and R4
 *   Emil 198.51.100.104               knocks at Ana's; his are R2 and R4
 *   R1 192.0.2.240   R2 203.0.113.240   R3 198.19.0.240   R4 198.18.200.1
 *   30 nodes of the DHT, 198.18.0.1 to 198.18.29.1
 *
 * Everybody has an address of IPv6 too: `both` of the one above.
 *
 * Captured: every packet of Bo, Dora, Emil, the relays and the nodes. Of Bo, Dora and Emil also
 * all that their daemons open with their keys.
 * @module
 */
import { join } from 'node:path';
import { linked, RoomDaemon, routeTo } from '../rooms/room-daemon.ts';
import { keepPlaintexts, type Plaintext, readPlaintexts } from '../rooms/plaintexts.ts';
import type { Room } from '../rooms/internet.ts';
import { Town, until } from '../rooms/town.ts';
import { capture, endCapture, type Packet, readCapture } from './a3-capture.ts';

/** Of each family one. */
export const ANA = both('198.51.100.101');
/** Where Ana and Bo are later. */
export const ANA_MOVED = both('198.51.100.201');
export const BO_MOVED = both('198.51.100.202');
export const PORT = 30_600;
const NODES = 30;
const DELAY_MS = 5;
const LINKED_MS = 90_000;
const TALK_EVERY_MS = 20;
const LOOK_AGAIN_MS = 2_000;
const CAPTURES_STAND_MS = 1_000;
const RELAYS = { R1: '192.0.2.240', R2: '203.0.113.240', R3: '198.19.0.240', R4: '198.18.200.1' };
/** Where everybody is at first. */
export const PEOPLE = {
  Ana: ANA[0],
  Bo: '198.51.100.102',
  Dora: '198.51.100.103',
  Emil: '198.51.100.104',
};

export type Name = keyof typeof PEOPLE;
export type Peer = Exclude<Name, 'Ana'>;
export const PEERS: readonly Peer[] = ['Bo', 'Dora', 'Emil'];
/** Where packets are captured. */
export type Place = Peer | keyof typeof RELAYS | 'DHT';

export class HiddenScene {
  readonly #captures: ReturnType<typeof capture>[] = [];
  #portsUsed = 0;

  private constructor(
    readonly town: Town,
    private readonly folder: string,
    readonly people: Readonly<Record<Name, RoomDaemon>>,
    readonly relays: Readonly<Record<keyof typeof RELAYS, RoomDaemon>>,
  ) {}

  static async build(folder: string): Promise<HiddenScene> {
    const town = await Town.build({
      nodes: NODES,
      delayMs: DELAY_MS,
      lossPercent: 0,
      folder,
      six: true,
    });
    try {
      const helpers = `dht.bootstrap=${town.bootstrap.join()}`;
      const daemon = (name: string, host: string, settings: string[]): RoomDaemon => {
        const room = town.internet.room(name.toLowerCase(), both(host));
        return new RoomDaemon(name, room, folder, PORT, [helpers, ...settings]);
      };
      const relays = mapped(RELAYS, (name, host) => daemon(name, host, ['relay.serve=public']));
      for (const relay of Object.values(relays)) await relay.start();
      const text = await texts(relays);
      const people = mapped(PEOPLE, (name, host) => {
        const own = name === 'Ana' ? [text.R1, text.R3] : [text.R2, text.R4];
        // Nobody keeps them among the nodes of the DHT, so no relay meets them there by chance.
        const more = ['dht.readOnly=true', 'relay.serve=off', `relays.list=${own.join()}`];
        return daemon(name, host, name === 'Ana' ? [...more, 'routes.default=hidden'] : more);
      });
      const scene = new HiddenScene(town, folder, people, relays);
      await scene.#watch();
      return scene;
    } catch (error) {
      await town.close();
      throw error;
    }
  }

  get ana(): RoomDaemon {
    return this.people.Ana;
  }

  get bo(): RoomDaemon {
    return this.people.Bo;
  }

  /** Starts somebody, at a port where nobody knew them. */
  async start(name: Name, ...more: string[]): Promise<void> {
    const port = `net.port=${PORT + ++this.#portsUsed}`;
    const env = name === 'Ana' ? {} : keepPlaintexts(this.#file(name, 'plain'));
    await this.people[name].start(undefined, [port, ...more], env);
  }

  /** Both end, and come back elsewhere, one after the other. */
  async restart(first: Name, second: Name, ...more: string[]): Promise<void> {
    await Promise.all([this.people[first].stop(), this.people[second].stop()]);
    await this.start(first, ...(first === 'Bo' ? more : []));
    await this.start(second, ...(second === 'Bo' ? more : []));
  }

  /** Until Ana and this one are linked, by this route as both say. */
  async linked(name: Peer, route: 'relay' | 'direct'): Promise<void> {
    const other = this.people[name];
    await linked(this.ana, LINKED_MS, name);
    await linked(other, LINKED_MS, 'Ana');
    await until(`Ana and ${name} by the route ${route}`, LINKED_MS, async () => {
      const routes = await Promise.all([routeTo(this.ana, name), routeTo(other, 'Ana')]);
      return routes.every((one) => one.route === route);
    });
  }

  /** Messages both ways between Ana and this one; throws where one is not stored there. */
  async chat(name: Peer, count: number): Promise<void> {
    const results = await Promise.all([
      this.ana.talk(name, count, TALK_EVERY_MS),
      this.people[name].talk('Ana', count, TALK_EVERY_MS),
    ]);
    const lost = results.reduce((sum, one) => sum + one.lost, 0);
    if (lost > 0) throw new Error(`${lost} of ${2 * count} messages did not arrive`);
  }

  /** Looks at the door of one until somebody has knocked, and lets them in. */
  async letIn(name: Name, timeoutMs: number): Promise<void> {
    const host = this.people[name];
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const { requests } = await host.call('requests.list', { look: true });
      const [request] = requests;
      if (request) {
        await host.call('requests.accept', { who: request.conversation });
        return;
      }
      if (performance.now() > endMs) throw new Error(`nobody is at the door of ${name}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  packets(place: Place): Packet[] {
    return readCapture(this.#file(place, 'pcap'));
  }

  plaintexts(name: Peer): Plaintext[] {
    return readPlaintexts(this.#file(name, 'plain'));
  }

  /** Everybody ends, and all that was seen is on disk. */
  async stop(): Promise<void> {
    const all = [...Object.values(this.people), ...Object.values(this.relays)];
    await Promise.all(all.filter(({ isRunning }) => isRunning).map((one) => one.stop()));
    await Promise.all(this.#captures.splice(0).map(endCapture));
  }

  async #watch(): Promise<void> {
    const rooms: [Place, Room][] = [
      ['DHT', this.town.dhtRoom],
      ...PEERS.map((name): [Place, Room] => [name, this.people[name].room]),
      ...Object.entries(this.relays).map(([name, { room }]): [Place, Room] => [
        name as Place,
        room,
      ]),
    ];
    for (const [place, room] of rooms) {
      this.#captures.push(capture(room, this.#file(place, 'pcap')));
    }
    await new Promise((resolve) => setTimeout(resolve, CAPTURES_STAND_MS));
  }

  #file(place: Place, kind: string): string {
    return join(this.folder, `${place}.${kind}`);
  }
}

/** By which each names its relays. */
async function texts<K extends string>(
  relays: Readonly<Record<K, RoomDaemon>>,
): Promise<Record<K, string>> {
  const entries = Object.entries<RoomDaemon>(relays).map(async ([name, relay]) => {
    const { text } = await relay.call('relay.show', {});
    if (text === undefined) throw new Error(`${name} knows no address of its own`);
    return [name, text] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<K, string>;
}

function mapped<K extends string, V>(
  from: Readonly<Record<K, string>>,
  make: (name: K, value: string) => V,
): Record<K, V> {
  const entries = Object.entries<string>(from).map(([name, value]) => {
    return [name, make(name as K, value)];
  });
  return Object.fromEntries(entries) as Record<K, V>;
}

/** An address of IPv4, and the one of IPv6 that goes with it. */
export function both(four: string): readonly [string, string] {
  const [a, b, c, d] = four.split('.').map((part) => Number(part).toString(16));
  return [four, `2001:db8:${a}${b!.padStart(2, '0')}:${c}::${d}`];
}
