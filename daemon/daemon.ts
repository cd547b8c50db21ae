/**
 * One running daemon: the parts of this folder, put together, and how they end.
 *
 *   folder - lock - settings - log - vault - network - node - (first time: Echo) - API - api.json
 *
 * api.json appears when everything before it works, and goes first when the daemon stops
 * (API-3, API-12).
 * @module
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { API_FILE, API_VERSION } from '@sotto/api/contract.ts';
import type { ApiFile } from '@sotto/api/contract.ts';
import { parts as listOf } from '@sotto/api/settings.ts';
import type { Settings } from '@sotto/api/settings.ts';
import type { Listening, Notice } from '@sotto/core/effects.ts';
import { Node, SLEPT_MS } from '@sotto/core/node.ts';
import { ApiServer } from './api-server.ts';
import { Config } from './config.ts';
import { openDataFolder, writeWhole } from './data-folder.ts';
import { Driver, random } from './driver.ts';
import { isIntroduced, startEcho } from './echo.ts';
import type { Echo } from './echo.ts';
import { EventStream } from './event-stream.ts';
import { takeLock } from './lock.ts';
import type { Lock } from './lock.ts';
import { LogFile } from './logs.ts';
import { makeHandlers } from './methods.ts';
import { openNetwork } from './network.ts';
import type { Network } from './network.ts';
import { ask, People } from './people.ts';
import { StartFailure } from './start-failure.ts';
import type { Store, Stores } from './store.ts';

/** How often the addresses of this computer are looked at. */
const ADDRESSES_EVERY_MS = 1_000;
/** A stop that takes longer is cut short: everything acknowledged is on disk anyway. */
const STOP_MS = 1_700;

export interface DaemonOptions {
  readonly folder: string;
  /** Each `key=value` of --set. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly passphrase: Uint8Array | undefined;
  readonly version: string;
  readonly stores: Stores;
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
  #store!: Store;
  #network!: Network;
  #driver!: Driver;
  #events!: EventStream;
  #api!: ApiServer;
  #echo: Promise<Echo | undefined> = Promise.resolve(undefined);
  #runningEcho: Echo | undefined;
  #addressTimer: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;
  /** Port of the API, once the daemon is ready. */
  port = 0;

  private constructor(options: DaemonOptions, lock: Lock, config: Config, logs: LogFile) {
    this.#options = options;
    this.#lock = lock;
    this.#config = config;
    this.logs = logs;
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
      ...this.#driver?.stats(),
      ...this.#network?.stats(),
      ...this.#api?.stats(),
      ...this.#store?.stats(),
      ...this.#runningEcho?.stats(),
      eventClients: this.#events?.clients() ?? 0,
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
    const { folder, onFault, passphrase, stores } = this.#options;
    const settings = this.#config.values();
    this.#store = await stores.open(folder, passphrase);
    this.#network = await openNetwork({
      config: this.#config,
      onDatagram: (from, bytes) => this.#driver.datagram(from, bytes),
      onSocket: (socket) => this.#driver.streams.accept(socket),
    });
    this.#driver = new Driver({
      node: new Node({ random, profile: profileOf(settings) }),
      vault: this.#store,
      udp: this.#network.udp,
      log: this.logs.part('node'),
      onNotice: (notice: Notice) => this.#events?.notice(notice),
      onFault,
    });
    this.#watchAddresses(this.#network.listening());
    // The node answers once it has read its vault: only then is anything ready.
    await ask((command) => this.#driver.command(command), { type: 'status' }, 'status');
    if (settings['echo.enabled']) await this.#beginEcho();
    await this.#openApi(settings);
  }

  async #openApi(settings: Settings): Promise<void> {
    const command = this.#driver.command.bind(this.#driver);
    const reader = this.#store.reader;
    const people = new People(command);
    const { folder, onFault, onStop, version } = this.#options;
    const ownName = (): string => this.#config.values()['profile.name'] || 'You';
    const network = async (): Promise<{ online: boolean; helpers: number }> =>
      (await ask(command, { type: 'status' }, 'status')).status;
    this.#events = new EventStream({ reader, people, ownName, network, onFault });
    const token = randomBytes(32).toString('hex');
    const handlers = makeHandlers({
      command,
      reader,
      people,
      config: this.#config,
      logs: this.logs,
      version,
      startedMs: this.#startedMs,
      ownName,
      stats: () => this.stats(),
      onSetting: (changed) => this.logs.setLevel(changed['log.level']),
      stop: onStop,
    });
    const events = this.#events.open.bind(this.#events);
    this.#api = new ApiServer({ token, handlers, events, onFault });
    const wanted = settings['api.port'];
    const mayChoose = !this.#config.isChosen('api.port');
    const port = await this.#api.listen(wanted, mayChoose);
    if (port === undefined) throw new StartFailure('port-taken', { port: wanted, key: 'api.port' });
    if (mayChoose && port !== wanted) this.#config.keepPort('api.port', port);
    this.port = port;
    const file: ApiFile = { v: API_VERSION, pid: process.pid, port, token };
    writeWhole(join(folder, API_FILE), `${JSON.stringify(file)}\n`);
  }

  /** The first time before anyone can ask for it; later beside everything else. */
  async #beginEcho(): Promise<void> {
    const folder = join(this.#options.folder, 'echo');
    const log = this.logs.part('echo');
    const begin = async (): Promise<Echo | undefined> => {
      try {
        this.#runningEcho = await startEcho({
          folder,
          stores: this.#options.stores,
          log,
          driver: this.#driver,
          onFault: this.#options.onFault,
        });
      } catch (error) {
        // Without Echo everything else still works.
        log('warn', 'not started', { reason: error instanceof Error ? error.message : 'unknown' });
      }
      return this.#runningEcho;
    };
    if (!isIntroduced(folder)) this.#runningEcho = await begin();
    else this.#echo = new Promise((done) => setImmediate(() => done(begin())));
  }

  #watchAddresses(listen: Listening): void {
    let known = JSON.stringify(listen);
    let lookedMs = Date.now();
    this.#driver.start(listen);
    this.#addressTimer = setInterval(() => {
      // Timers stood still while the computer slept: the node notices by the clock, if it is asked.
      if (Date.now() - lookedMs > SLEPT_MS) this.#driver.input({ type: 'tick' });
      lookedMs = Date.now();
      const now = this.#network.listening();
      if (JSON.stringify(now) === known) return;
      known = JSON.stringify(now);
      this.#driver.input({ type: 'listening', listen: now });
    }, ADDRESSES_EVERY_MS);
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
    clearInterval(this.#addressTimer);
    this.#events.close();
    const api = this.#api.close();
    const echo = this.#echo.then(() => this.#runningEcho?.stop());
    await Promise.all([this.#driver.stop(), echo]);
    await Promise.all([this.#network.close(), this.#store.close(), api]);
    await this.#options.stores.close();
    await this.#lock.release();
  }
}

function profileOf(settings: Settings): ConstructorParameters<typeof Node>[0]['profile'] {
  return {
    bootstrap: listOf(settings['dht.bootstrap']),
    dht: settings['dht.enabled'] && settings['net.udp'],
    readOnly: settings['dht.readOnly'],
    allowReserved: settings['net.allowReserved'],
    displayName: settings['profile.name'] || undefined,
  };
}
