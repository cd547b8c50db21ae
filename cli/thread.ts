/**
 * The thread: two dots and a line whose shape is the route, and the sentences that go with it.
 * Each sentence is a promise about the protocol (docs/spec/cli.md CLI-21).
 *
 *   way       UTF-8   ASCII    chip
 *   lan       ●══●    o==o     Same network
 *   direct    ●━━●    o--o     Direct
 *   punched   ●┅┅●    o..o     Direct (via routers)
 *   relay     ●━◆━●   o-<>-o   Hidden IP, where that is the rule of the chat
 *   relayed   ●━◆━●   o-<>-o   Relay, under any other rule
 *   proxied   ●━□━●   o-[]-o   Proxy; proxied-relay: as a relay, Relay (via proxy)
 *   waiting   ●╌ ○    o    o   Waiting; asked: the same, where a request of ours has left
 *   local     ●●      oo       This computer
 * @module
 */
import type { Policy, Route } from '@sotto/api/contract.ts';
import { errorBody } from '@sotto/api/errors.ts';
import type { ErrorName } from '@sotto/api/errors.ts';
import type { Way } from '@sotto/api/way.ts';
import { padded } from './safe-text.ts';

interface WayWords {
  readonly utf8: string;
  readonly ascii: string;
  readonly chip: string;
  readonly line: string;
  readonly whoSees: string;
}

const KEPT =
  "Relays are asked to keep no records; you can't check that, so you may pick or run your own.";

const RELAYS =
  "1 relay: It sees both addresses and when you talk, and can't read anything. 2 relays from " +
  'different places: neither alone knows both ends, unless one operator runs both. Both: ' +
  KEPT;

const DIRECT =
  '{name} can see your IP address, which hints at your city and provider. You can see theirs. ' +
  'Providers can see you are connected, not what you say.';

const WAYS: Readonly<Record<Way, WayWords>> = {
  lan: {
    utf8: '●══●',
    ascii: 'o==o',
    chip: 'Same network',
    line: 'Straight between your devices, inside this network.',
    whoSees:
      '{name} sees your address on this network. Whoever runs the network can see that your ' +
      'devices talk, not what you say.',
  },
  direct: {
    utf8: '●━━●',
    ascii: 'o--o',
    chip: 'Direct',
    line: "Straight from your device to {name}'s. No relay in between.",
    whoSees: DIRECT,
  },
  punched: {
    utf8: '●┅┅●',
    ascii: 'o..o',
    chip: 'Direct (via routers)',
    line: "Straight to {name}'s device, through openings your routers made.",
    whoSees:
      'Where a relay introduced your devices, it saw both addresses; it carries no messages. ' +
      DIRECT,
  },
  relay: {
    utf8: '●━◆━●',
    ascii: 'o-<>-o',
    chip: 'Hidden IP',
    line:
      "Passed along by a relay. {name} can't see your IP address, unless they run the relay " +
      'you use.',
    whoSees: RELAYS,
  },
  relayed: {
    utf8: '●━◆━●',
    ascii: 'o-<>-o',
    chip: 'Relay',
    line: 'Passed along by a relay. {name} may see your IP address all the same.',
    whoSees:
      '{name} may see your IP address: this chat does not hide it, and becomes direct when it ' +
      `can. ${RELAYS}`,
  },
  proxied: {
    utf8: '●━□━●',
    ascii: 'o-[]-o',
    chip: 'Proxy',
    line: "Through your proxy to {name}'s device. They see its address, not yours.",
    whoSees:
      "{name} can't see your IP address, only that by which your proxy leads out. Whoever runs " +
      'the proxy can see your address and that of {name}, not what you say.',
  },
  'proxied-relay': {
    utf8: '●━◆━●',
    ascii: 'o-<>-o',
    chip: 'Relay (via proxy)',
    line: "Through your proxy, and passed along by a relay. {name} can't see your IP address.",
    whoSees:
      'Neither {name} nor a relay can see your IP address, only that by which your proxy leads ' +
      'out. Whoever runs the proxy can see your address and which relay you use, not what you ' +
      `say. A relay sees when you talk, and can't read anything. ${KEPT}`,
  },
  waiting: {
    utf8: '●╌ ○',
    ascii: 'o    o',
    chip: 'Waiting',
    line: 'No way through yet. Your message waits on this device.',
    whoSees: 'Nothing has left this device.',
  },
  asked: {
    utf8: '●╌ ○',
    ascii: 'o    o',
    chip: 'Waiting',
    line: 'Your request goes to the door of {name}. What you write waits on this device.',
    whoSees:
      'Your name and the words of your request may lie in the DHT, sealed for {name}. Nothing ' +
      'else has left this device.',
  },
  local: {
    utf8: '●●',
    ascii: 'oo',
    chip: 'This computer',
    line: 'Inside this computer, through everything that a message to others goes through.',
    whoSees: 'Nothing leaves this computer.',
  },
};

const RELAYED_BY_THEIRS =
  '{name} chose Hidden IP, so this chat goes through relays alone. It does not hide your IP ' +
  `address: {name} may see it. ${RELAYS}`;

/** What follows from a policy. */
const POLICIES: Readonly<Record<Policy, { readonly name: string; readonly line: string }>> = {
  auto: {
    name: 'Automatic',
    line: 'The fastest safe way. {name} may see your IP address.',
  },
  hidden: {
    name: 'Hidden IP',
    line: 'Always through a relay, calls and files too. Slower. If no relay works, messages wait.',
  },
  direct: {
    name: 'Direct only',
    line: "Only straight to {name}'s device, not even a mailbox. You must both be online.",
  },
  lan: {
    name: 'This network only',
    line: "Only while you're on the same network.",
  },
};
export const PROMISE = 'We never switch to a less private way without asking.';

const HELD: Readonly<Record<NonNullable<Route['held']>, ErrorName>> = {
  conflict: 'route-conflict',
  'no-relay': 'no-hidden-route',
  'not-here': 'not-on-network',
  'not-here-theirs': 'not-on-network-theirs',
};

const THREAD_COLUMNS = 8;
const CHIP_COLUMNS = 7;

/** Thread and chip in columns, as every state line begins. */
export function threadAndChip(way: Way, utf8: boolean): string {
  const { chip } = words(way);
  return padded(thread(way, utf8), THREAD_COLUMNS) + `${padded(chip, CHIP_COLUMNS)}  `;
}

export function thread(way: Way, utf8: boolean): string {
  return utf8 ? words(way).utf8 : words(way).ascii;
}

export function chip(way: Way): string {
  return words(way).chip;
}

export function routeLine(way: Way, name: string): string {
  return words(way).line.replace('{name}', () => name);
}

/** @param theirPolicy where it is known: by theirs alone no direct link comes. */
export function whoSees(way: Way, name: string, theirPolicy?: Policy): string {
  const theirs = way === 'relayed' && theirPolicy === 'hidden';
  return (theirs ? RELAYED_BY_THEIRS : words(way).whoSees).replaceAll('{name}', () => name);
}

export function policyName(policy: Policy): string {
  return Object.hasOwn(POLICIES, policy) ? POLICIES[policy].name : policy;
}

/** The policy and what follows from it; of one of a newer daemon only its name. */
export function policyLine(policy: Policy, name: string): string {
  if (!Object.hasOwn(POLICIES, policy)) return policy;
  return `${policyName(policy)}: ${POLICIES[policy].line.replace('{name}', () => name)}`;
}

/** Which error of the registry says why nothing can leave, and what fills it. */
export function heldAs(
  { policy, theirPolicy = 'auto' }: Pick<Route, 'policy' | 'theirPolicy'>,
  held: NonNullable<Route['held']>,
  name: string,
): [ErrorName, { name: string; ours: string; theirs: string }] {
  const theirs = policyName(theirPolicy).replace(/ only$/, '');
  return [HELD[held], { name, ours: policyName(policy), theirs }];
}

/** Why nothing can leave under the policies, in one line. */
export function heldLine(
  route: Pick<Route, 'held' | 'policy' | 'theirPolicy'>,
  name: string,
): string {
  if (route.held === undefined) return '';
  return errorBody(...heldAs(route, route.held, name)).message;
}

/** A newer daemon may name a route we do not know: then we claim nothing. */
function words(way: Way): WayWords {
  return Object.hasOwn(WAYS, way) ? WAYS[way] : unknown(way);
}

function unknown(way: string): WayWords {
  const line = 'This route is of a newer version of the app.';
  return { utf8: '● ○', ascii: 'o o', chip: way, line, whoSees: line };
}
