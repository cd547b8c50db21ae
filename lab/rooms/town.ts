/**
 * A town: a small internet with a DHT of real libtorrent nodes in one room and people in rooms of
 * their own, each with the release bundles and a data folder on disk.
 * @module
 */
import { fileURLToPath } from 'node:url';
import { LineProcess } from '../dht/line-process.ts';
import { Internet, type Room } from './internet.ts';
import { DHT_PORT, Player, type PlayerOptions } from './player.ts';

const FARM = fileURLToPath(new URL('../dht/farm.py', import.meta.url));
const PYTHON = '/usr/bin/python3';

export interface TownOptions {
  readonly nodes: number;
  readonly delayMs: number;
  readonly lossPercent: number;
  /** Data folders go here. */
  readonly folder: string;
}

export class Town {
  readonly players: Player[] = [];

  private constructor(
    readonly internet: Internet,
    readonly dhtRoom: Room,
    readonly farm: LineProcess,
    private readonly options: TownOptions,
  ) {}

  /** Builds it and waits until every DHT node knows others. Needs root; call `close` after use. */
  static async build(options: TownOptions): Promise<Town> {
    const internet = new Internet();
    try {
      const hosts = Array.from({ length: options.nodes }, (_, i) => `198.18.${i}.1`);
      const dhtRoom = internet.room('dht', hosts);
      const child = dhtRoom.spawn(PYTHON, [FARM, String(options.nodes)]);
      const farm = new LineProcess(child);
      await farm.ready;
      const { delayMs, lossPercent } = options;
      if (delayMs > 0 || lossPercent > 0) await internet.weather(delayMs, lossPercent);
      return new Town(internet, dhtRoom, farm, options);
    } catch (error) {
      await internet.close();
      throw error;
    }
  }

  /** A new person in a room of their own; not started. */
  move(name: string, more: PlayerOptions = {}): Player {
    const address = `198.51.100.${101 + this.players.length}`;
    const room = this.internet.room(name.toLowerCase(), [address]);
    const bootstrap = [`198.18.0.1:${DHT_PORT}`];
    const player = new Player(name, room, this.options.folder, { bootstrap, ...more });
    this.players.push(player);
    return player;
  }

  async close(): Promise<void> {
    for (const player of this.players) player.attempt('stop');
    await this.farm.stop();
    await this.internet.close();
  }
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
