/**
 * What a daemon has while its profile is open: the vault, the network, the node, Echo, and what
 * screens ask of them. To lock a profile is to close all of it; nothing here outlives that.
 *
 *   vault - network - node - (first time: Echo) - methods, events
 *
 * Where opening fails half way, what was opened is closed again (API-40).
 * @module
 */
import { join } from 'node:path';
import { parts as listOf } from '@sotto/api/settings.ts';
import type { Settings } from '@sotto/api/settings.ts';
import type { Listening, Notice } from '@sotto/core/effects.ts';
import { Node, SLEPT_MS } from '@sotto/core/node.ts';
import { hasPassphrase } from '@sotto/vault/vault.ts';
import type { Config } from './config.ts';
import { freeBytes } from './data-folder.ts';
import { Driver, random } from './driver.ts';
import { isIntroduced, keepBeside, startEcho } from './echo.ts';
import type { Echo } from './echo.ts';
import type { Egress } from './egress.ts';
import { EventStream } from './event-stream.ts';
import type { LogFile } from './logs.ts';
import { Lan } from './lan.ts';
import { makeHandlers } from './methods.ts';
import type { ProfileHandlers } from './methods.ts';
import { openNetwork } from './network.ts';
import type { Network } from './network.ts';
import { ask, People } from './people.ts';
import { PortMapping } from './port-map/port-mapping.ts';
import { readPolicy } from './policies.ts';
import { reasonOf } from './redact.ts';
import { Stores } from './store.ts';
import type { Store } from './store.ts';

/** How often the addresses of this computer are looked at. */
const ADDRESSES_EVERY_MS = 500;

export interface ProfileParts {
  readonly folder: string;
  readonly config: Config;
  readonly logs: LogFile;
  readonly version: string;
  readonly startedMs: number;
  /** Of the whole daemon. */
  readonly stats: () => Record<string, number>;
  /** A fault of ours: the process must end. */
  readonly onFault: (error: unknown) => void;
}

export class OpenProfile {
  readonly #parts: ProfileParts;
  readonly #stores = new Stores();
  #store!: Store;
  #network: Network | undefined;
  #ports: PortMapping | undefined;
  #driver: Driver | undefined;
  #lan: Lan | undefined;
  #events: EventStream | undefined;
  #echo: Promise<Echo | undefined> = Promise.resolve(undefined);
  #runningEcho: Echo | undefined;
  #addressTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  handlers!: ProfileHandlers;

  private constructor(parts: ProfileParts) {
    this.#parts = parts;
  }

  /** @throws StartFailure where a person can do something about it. */
  static async open(parts: ProfileParts, passphrase?: Uint8Array): Promise<OpenProfile> {
    const profile = new OpenProfile(parts);
    try {
      await profile.#open(passphrase);
    } catch (error) {
      await profile.close();
      throw error;
    }
    return profile;
  }

  get events(): EventStream {
    return this.#events!;
  }

  stats(): Record<string, number> {
    return {
      ...this.#driver?.stats(),
      ...this.#network?.stats(),
      ...this.#ports?.stats(),
      ...this.#store.stats(),
      ...this.#runningEcho?.stats(),
      eventClients: this.#events?.clients() ?? 0,
    };
  }

  /** @throws StartFailure; a wrong one counts as a try. */
  async changePassphrase(
    before: Uint8Array | undefined,
    after: Uint8Array | undefined,
  ): Promise<void> {
    await this.#store.changePassphrase(before, after);
    await this.#echo; // while it starts, it reads its key
    await this.#keepEcho();
  }

  /** Says goodbye, writes what is to be written, and closes everything. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(passphrase: Uint8Array | undefined): Promise<void> {
    const { config, folder, logs } = this.#parts;
    const settings = config.values();
    const store = await this.#stores.open(folder, passphrase);
    this.#store = store;
    await this.#keepEcho();
    this.#network = await openNetwork({
      config,
      log: logs.part('network'),
      onDatagram: (from, bytes) => this.#driver?.datagram(from, bytes),
      onSocket: (socket) => {
        if (this.#driver) this.#driver.streams.accept(socket);
        else socket.destroy();
      },
    });
    const { dial, egress, fetchTracker, resolve, udp } = this.#network;
    const driver = new Driver({
      node: new Node({ random, profile: profileOf(settings, egress) }),
      vault: store,
      udp,
      dial,
      resolve,
      fetchTracker,
      lan: (effect) => this.#lan?.carryOut(effect),
      log: logs.part('node'),
      onNotice: (notice: Notice) => this.#events?.notice(notice),
      onFault: this.#onFault,
    });
    this.#driver = driver;
    this.#watchAddresses(driver, this.#network);
    const command = driver.command.bind(driver);
    // The node answers once it has read its vault: only then is anything ready.
    await ask(command, { type: 'status' }, 'status');
    const ports = this.#mapPorts(driver, this.#network);
    const lan = this.#makeLan(driver, egress);
    this.#lan = lan;
    await lan.look();
    if (settings['echo.enabled']) await this.#beginEcho(driver);
    const people = new People(command);
    const ownName = (): string => config.values()['profile.name'] || 'You';
    const network = async (): Promise<{ online: boolean; helpers: number }> =>
      (await ask(command, { type: 'status' }, 'status')).status;
    const { reader } = store;
    this.#events = new EventStream({ reader, people, ownName, network, onFault: this.#onFault });
    const free = (): number | undefined => freeBytes(folder);
    const own = { config, freeBytes: free, logs, ownName, lan, ports, network: this.#network };
    const shared = { command, reader, people, ...own };
    const { startedMs, stats, version } = this.#parts;
    this.handlers = makeHandlers({
      ...shared,
      version,
      startedMs,
      stats,
      onSetting: async (all, changed) => {
        logs.setLevel(all['log.level']);
        await lan.look();
        void ports.set(all['net.portMapping'] && egress.nearby);
        await ask(command, { type: 'name-set', name: all['profile.name'] }, 'done');
        const policy = readPolicy(all['routes.default']);
        await ask(command, { type: 'policy-default', policy }, 'done');
        await ask(command, { type: 'relays-use', ...relaysOf(all) }, 'done');
        const trackers = listOf(all['trackers.list']);
        await ask(command, { type: 'trackers-use', list: trackers }, 'done');
        this.#events?.tellSetting(changed);
      },
    });
  }

  #makeLan(driver: Driver, egress: Egress): Lan {
    const command = driver.command.bind(driver);
    return new Lan({
      settings: () => this.#parts.config.values(),
      mayLook: () => egress.nearby,
      mark: async (print) =>
        (await ask(command, { type: 'network-mark', print }, 'network-mark')).mark,
      input: (input) => driver.input(input),
      onFault: this.#onFault,
    });
  }

  /** While everything closes, what was under way finds it closed: no fault of ours. */
  readonly #onFault = (error: unknown): void => {
    if (!this.#closing) this.#parts.onFault(error);
  };

  /** Also where Echo is off, or was removed. What fails here the next start does. */
  async #keepEcho(): Promise<void> {
    const { folder, logs } = this.#parts;
    try {
      await keepBeside(join(folder, 'echo'), this.#store, hasPassphrase(folder));
    } catch (error) {
      const reason = reasonOf(error);
      logs.part('echo')('warn', 'its key is not as the profile wants it', { reason });
    }
  }

  /** The first time before anyone can ask for it; later beside everything else. */
  async #beginEcho(driver: Driver): Promise<void> {
    const folder = join(this.#parts.folder, 'echo');
    const log = this.#parts.logs.part('echo');
    const begin = async (): Promise<Echo | undefined> => {
      if (this.#closing) return undefined;
      try {
        const stores = this.#stores;
        const onFault = this.#onFault;
        const beside = { store: this.#store, isWrapped: hasPassphrase(this.#parts.folder) };
        this.#runningEcho = await startEcho({ folder, stores, ...beside, log, driver, onFault });
      } catch (error) {
        // Without Echo everything else still works.
        log('warn', 'not started', { reason: reasonOf(error) });
      }
      return this.#runningEcho;
    };
    if (!isIntroduced(folder)) this.#runningEcho = await begin();
    else this.#echo = new Promise((done) => setImmediate(() => done(begin())));
  }

  /** The router is asked beside everything else: nothing waits for it. */
  #mapPorts(driver: Driver, { egress, listening }: Network): PortMapping {
    const settings = this.#parts.config.values();
    this.#ports = new PortMapping({
      random,
      listening,
      allowReserved: settings['net.allowReserved'],
      log: this.#parts.logs.part('ports'),
      onMaps: (maps) => driver.input({ type: 'mapped', maps }),
    });
    void this.#ports.set(settings['net.portMapping'] && egress.nearby);
    return this.#ports;
  }

  #watchAddresses(driver: Driver, network: Network): void {
    const listen: Listening = network.listening();
    const look = (): string => JSON.stringify([network.listening(), network.addresses()]);
    let known = look();
    let lookedMs = Date.now();
    driver.start(listen);
    this.#addressTimer = setInterval(() => {
      // Timers stood still while the computer slept: the node notices by the clock, if it is asked.
      if (Date.now() - lookedMs > SLEPT_MS) driver.input({ type: 'tick' });
      lookedMs = Date.now();
      void this.#lan?.look();
      void network.look();
      const seen = look();
      if (seen === known) return;
      known = seen;
      // Also where no address is told: a network that changed is dialled from at once.
      driver.input({ type: 'listening', listen: network.listening() });
    }, ADDRESSES_EVERY_MS);
  }

  async #close(): Promise<void> {
    clearInterval(this.#addressTimer);
    this.#lan?.close();
    this.#events?.close();
    const echo = this.#echo.then(() => this.#runningEcho?.stop());
    await Promise.all([this.#driver?.stop(), this.#ports?.set(false), echo]);
    await Promise.all([this.#network?.close(), this.#store?.close()]);
    await this.#stores.close();
  }
}

function relaysOf(settings: Settings): { list: string[]; public: boolean } {
  return { list: listOf(settings['relays.list']), public: settings['relays.public'] };
}

function profileOf(
  settings: Settings,
  { dht }: Egress,
): ConstructorParameters<typeof Node>[0]['profile'] {
  return {
    bootstrap: listOf(settings['dht.bootstrap']),
    dht,
    readOnly: settings['dht.readOnly'],
    allowReserved: settings['net.allowReserved'],
    policy: readPolicy(settings['routes.default']),
    trackers: listOf(settings['trackers.list']),
    relay: { serve: settings['relay.serve'], ...relaysOf(settings) },
    displayName: settings['profile.name'] || undefined,
  };
}
