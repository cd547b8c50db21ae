/**
 * The doctor's first two questions: is this computer online at all, and is there anybody who finds
 * people. What is known already comes first; names of helpers are looked up where nothing else is
 * left, and never for who shows nobody their address.
 *
 *   helpers answer | DHT off | Hidden IP (DSC-34) | nobody linked, no relay: look up names
 *
 * Spec: docs/spec/local-api.md API-22, docs/spec/proxy.md PRX-13.
 * @module
 */
import type { Check } from '@sotto/api/contract.ts';
import { checkOf } from '@sotto/api/checks.ts';
import type { FindingName } from '@sotto/api/checks.ts';
import { parts as listOf } from '@sotto/api/settings.ts';
import type { Settings } from '@sotto/api/settings.ts';
import { parseEndpoint, scopeOf } from '@sotto/core/base/endpoint.ts';
import type { HealthView, Status } from '@sotto/core/commands.ts';
import type { Network } from './network.ts';
import type { Resolve } from './resolve.ts';
import { isIntercepted, waysOut } from './surroundings.ts';

/** What the system tells without asking anybody. */
export const SURROUNDINGS = { isIntercepted, waysOut };

/** For so long a start without helpers is no fault. */
export const STARTING_MS = 30_000;

export interface OnlineParts {
  readonly settings: () => Settings;
  readonly startedMs: number;
  readonly network: Pick<Network, 'egress' | 'resolve' | 'proxyState'>;
  readonly surroundings: typeof SURROUNDINGS;
}

/** What core knows without asking anybody. */
export interface Known {
  readonly status: Status;
  readonly health: HealthView;
}

/** @returns `internet` and `helpers`; where this computer is not online, `internet` alone. */
export async function onlineChecks(parts: OnlineParts, known: Known): Promise<Check[]> {
  const { health, status } = known;
  const { helpers, readOnly } = status;
  if (helpers > 0) {
    const finding = readOnly ? 'asking-only' : 'known';
    return [checkOf('internet', 'online'), checkOf('helpers', finding, { helpers })];
  }
  const { network, startedMs } = parts;
  const { dht, proxy } = network.egress;
  const hasAnswer = status.online || health.relays.some(({ isUp }) => isUp);
  if (!dht) {
    const goesOut = hasAnswer || network.proxyState() === 'works';
    const internet = checkOf('internet', goesOut ? 'online' : 'unknown');
    return [internet, checkOf('helpers', proxy ? 'proxied' : 'off')];
  }
  if (!hasAnswer && !(await hasWayOut(parts, health))) return [checkOf('internet', 'offline')];
  const found =
    silenceByRelays(parts, known, hasAnswer) ?? (await silenceOfHelpers(parts, hasAnswer));
  const isStarting = Date.now() - startedMs < STARTING_MS;
  const [internet, silence] = found;
  if (silence === undefined) return [checkOf('internet', internet)];
  return [checkOf('internet', internet), checkOf('helpers', isStarting ? 'starting' : silence)];
}

/** What is said of both; of helpers nothing where this computer is not online. */
type Found = readonly [internet: FindingName<'internet'>, helpers?: FindingName<'helpers'>];

/** Where relays are all there is, or say enough, no name is looked up. */
function silenceByRelays(
  { settings }: OnlineParts,
  { health }: Known,
  hasAnswer: boolean,
): Found | undefined {
  const { asksByRelays, byRelay, relays } = health;
  if (asksByRelays) {
    const isAnyUp = relays.some(({ isUp }) => isUp);
    return [hasAnswer ? 'online' : 'unknown', isAnyUp ? 'hidden-few' : 'hidden'];
  }
  const isRelayed = byRelay > 0 || relays.some(({ isReserved, isUp }) => isReserved && isUp);
  const wasAsked = listOf(settings()['dht.bootstrap']).length > 0;
  return isRelayed && wasAsked ? ['online', 'relayed'] : undefined;
}

async function silenceOfHelpers(parts: OnlineParts, hasAnswer: boolean): Promise<Found> {
  const { network, settings, surroundings } = parts;
  const isReal = !network.egress.proxy && !settings()['net.allowReserved'];
  if (!hasAnswer && isReal && (await surroundings.isIntercepted())) return ['sign-in'];
  const names = listOf(settings()['dht.bootstrap']).filter((name) => !parseEndpoint(name));
  const answers = await Promise.all(names.map((name) => resolves(name, network.resolve)));
  const isAnswered = answers.some(Boolean);
  const online = hasAnswer || isAnswered;
  // The way leads out of here, but not even a name server answers.
  if (!online && names.length > 0) return ['offline'];
  return [online ? 'online' : 'unknown', isAnswered ? 'blocked' : 'silent'];
}

/** Tells from what the system knows; nothing is sent. */
async function hasWayOut(
  { surroundings }: OnlineParts,
  { addresses }: HealthView,
): Promise<boolean> {
  const isAlone = !addresses.some((host) => scopeOf(host) !== 'loopback');
  return !isAlone && Object.keys(await surroundings.waysOut()).length > 0;
}

async function resolves(name: string, resolve: Resolve): Promise<boolean> {
  const at = name.lastIndexOf(':');
  return (await resolve(name.slice(0, at), Number(name.slice(at + 1)))).length > 0;
}
