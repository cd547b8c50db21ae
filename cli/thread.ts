/**
 * The thread: two dots and a line whose shape is the route, and the sentences that go with it.
 * Each sentence is a promise about the protocol (docs/spec/cli.md CLI-21).
 *
 *   route     UTF-8   ASCII    chip
 *   lan       ●══●    o==o     Same network
 *   direct    ●━━●    o--o     Direct
 *   waiting   ●╌ ○    o    o   Waiting
 *   local     ●●      oo       This computer
 * @module
 */
import type { RouteName } from '@sotto/api/contract.ts';
import { padded } from './safe-text.ts';

interface RouteWords {
  readonly utf8: string;
  readonly ascii: string;
  readonly chip: string;
  readonly line: string;
  readonly whoSees: string;
}

const ROUTES: Readonly<Record<RouteName, RouteWords>> = {
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
    whoSees:
      '{name} can see your IP address, which hints at your city and provider. You can see ' +
      'theirs. Providers can see you are connected, not what you say.',
  },
  waiting: {
    utf8: '●╌ ○',
    ascii: 'o    o',
    chip: 'Waiting',
    line: 'No way through yet. Your message waits on this device.',
    whoSees: 'Nothing has left this device.',
  },
  local: {
    utf8: '●●',
    ascii: 'oo',
    chip: 'This computer',
    line: 'Inside this computer, through everything that a message to others goes through.',
    whoSees: 'Nothing leaves this computer.',
  },
};

export const POLICY_LINES = {
  auto: 'Automatic: the fastest safe way. {name} may see your IP address.',
} as const;

const THREAD_COLUMNS = 8;
const CHIP_COLUMNS = 7;

/** Thread and chip in columns, as every state line begins. */
export function threadAndChip(route: RouteName, utf8: boolean): string {
  const { chip } = words(route);
  return padded(thread(route, utf8), THREAD_COLUMNS) + `${padded(chip, CHIP_COLUMNS)}  `;
}

export function thread(route: RouteName, utf8: boolean): string {
  return utf8 ? words(route).utf8 : words(route).ascii;
}

export function chip(route: RouteName): string {
  return words(route).chip;
}

export function routeLine(route: RouteName, name: string): string {
  return words(route).line.replace('{name}', () => name);
}

export function whoSees(route: RouteName, name: string): string {
  return words(route).whoSees.replace('{name}', () => name);
}

/** A newer daemon may name a route we do not know: then we claim nothing. */
function words(route: RouteName): RouteWords {
  return Object.hasOwn(ROUTES, route) ? ROUTES[route] : { ...ROUTES.waiting, ...unknown(route) };
}

function unknown(route: string): RouteWords {
  const line = 'This route is of a newer version of the app.';
  return { utf8: '● ○', ascii: 'o o', chip: route, line, whoSees: line };
}
