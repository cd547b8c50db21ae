/**
 * A town: a small internet with a DHT of real libtorrent nodes in one room and people in rooms of
 * their own or in homes (lab/nets), each with the release bundles and a data folder on disk.
 * @module
 */
import { fileURLToPath } from 'node:url';
import { LineProcess } from '../dht/line-process.ts';
import { type Home, Homes } from '../nets/homes.ts';
import { Internet, type Room } from './internet.ts';
import { DHT_PORT, Player, type PlayerOptions } from './player.ts';

const FARM = fileURLToPath(new URL('../dht/farm.py', import.meta.url));
const PYTHON = '/usr/bin/python3';
/** Where all nodes of the DHT are. */
export const DHT_NETS = ['198.18.0.0/15', '2001:db8:d00::/40'] as const;

export interface TownOptions {
  readonly nodes: number;
  readonly delayMs: number;
  readonly lossPercent: number;
  /** Data folders go here. */
  readonly folder: string;
  /** Every DHT node has IPv6 too. */
  readonly six?: boolean;
}

export class Town {
  readonly players: Player[] = [];
  readonly homes: Homes;
  /** The first helpers to ask, as the setting has them. */
  readonly bootstrap: readonly string[];

  private constructor(
    readonly internet: Internet,
    readonly dhtRoom: Room,
    readonly farm: LineProcess,
    private readonly options: TownOptions,
  ) {
    this.homes = new Homes(internet);
    const six = options.six ? [`[${nodeSix(0)}]:${DHT_PORT}`] : [];
    this.bootstrap = [`198.18.0.1:${DHT_PORT}`, ...six];
  }

  /** Builds it and waits until every DHT node knows others. Needs root; call `close` after use. */
  static async build(options: TownOptions): Promise<Town> {
    const internet = new Internet();
    try {
      const { delayMs, lossPercent, nodes, six } = options;
      const numbers = Array.from({ length: nodes }, (_, i) => i);
      const hosts = [...numbers.map((i) => `198.18.${i}.1`), ...(six ? numbers.map(nodeSix) : [])];
      const dhtRoom = internet.room('dht', hosts);
      const words = [FARM, String(nodes), ...(six ? ['six'] : [])];
      const farm = new LineProcess(dhtRoom.spawn(PYTHON, words));
      await farm.ready;
      if (delayMs > 0 || lossPercent > 0) await internet.weather(delayMs, lossPercent);
      return new Town(internet, dhtRoom, farm, options);
    } catch (error) {
      await internet.close();
      throw error;
    }
  }

  /** A new person in a room of their own, or at home; not started. */
  move(name: string, { home, ...more }: PlayerOptions & { home?: Home } = {}): Player {
    const address = `198.51.100.${101 + this.players.length}`;
    const room =
      home?.host(name.toLowerCase()) ?? this.internet.room(name.toLowerCase(), [address]);
    const { bootstrap } = this;
    const player = new Player(name, room, this.options.folder, { bootstrap, ...more });
    this.players.push(player);
    return player;
  }

  async close(): Promise<void> {
    for (const player of this.players) player.attempt('stop');
    await this.farm.stop();
    await this.internet.close();
    this.homes.close();
  }
}

function nodeSix(i: number): string {
  return `2001:db8:d${String(i).padStart(2, '0')}::1`;
}

/** Waits until `condition` holds; throws with `what` where it does not in time. */
export async function until(
  what: string,
  timeoutMs: number,
  condition: () => boolean | Promise<boolean>,
): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    if (await condition()) return performance.now() - startedMs;
    if (performance.now() - startedMs > timeoutMs) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
