/**
 * The place where it is measured: a small internet (lab/rooms) whose DHT room holds two networks
 * of as many nodes on the same addresses, libtorrent's (BEP 5) and hyperdht's. Every packet
 * between rooms takes the same delay; the nodes of a network are near each other.
 *
 * Dead nodes are in everybody's tables and answer no more: their packets are dropped, inside the
 * DHT room too. Others die in their place from time to time, for what is dead for long is known.
 * @module
 */
import { fileURLToPath } from 'node:url';
import { LineProcess } from '../lab/dht/line-process.ts';
import { Internet, type Room } from '../lab/rooms/internet.ts';
import { DHT_PORT } from '../lab/rooms/player.ts';

export const NODES = 30;
export const DEAD = 3;
export const DELAY_MS = 25;
export const ROUND_TRIP_MS = 2 * DELAY_MS;

const PYTHON = '/usr/bin/python3';
const FARM = fileURLToPath(new URL('../lab/dht/farm.py', import.meta.url));
const HYPERDHT = fileURLToPath(new URL('hyperdht-program.ts', import.meta.url));

export class Place {
  #rooms = 0;
  /** Numbers of the nodes that are dead now. */
  #dead: readonly number[] = [];

  private constructor(
    readonly internet: Internet,
    private readonly dhtRoom: Room,
    readonly farm: LineProcess,
  ) {}

  /** Needs root; call `close` after use. */
  static async build(): Promise<Place> {
    const internet = new Internet();
    try {
      const hosts = Array.from({ length: NODES }, (_, i) => `198.18.${i}.1`);
      const room = internet.room('dht', hosts);
      const farm = new LineProcess(room.spawn(PYTHON, [FARM, String(NODES)]));
      const hyper = ['--import', 'tsx', HYPERDHT, 'nodes', ...hosts];
      const nodes = new LineProcess(room.spawn(process.execPath, hyper));
      await Promise.all([farm.ready, nodes.ready]);
      await internet.weather(DELAY_MS, 0);
      return new Place(internet, room, farm);
    } catch (error) {
      await internet.close();
      throw error;
    }
  }

  get bootstrap(): string {
    return `${this.dhtRoom.address}:${DHT_PORT}`;
  }

  /** A room of somebody's own. */
  room(name: string): Room {
    return this.internet.room(name, [`198.51.100.${101 + this.#rooms++}`]);
  }

  /** Somebody in a room of their own with hyperdht; call `ready` of it. */
  hyperdht(name: string): LineProcess {
    const room = this.room(name);
    const words = ['--import', 'tsx', HYPERDHT, 'peer', room.address, this.dhtRoom.address];
    return new LineProcess(room.spawn(process.execPath, words));
  }

  /** A node that lives. */
  alive(): number {
    for (;;) {
      const node = Math.floor(Math.random() * NODES);
      if (!this.#dead.includes(node)) return node;
    }
  }

  /** Three others die, never the one that newcomers are told of; the dead come back. */
  turnDead(): void {
    const able = Array.from({ length: NODES - 1 }, (_, i) => i + 1);
    const next = able.filter((node) => !this.#dead.includes(node));
    while (next.length > DEAD) next.splice(Math.floor(Math.random() * next.length), 1);
    this.#dead = next;
    const hosts = next.map((node) => this.dhtRoom.addresses[node]).join(', ');
    const rules = `table ip dead
      delete table ip dead
      table ip dead {
        chain in { type filter hook input priority 0; ip daddr { ${hosts} } drop; }
        chain out { type filter hook output priority 0; ip saddr { ${hosts} } drop; }
      }`;
    const { status, stderr } = this.dhtRoom.run('nft', ['-f', '-'], { input: `${rules}\n` });
    if (status !== 0) throw new Error(`nft: ${stderr.trim()}`);
  }

  async close(): Promise<void> {
    await this.internet.close();
  }
}
