/**
 * One running daemon: the parts of this folder, put together, and how they end.
 *
 *   folder - process lock - settings - log - profile (open-profile.ts) - API - api.json
 *
 * api.json appears when everything before it works, and goes first when the daemon stops
 * (API-3, API-12). The profile can be locked and opened again meanwhile (lock-keeper.ts).
 * @module
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { API_FILE, API_VERSION } from '@sotto/api/contract.ts';
import type { ApiFile } from '@sotto/api/contract.ts';
import { discardHalfKey, hasPassphrase } from '@sotto/vault/vault.ts';
import { API_HOST, ApiServer } from './api-server.ts';
import type { ApiServerParts } from './api-server.ts';
import { Config } from './config.ts';
import { daemonHandlers } from './daemon-methods.ts';
import { openDataFolder, writeWhole } from './data-folder.ts';
import { LockKeeper } from './lock-keeper.ts';
import { takeLock } from './lock.ts';
import type { Lock } from './lock.ts';
import { LogFile } from './logs.ts';
import { OpenProfile } from './open-profile.ts';
import { pageMethods } from './page-methods.ts';
import { PageSessions } from './page-sessions.ts';
import { Profiles } from './profiles.ts';
import type { Launch } from './profiles.ts';
import { StartFailure } from './start-failure.ts';
import { WebFiles } from './web-files.ts';

/** A stop that takes longer is cut short: everything acknowledged is on disk anyway. */
const STOP_MS = 1_700;

export interface DaemonOptions {
  readonly folder: string;
  /** Each `key=value` of --set. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly passphrase: Uint8Array | undefined;
  /** Where there is a passphrase and none is given: start all the same, locked. */
  readonly locked: boolean;
  readonly version: string;
  /** Starts the daemon of another profile. */
  readonly launch: Launch;
  /** The API asks for the end. */
  readonly onStop: () => void;
  /** A fault of ours: the process must end. */
  readonly onFault: (error: unknown) => void;
}

export class Daemon {
  readonly #options: DaemonOptions;
  readonly #startedMs = Date.now();
  readonly logs: LogFile;
  readonly #config: Config;
  readonly #lock: Lock;
  readonly #keeper: LockKeeper;
  #sessions!: PageSessions;
  #api!: ApiServer;
  #stopping: Promise<void> | undefined;
  /** Port of the API, once the daemon is ready. */
  port = 0;

  private constructor(options: DaemonOptions, lock: Lock, config: Config, logs: LogFile) {
    this.#options = options;
    this.#lock = lock;
    this.#config = config;
    this.logs = logs;
    const { folder, onFault, version } = options;
    const stats = (): Record<string, number> => this.stats();
    const parts = { folder, config, logs, version, startedMs: this.#startedMs, stats, onFault };
    this.#keeper = new LockKeeper({
      folder,
      afterMinutes: () => config.values()['lock.afterMinutes'],
      openProfile: (passphrase) => OpenProfile.open(parts, passphrase),
      log: logs.part('daemon'),
      onFault,
    });
  }

  /** @throws StartFailure where a person can do something about it. */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const { env, flags, folder } = options;
    const narrowed = openDataFolder(folder);
    const lock = await takeLock(folder);
    const config = new Config({ flags, env, folder });
    const logs = new LogFile(join(folder, 'logs'), config.values()['log.level']);
    const log = logs.part('daemon');
    log('info', 'starting', { version: options.version, pid: process.pid });
    if (narrowed.length > 0) log('warn', 'modes were open to others', { files: narrowed.length });
    const daemon = new Daemon(options, lock, config, logs);
    await daemon.#open();
    log('info', 'ready', { tookMs: Math.round(Date.now() - daemon.#startedMs) });
    return daemon;
  }

  stats(): Record<string, number> {
    const { heapUsed, rss } = process.memoryUsage();
    const { system, user } = process.cpuUsage();
    const resources: Record<string, number> = {};
    for (const kind of process.getActiveResourcesInfo()) {
      resources[`process.${kind}`] = (resources[`process.${kind}`] ?? 0) + 1;
    }
    return {
      ...this.#keeper.stats(),
      ...this.#api?.stats(),
      ...this.#sessions?.stats(),
      logLinesLost: this.logs.lost,
      rssBytes: rss,
      heapBytes: heapUsed,
      cpuMs: Math.round((system + user) / 1000),
      ...resources,
    };
  }

  /** Flushes and closes everything, in at most STOP_MS. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #open(): Promise<void> {
    const { folder, locked, passphrase } = this.#options;
    discardHalfKey(folder);
    const waits = locked && passphrase === undefined && hasPassphrase(folder);
    if (!waits) await this.#keeper.start(passphrase);
    try {
      await this.#openApi();
    } catch (error) {
      await this.#keeper.end();
      throw error;
    }
  }

  async #openApi(): Promise<void> {
    const { env, folder, launch, onFault, onStop } = this.#options;
    const keeper = this.#keeper;
    this.#sessions = new PageSessions(folder);
    const pages = pageMethods(this.#sessions, () => `http://${API_HOST}:${this.port}`);
    const profiles = new Profiles({ folder, env, launch });
    const handlers = daemonHandlers({ keeper, profiles, pages, stop: onStop });
    const token = randomBytes(32).toString('hex');
    const shared = { sessions: this.#sessions, files: new WebFiles() };
    const events: ApiServerParts['events'] = async (query, response) =>
      keeper.use((profile) => profile.events.open(query, response));
    this.#api = new ApiServer({ token, ...shared, handlers, events, onFault });
    const wanted = this.#config.values()['api.port'];
    const mayChoose = !this.#config.isChosen('api.port');
    const port = await this.#api.listen(wanted, mayChoose);
    if (port === undefined) throw new StartFailure('port-taken', { port: wanted, key: 'api.port' });
    if (mayChoose && port !== wanted) {
      this.#config.keepPort('api.port', port);
      // Pages of before may have shown their secrets to whoever has that port now.
      if (wanted !== 0) this.#sessions.forget();
    }
    this.port = port;
    const file: ApiFile = { v: API_VERSION, pid: process.pid, port, token };
    writeWhole(join(folder, API_FILE), `${JSON.stringify(file)}\n`);
  }

  async #stop(): Promise<void> {
    const log = this.logs.part('daemon');
    log('info', 'stopping');
    rmSync(join(this.#options.folder, API_FILE), { force: true });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((done) => {
      timer = setTimeout(() => done(false), STOP_MS);
    });
    const isClean = await Promise.race([this.#closeAll().then(() => true), late]);
    clearTimeout(timer);
    log(isClean ? 'info' : 'warn', isClean ? 'stopped' : 'stopped before all was closed');
    this.logs.close();
  }

  async #closeAll(): Promise<void> {
    this.#sessions.close();
    const api = this.#api.close();
    await Promise.all([this.#keeper.end(), api]);
    await this.#lock.release();
  }
}
