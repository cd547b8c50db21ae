/**
 * Where this daemon listens: one UDP socket and one TCP listener per address of `net.bind`, all
 * on one port number. The port is random at the first start and kept; where it is taken, the next
 * free one serves until the next start, unless a person chose it (API-11). What else may leave,
 * and how, is told by egress.ts: with a proxy most of this is not there (PRX-1). A relay for
 * everybody listens on TCP port 443 besides (port-443.ts).
 * @module
 */
import type { Socket } from 'node:net';
import type { Endpoint } from '@sotto/core/base/endpoint.ts';
import { randomInt } from '@sotto/core/base/time.ts';
import type { Listening } from '@sotto/core/effects.ts';
import { parts } from '@sotto/api/settings.ts';
import type { Settings } from '@sotto/api/settings.ts';
import { Bindings } from './bindings.ts';
import type { Config } from './config.ts';
import { random } from './driver.ts';
import { egressOf } from './egress.ts';
import type { Egress } from './egress.ts';
import type { Log } from './logs.ts';
import { OwnAddresses } from './own-addresses.ts';
import { openWebPort, WEB_PORT } from './port-443.ts';
import type { WebPort } from './port-443.ts';
import { Proxy } from './proxy.ts';
import type { ProxyState } from './proxy.ts';
import { resolveName } from './resolve.ts';
import type { Resolve } from './resolve.ts';
import { StartFailure } from './start-failure.ts';
import { dialTcp } from './tcp.ts';
import type { Dial } from './tcp.ts';
import { fetchTracker } from './tracker-fetch.ts';
import type { FetchTracker } from './tracker-fetch.ts';
import { Udp } from './udp.ts';

export const PORT_FIRST = 20_000;
export const PORT_LAST = 59_999;
/** Ports tried, one after the other, where the first is taken. */
const PORTS_TRIED = 100;
/** What the log says where port 443 is not ours. */
const WITHOUT_WEB = {
  denied: 'TCP port 443 is not open: the system lets only who may bind low ports have it',
  taken: 'TCP port 443 is not open: another program has it',
} as const;

export interface NetworkOptions {
  readonly config: Config;
  readonly onDatagram: (from: Endpoint, bytes: Uint8Array) => void;
  readonly onSocket: (socket: Socket) => void;
  readonly log?: Log;
}

export interface Network {
  /** What may leave, by the settings. */
  readonly egress: Egress;
  readonly udp: Udp | undefined;
  /** How TCP leaves. */
  readonly dial: Dial;
  /** Names to addresses, where that may be asked; else none. */
  readonly resolve: Resolve;
  /** How trackers are asked over HTTP, where they may be; else none answers. */
  readonly fetchTracker: FetchTracker;
  /** How the proxy does; undefined where there is none. */
  proxyState(): ProxyState | undefined;
  /** How TCP port 443 does, which a relay for everybody wants besides. */
  readonly web: WebPort;
  /** Addresses that this computer has, told to others or not. */
  addresses(): readonly string[];
  listening(): Listening;
  stats(): Record<string, number>;
  /** Addresses of `net.bind` that were not there, and the ways out, are looked for now and then. */
  look(): Promise<void>;
  /** Resolves when the ports are free. */
  close(): Promise<void>;
}

/** @throws StartFailure where no port or no address can be used. */
export async function openNetwork(options: NetworkOptions): Promise<Network> {
  const { config } = options;
  const settings = config.values();
  const wanted = settings['net.port'];
  const isFixed = config.isChosen('net.port') && wanted !== 0;
  const count = PORT_LAST - PORT_FIRST + 1;
  const first = wanted || PORT_FIRST + randomInt(random, count);
  for (let i = 0; i < (isFixed ? 1 : PORTS_TRIED); i++) {
    const port = i === 0 ? first : PORT_FIRST + ((first - PORT_FIRST + i + count) % count);
    const opened = await openOn(port, settings, options);
    if (!opened) continue;
    if (!isFixed && wanted === 0) config.keepPort('net.port', port);
    return opened;
  }
  throw new StartFailure('port-taken', { port: first, key: 'net.port' });
}

/** Undefined where something else has this port. */
async function openOn(
  port: number,
  settings: Settings,
  { log, onDatagram, onSocket }: NetworkOptions,
): Promise<Network | undefined> {
  const egress = egressOf(settings);
  const udp = egress.udp ? new Udp(onDatagram) : undefined;
  const bindings = new Bindings({ port, udp, accepts: egress.accepts, onSocket });
  const { bound, servers } = bindings;
  try {
    await bindings.open(parts(settings['net.bind']));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    await bindings.close();
    if (code === 'EADDRINUSE') return undefined;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new StartFailure('port-denied', { port, key: 'net.port' });
    }
    throw new StartFailure('start-failed', { what: `port ${port} does not open (${code})` });
  }
  if (bound.length === 0) {
    throw new StartFailure('start-failed', { what: 'this computer has no address of net.bind' });
  }
  const web = await webPort(port, bound, settings, { egress, log, onSocket });
  servers.push(...web.servers);
  const own = new OwnAddresses(bound, settings['net.allowReserved']);
  await own.look();
  const proxy = proxyOf(egress, log);
  return {
    egress,
    udp,
    dial: proxy?.dial ?? dialTcp,
    resolve: egress.names ? resolveName : () => Promise.resolve([]),
    fetchTracker: egress.webTrackers ? fetchTracker : () => Promise.resolve(undefined),
    proxyState: () => proxy?.state,
    web: web.state,
    addresses: () => own.all(),
    listening: () => ({
      udpPort: udp ? port : undefined,
      tcpPort: servers.length > 0 ? port : undefined,
      addresses: egress.tellsAddresses ? own.told() : [],
      ...(web.state === 'open' && { web: true }),
      // Through a proxy nobody is dialled in this network, whatever the address looks like.
      networks: egress.tellsAddresses ? own.networks() : [],
      ...(egress.proxy && !egress.tellsAddresses && { proxied: true }),
    }),
    stats: () => ({
      tcpListeners: servers.length,
      udpSockets: udp?.sockets() ?? 0,
      udxStreams: udp?.streams() ?? 0,
      datagramsSent: udp?.counts.sent ?? 0,
      datagramsReceived: udp?.counts.received ?? 0,
      datagramsUnsent: udp?.counts.dropped ?? 0,
    }),
    look: async () => void (await Promise.all([bindings.retry(), own.look()])),
    close: () => bindings.close(),
  };
}

/** A relay for everybody listens there as well, where it is let; else that is told. */
async function webPort(
  port: number,
  hosts: readonly string[],
  settings: Settings,
  {
    egress,
    log,
    onSocket,
  }: Pick<NetworkOptions, 'onSocket'> & { egress: Egress; log: Log | undefined },
): ReturnType<typeof openWebPort> {
  const isWanted = settings['relay.serve'] === 'public' && settings['relay.port443'];
  if (!isWanted || !egress.accepts || port === WEB_PORT) return { state: 'off', servers: [] };
  const opened = await openWebPort(hosts, onSocket);
  if (opened.state === 'open') log?.('info', 'the relay listens on TCP port 443 too');
  else log?.('warn', WITHOUT_WEB[opened.state as keyof typeof WITHOUT_WEB]);
  return opened;
}

function proxyOf({ proxy: settings }: Egress, log: Log | undefined): Proxy | undefined {
  if (!settings) return undefined;
  const onState = (state: ProxyState): void => {
    if (state === 'works') log?.('info', 'the proxy works');
    else if (state === 'stalled') log?.('info', 'nothing gets through the proxy now');
    else log?.('warn', 'the proxy fails', { state });
  };
  return new Proxy({ settings, random, onState });
}
