/**
 * The network doctor's side of the running app: asks core and the system what is so, and says it
 * in the words of api/checks.ts. Reads only, but for one thing: a person who is asked about is
 * called at once (doctor-person.ts).
 * Spec: docs/spec/local-api.md API-22.
 * @module
 */
import type { Check } from '@sotto/api/contract.ts';
import { checkOf } from '@sotto/api/checks.ts';
import type { LanPresence } from '@sotto/api/checks.ts';
import { diskCheck } from '@sotto/api/disk.ts';
import { scopeOf } from '@sotto/core/base/endpoint.ts';
import type { Command, CommandResult, HealthView, Reach, Status } from '@sotto/core/commands.ts';
import { personChecks } from './doctor-person.ts';
import { onlineChecks } from './doctor-online.ts';
import type { Known, OnlineParts } from './doctor-online.ts';
import type { Network } from './network.ts';
import { ask } from './people.ts';
import type { PortMapping } from './port-map/port-mapping.ts';
import { vpnOf } from './surroundings.ts';

export interface DoctorParts extends OnlineParts {
  readonly command: (command: Command) => Promise<CommandResult>;
  /** Of the disk that the profile lies on; undefined where the system does not tell. */
  readonly freeBytes: () => number | undefined;
  readonly ports: Pick<PortMapping, 'ask' | 'maps' | 'state'>;
  /** Are contacts looked for in the networks of this computer? */
  readonly nearby: () => LanPresence;
  readonly network: OnlineParts['network'] & Pick<Network, 'web'>;
}

/** A clock that is less off than this is right. */
export const CLOCK_OFF_MS = 120_000;
/** The router gets so long to open a port when it is asked once more. */
const ASK_MS = 4_000;
const MINUTE_MS = 60_000;

/**
 * @param to a person, by name, ID or conversation.
 * @param again asks the router once more to open a port. All that waits does so side by side: a
 *   screen gives an answer 10 s.
 * @throws Refusal where there is no such person.
 */
export async function examine(parts: DoctorParts, to?: string, again?: boolean): Promise<Check[]> {
  const { command, ports } = parts;
  const [network, proxy, way] = await Promise.all([
    known(command).then((now) => onlineChecks(parts, now)),
    proxyCheck(parts),
    to === undefined ? undefined : personChecks(command, to),
    again ? ports.ask(ASK_MS) : undefined,
  ]);
  // As it is now: the router may have opened a port meanwhile.
  const { health, status } = await known(command);
  const { egress } = parts.network;
  const checks = [
    diskCheck(parts.freeBytes()),
    ...network,
    proxy,
    portCheck(health, parts.network),
    egress.proxy ? checkOf('direct', 'proxied') : directCheck(health),
    ...(egress.proxy ? [] : [routerCheck(parts, health)]),
    relaysCheck(health),
    ...trackersChecks(health),
    ipv6Check(health),
    checkOf('nearby', parts.nearby()),
    clockCheck(health),
    checkOf('device', status.secondCopy ? 'copy' : 'single'),
    contactsCheck(status),
  ];
  return way ? [...checks, ...way] : checks;
}

/** What core knows without asking anybody. */
async function known(command: DoctorParts['command']): Promise<Known> {
  const [{ status }, { health }] = await Promise.all([
    ask(command, { type: 'status' }, 'status'),
    ask(command, { type: 'health' }, 'health'),
  ]);
  return { status, health };
}

async function proxyCheck({ network, surroundings }: DoctorParts): Promise<Check> {
  const state = network.proxyState();
  if (state === undefined) {
    const vpn = vpnOf(await surroundings.waysOut());
    if (typeof vpn === 'object')
      return checkOf('proxy', 'vpn-past', {
        family: vpn.past === 'v4' ? 'IPv4' : 'IPv6',
      });
    return checkOf('proxy', vpn === 'all' ? 'vpn' : 'none');
  }
  return checkOf('proxy', state === 'works' && network.egress.udp ? 'works-beside' : state);
}

function portCheck(
  { tcpPort, udpPort }: HealthView,
  { egress, web }: DoctorParts['network'],
): Check {
  const port = udpPort ?? tcpPort;
  if (port === undefined) return checkOf('port', egress.proxy ? 'proxied' : 'none');
  if (udpPort !== undefined && tcpPort !== undefined) return checkOf('port', WEB[web], { port });
  return checkOf('port', 'one', { port, transport: udpPort === undefined ? 'TCP' : 'UDP' });
}

function directCheck({ fromOutside, reach, tcpPort, udpPort }: HealthView): Check {
  return checkOf('direct', reach, { count: fromOutside, port: udpPort ?? tcpPort ?? '?' });
}

function routerCheck({ ports }: DoctorParts, health: HealthView): Check {
  const { mapping, reach, tcpPort, udpPort } = health;
  const port = udpPort ?? tcpPort ?? '?';
  if (mapping === 'double') return checkOf('router', 'double');
  if (mapping === 'open') {
    // Of two families one may be open, and the other behind a second router.
    const outside = ports.maps.filter(({ external }) => scopeOf(external.host) !== 'private');
    const open = outside.map(
      ({ external, transport }) => `${external.port} (${transport.toUpperCase()})`,
    );
    const via = VIA[outside[0]?.via ?? 'upnp'];
    return checkOf('router', 'open', { ports: listText(open), via });
  }
  const { state } = ports;
  const isMissed = state === 'refused' || state === 'silent';
  if (isMissed && WITHOUT.has(reach)) return checkOf('router', 'unneeded');
  // The router has said yes, and core has not been told yet.
  return checkOf('router', state === 'open' ? 'looking' : state, { port });
}

/** Both transports, by what became of TCP port 443 besides. */
const WEB = { off: 'both', open: 'web', denied: 'web-denied', taken: 'web-taken' } as const;
/** What is reached so needs no help of a router. */
const WITHOUT: ReadonlySet<Reach> = new Set(['proven', 'open', 'mapped']);
const VIA = { pcp: 'PCP', 'nat-pmp': 'PMP', upnp: 'UPnP' } as const;

function listText(parts: readonly string[]): string {
  return [...new Set(parts)].join(' and ');
}

function relaysCheck({ byRelay, isLookingForRelays, relays, serving }: HealthView): Check {
  const working = relays.filter(({ isReserved, isUp }) => isReserved && isUp);
  const strangers = working.filter(({ source }) => source === 'public').length;
  if (working.length > 0) {
    const ms = Math.round(Math.min(...working.map(({ rttMs }) => rttMs ?? 0)));
    const facts = { count: working.length, ms };
    return strangers > 0
      ? checkOf('relays', 'public', { ...facts, strangers })
      : checkOf('relays', 'reachable', facts);
  }
  if (relays.length > 0) {
    const finding = relays.some(({ isUp }) => isUp) ? 'no-place' : 'none';
    return checkOf('relays', finding, { count: relays.length });
  }
  const isOwn = serving.whom === 'public' && serving.text !== undefined;
  if (isOwn) return checkOf('relays', 'own', { clients: serving.clients });
  if (byRelay > 0) return checkOf('relays', 'theirs', { links: byRelay });
  return checkOf('relays', isLookingForRelays ? 'looking' : 'unknown');
}

/** Nothing to say where none is named, as nobody is at first. */
function trackersChecks({ trackers: { answering, set, silent } }: HealthView): Check[] {
  if (set === 0) return [];
  if (answering > 0) return [checkOf('trackers', 'answering', { answering, count: set })];
  return [checkOf('trackers', silent > 0 ? 'silent' : 'unasked', { count: set })];
}

function ipv6Check({ addresses }: HealthView): Check {
  const isThere = addresses.some((host) => host.includes(':') && scopeOf(host) === 'public');
  return checkOf('ipv6', isThere ? 'there' : 'absent');
}

function clockCheck({ clockBehindMs, clockSources }: HealthView): Check {
  if (clockBehindMs === undefined) return checkOf('clock', 'unknown');
  const offMs = Math.abs(clockBehindMs);
  if (offMs < CLOCK_OFF_MS) return checkOf('clock', 'right', { sources: clockSources });
  return checkOf('clock', 'off', { off: lengthText(offMs) });
}

/** A time in its largest whole unit: 14 minutes, 3 hours, 56 years. */
function lengthText(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS);
  const units = [
    ['year', 365.25 * 24 * 60],
    ['day', 24 * 60],
    ['hour', 60],
  ] as const;
  const [unit, size] = units.find(([, length]) => minutes >= 2 * length) ?? ['minute', 1];
  return `${Math.round(minutes / size)} ${unit}s`;
}

function contactsCheck({ contacts, linked, waiting }: Status): Check {
  if (contacts === 0) return checkOf('contacts', 'none');
  return checkOf('contacts', waiting === 0 ? 'settled' : 'waiting', { contacts, linked, waiting });
}
