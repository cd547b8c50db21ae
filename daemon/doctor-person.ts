/**
 * The doctor on the way to one person: they are called at once and waited for, and each step is
 * named until the first that is missing.
 *
 *   found -> answers -> route, and what waits for them
 *
 * Spec: docs/spec/local-api.md API-22.
 * @module
 */
import type { Check } from '@sotto/api/contract.ts';
import { checkOf } from '@sotto/api/checks.ts';
import type { FindingName } from '@sotto/api/checks.ts';
import type {
  Command,
  CommandResult,
  ContactView,
  LinkedBy,
  PathState,
  PathView,
} from '@sotto/core/commands.ts';
import { ask } from './people.ts';

/** A person who is asked about is waited for. */
const CALL_MS = 6_000;
const CALL_LOOK_MS = 200;
const MINUTE_MS = 60_000;

type Ask = (command: Command) => Promise<CommandResult>;

/**
 * @param to a person, by name, ID or conversation.
 * @throws Refusal where there is no such person.
 */
export async function personChecks(command: Ask, to: string): Promise<Check[]> {
  return stepsTo(...(await call(command, to)));
}

/** Calls somebody and waits until they are linked, or the time is up. */
async function call(command: Ask, to: string): Promise<[ContactView, PathView]> {
  const untilMs = Date.now() + CALL_MS;
  const look = async (want: boolean): Promise<PathView> =>
    (await ask(command, { type: 'path-show', to, want }, 'path')).path;
  let path = await look(true);
  while (!isSettled(path.state) && Date.now() < untilMs) {
    await new Promise((done) => setTimeout(done, CALL_LOOK_MS));
    path = await look(false);
  }
  const { contact } = await ask(command, { type: 'contact-show', to }, 'contact');
  return [contact, path];
}

function isSettled(state: PathState): boolean {
  return state === 'linked' || state === 'blocked' || state === 'invite-expired';
}

function stepsTo({ devices, name, waiting }: ContactView, path: PathView): Check[] {
  const { failures, link, lookedAgoMs, state } = path;
  const queue =
    waiting === 0
      ? checkOf('waiting', 'nothing', { name })
      : checkOf('waiting', 'some', { name, waiting });
  switch (state) {
    case 'blocked':
    case 'conflict':
    case 'invite-expired':
    case 'no-relay':
    case 'not-here':
    case 'not-here-theirs':
    case 'looking':
    case 'not-looked':
      return [checkOf('found', state, { name }), queue];
    case 'no-record': {
      const finding = devices === 0 ? 'not-met' : 'no-record';
      return [checkOf('found', finding, { name, ago: agoText(lookedAgoMs ?? 0) }), queue];
    }
    default:
      return [
        checkOf('found', 'here', { name }),
        checkOf('answers', state, { name, failures }),
        ...(link ? [checkOf('route', routeBy(link), { name })] : []),
        queue,
      ];
  }
}

function routeBy({ punched, route, whyRelay }: LinkedBy): FindingName<'route'> {
  switch (route) {
    case 'relay':
      return `relay-${whyRelay ?? 'unknown'}`;
    case 'direct':
      return punched ? 'punched' : 'direct';
    case 'lan':
    case 'local':
      return route;
  }
}

function agoText(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS);
  if (minutes === 0) return 'just now';
  return minutes === 1 ? '1 minute ago' : `${minutes} minutes ago`;
}
