/**
 * The checks of the network doctor: what each can find, in one place for every screen, as the
 * error registry is for errors. A finding is ok, warn or fail, or skipped where nothing can be
 * said; it has one sentence, and what to do. Sentences hold no ID, no address and no name, so
 * that a report can be shown around; those about a person name the person (ERR-8).
 *
 *   check --findings--> { state, sentence, hint } or an entry of the error registry
 *
 * Spec: docs/spec/errors.md ERR-8, docs/spec/cli.md CLI-30.
 * @module
 */
import { PERSON_CHECKS } from './checks-person.ts';
import type { Check } from './contract.ts';
import { ERRORS, errorBody, fill, fillHint } from './errors.ts';
import type { ErrorDetail, ErrorName } from './errors.ts';

type State = Check['state'];
interface Words {
  readonly state: State;
  readonly sentence: string;
  /** What to do. `{name}` is filled in quoted for a shell. */
  readonly hint?: string;
}
/** A finding that is an error of the registry has its sentence, hint and code. */
interface Fault {
  readonly state: State;
  readonly error: ErrorName;
}
type Finding = Words | Fault;

const FIX = 'Put it right: sotto doctor --fix';
const SETTINGS = 'See: sotto config list';
const ROUTER =
  'Switch on UPnP in the settings of the router, ' +
  'or forward port {port} (UDP and TCP) to this computer there.';

/** Checks that a screen makes itself, the app running or not. */
const LOCAL = {
  app: {
    title: 'App',
    findings: {
      running: { state: 'ok', sentence: 'Running, version {version}.' },
      'other-version': {
        state: 'warn',
        sentence: 'Version {version} is running, and this program is version {own}.',
        hint: 'Restart: sotto stop, then sotto start',
      },
      'not-running': { state: 'fail', error: 'not-running' },
      'no-answer': { state: 'fail', error: 'no-answer' },
    },
  },
  folder: {
    title: 'Folder',
    findings: {
      private: { state: 'ok', sentence: 'Only you can read it.' },
      narrowed: { state: 'ok', sentence: 'Others could read {files}; now only you can.' },
      open: {
        state: 'fail',
        sentence: 'Others on this computer can read {files}.',
        hint: FIX,
      },
      'stays-open': {
        state: 'fail',
        sentence: 'Others on this computer can read {files}, and not all of it could be changed.',
        hint: 'Take the rights of others off it as the user whose files these are.',
      },
      'not-yours': {
        state: 'fail',
        sentence: 'It belongs to another user, or is no folder.',
        hint: 'Another folder: sotto start --data-dir DIR',
      },
      unwritable: {
        state: 'fail',
        sentence: 'It cannot be written to, or not be read.',
        hint: 'Correct its permissions, or choose another one: sotto start --data-dir DIR',
      },
      absent: { state: 'skipped', sentence: 'Not there yet. The first start makes it.' },
    },
  },
  disk: {
    title: 'Disk',
    findings: {
      room: { state: 'ok', sentence: '{free} free.' },
      low: { state: 'warn', sentence: 'Only {free} free.', hint: 'Free some space.' },
      full: { state: 'fail', error: 'no-space' },
      unknown: { state: 'skipped', sentence: 'Its free space is not told.' },
    },
  },
  access: {
    title: 'Access',
    findings: {
      private: { state: 'ok', sentence: 'Only programs of yours on this computer can use it.' },
      closed: { state: 'ok', sentence: 'Nobody can use the app while it does not run.' },
      open: {
        state: 'fail',
        sentence: 'Others on this computer can read the key that opens the app.',
        hint: 'Renew it: sotto doctor --fix, then sotto stop and sotto start',
      },
      stale: {
        state: 'warn',
        sentence: 'A file of an app that has ended was left behind. It opens nothing.',
        hint: FIX,
      },
      stays: {
        state: 'warn',
        sentence:
          'What an app that has ended left behind could not all be removed. It opens nothing.',
        hint: 'Remove api.json and what begins with lock- from the folder while no app runs.',
      },
      removed: { state: 'ok', sentence: 'What an app that has ended left behind was removed.' },
    },
  },
  log: {
    title: 'Log',
    findings: {
      clean: { state: 'ok', sentence: 'No faults in the last day.' },
      faults: {
        state: 'warn',
        sentence: '{count} faults in the last day.',
        hint: 'See: sotto logs',
      },
      crashes: {
        state: 'warn',
        sentence: 'The app ended by a fault of its own in the last day. Please report it.',
        hint: 'The reports lie in the folder logs beside the log. See: sotto logs',
      },
    },
  },
} as const satisfies Checks;

/** Checks that the running app makes. */
const RUNNING = {
  internet: {
    title: 'Internet',
    findings: {
      online: { state: 'ok', sentence: 'Online.' },
      offline: { state: 'fail', error: 'offline' },
      'sign-in': {
        state: 'fail',
        sentence:
          'This network answers in the name of others: it may want you to sign in first. ' +
          'Messages wait here.',
        hint: 'Open any page in a browser, and sign in where it asks you to.',
      },
      unknown: { state: 'skipped', sentence: 'Nobody was asked, so nothing is known.' },
    },
  },
  helpers: {
    title: 'Finding people',
    findings: {
      known: { state: 'ok', sentence: 'Helpers known: {helpers}.' },
      'asking-only': {
        state: 'ok',
        sentence: 'Helpers known: {helpers}. By the settings this computer helps nobody itself.',
      },
      starting: {
        state: 'warn',
        sentence: 'Started just now; the first helpers are being asked.',
        hint: 'Look again in half a minute: sotto doctor',
      },
      blocked: { state: 'fail', error: 'network-blocked' },
      // A relay leads past it: those who are known are reached.
      relayed: { state: 'warn', error: 'network-blocked' },
      hidden: {
        state: 'fail',
        sentence: 'New chats are set to Hidden IP and no relay answers, so messages wait.',
        hint: 'Another one, or your own: sotto config set relays.list sotto-relay:...',
      },
      'hidden-few': {
        state: 'fail',
        sentence:
          'New chats are set to Hidden IP: people are looked for through two relays of different ' +
          'networks, and fewer answer.',
        hint: 'One more, or your own: sotto config set relays.list sotto-relay:...',
      },
      silent: {
        state: 'fail',
        sentence: 'No helper answers. People who know your last address can still reach you.',
        hint: SETTINGS,
      },
      proxied: {
        state: 'warn',
        sentence:
          "Nobody new is found: that doesn't pass the proxy. " +
          'People you know are called where they were last.',
        hint: SETTINGS,
      },
      off: {
        state: 'warn',
        sentence: 'Switched off in the settings. Only people who know your address reach you.',
        hint: SETTINGS,
      },
    },
  },
  port: {
    title: 'Port',
    findings: {
      both: { state: 'ok', sentence: 'Port {port}, UDP and TCP.' },
      web: { state: 'ok', sentence: 'Port {port}, UDP and TCP, and TCP 443 for the relay.' },
      'web-denied': {
        state: 'warn',
        sentence:
          'Port {port}, UDP and TCP. The relay may not listen on TCP 443: the system keeps that ' +
          'port for programs that have the right to it.',
        hint: 'See docs/relay/README.md, or: sotto config set relay.port443 false',
      },
      'web-taken': {
        state: 'warn',
        sentence:
          'Port {port}, UDP and TCP. The relay cannot listen on TCP 443: another program has it.',
        hint: 'End that program, or: sotto config set relay.port443 false',
      },
      one: {
        state: 'warn',
        sentence: 'Port {port}, {transport} only.',
        hint: SETTINGS,
      },
      proxied: { state: 'ok', sentence: 'None is open: everything goes out through the proxy.' },
      none: {
        state: 'fail',
        sentence: 'UDP and TCP are switched off in the settings, so nobody can be reached.',
        hint: SETTINGS,
      },
    },
  },
  direct: {
    title: 'Direct links',
    findings: {
      proven: { state: 'ok', sentence: 'People can reach you directly: {count} did.' },
      opened: { state: 'ok', sentence: 'Your router lets people reach you directly.' },
      open: {
        state: 'ok',
        sentence:
          'This computer is on the internet with its own address. ' +
          'People can reach you directly unless a firewall stops them.',
      },
      mapped: {
        state: 'ok',
        sentence: 'Your router lets most direct links through while both of you are online.',
      },
      varied: {
        state: 'warn',
        sentence:
          'Your router makes direct links harder. ' +
          'To somebody with a router like it only a relay leads.',
        hint: 'In the settings of the router, forward port {port} (UDP and TCP) to this computer.',
      },
      proxied: { state: 'skipped', sentence: 'None: everything goes out through the proxy.' },
      unknown: { state: 'skipped', sentence: 'Too few helpers have said how they see you.' },
    },
  },
  router: {
    title: 'Router',
    findings: {
      open: { state: 'ok', sentence: 'It opened port {ports} for this app, by {via}.' },
      double: {
        state: 'warn',
        sentence: 'Your router opened a port, but your provider has another router in front.',
        hint: 'Ask your provider for an address of your own, or for IPv6.',
      },
      refused: {
        state: 'warn',
        sentence: 'Your router refuses to open a port.',
        hint: ROUTER,
      },
      silent: {
        state: 'warn',
        sentence: 'Your router was asked to open a port and does not answer.',
        hint: ROUTER,
      },
      unneeded: {
        state: 'ok',
        sentence: 'It opens no port for this app. Direct links mostly work without.',
      },
      looking: {
        state: 'skipped',
        sentence: 'The router is being asked to open a port.',
        hint: 'Look again: sotto doctor',
      },
      'no-router': {
        state: 'skipped',
        sentence: 'No router that could be asked to open a port was found.',
      },
      off: {
        state: 'skipped',
        sentence: 'By the settings it is not asked to open a port.',
        hint: 'Ask router to open a port: sotto config set net.portMapping true',
      },
      unsupported: {
        state: 'skipped',
        sentence: 'On this system the app cannot find the router, so it opens no port by itself.',
        hint: 'In the settings of the router, forward port {port} (UDP and TCP) to this computer.',
      },
    },
  },
  proxy: {
    title: 'Proxy and VPN',
    findings: {
      none: { state: 'ok', sentence: 'None in use.' },
      vpn: {
        state: 'ok',
        sentence: 'VPN in use: good for hiding your IP, direct links may fail.',
      },
      'vpn-past': {
        state: 'warn',
        sentence:
          'VPN in use, but {family} leaves past it: helpers and contacts see your own {family} ' +
          'address.',
        hint: 'Have the VPN carry {family} too, or switch {family} off on this computer.',
      },
      works: { state: 'ok', sentence: 'Everything leaves through the proxy.' },
      'works-beside': {
        state: 'ok',
        sentence:
          'TCP leaves through the proxy. UDP leaves past it, as the settings say, so helpers and ' +
          'contacts see your IP address.',
      },
      untried: { state: 'skipped', sentence: 'Nothing has got through the proxy so far.' },
      stalled: {
        state: 'skipped',
        sentence: 'Something got through the proxy before, and nothing does now.',
      },
      unset: { state: 'fail', error: 'proxy-unset' },
      unreachable: { state: 'fail', error: 'proxy-unreachable' },
      'not-a-proxy': { state: 'fail', error: 'proxy-other-kind' },
      password: { state: 'fail', error: 'proxy-password' },
      'not-allowed': { state: 'fail', error: 'proxy-not-allowed' },
    },
  },
  relays: {
    title: 'Relays',
    findings: {
      reachable: { state: 'ok', sentence: '{count} reachable, {ms} ms.' },
      public: {
        state: 'ok',
        sentence:
          '{count} reachable, {ms} ms. Public ones among them: {strangers}. Strangers run these; ' +
          'they see your IP address and when you talk, and nothing of what you say.',
      },
      looking: {
        state: 'skipped',
        sentence:
          'None yet. A contact whose computer can be reached becomes one by itself; public ones, ' +
          'run by strangers, are looked for.',
        hint: 'Run one anywhere, and name it here: sotto config set relays.list sotto-relay:...',
      },
      none: {
        state: 'warn',
        sentence: '{count} known, and none reachable.',
        hint: 'Another one, or your own: sotto config set relays.list sotto-relay:...',
      },
      'no-place': {
        state: 'warn',
        sentence: '{count} known, and none that answers has given this computer a place.',
        hint: 'Another one, or your own: sotto config set relays.list sotto-relay:...',
      },
      unknown: {
        state: 'skipped',
        sentence: 'None known. A contact whose computer can be reached becomes one by itself.',
        hint: 'Run one anywhere, and name it here: sotto config set relays.list sotto-relay:...',
      },
      theirs: {
        state: 'ok',
        sentence: 'None of yours, but relays of others lead to people: {links} links.',
      },
      own: {
        state: 'ok',
        sentence: 'None needed. This computer is one, and serves {clients} now.',
      },
    },
  },
  trackers: {
    title: 'Trackers',
    findings: {
      answering: { state: 'ok', sentence: '{answering} of {count} answer.' },
      unasked: { state: 'skipped', sentence: '{count} named, and none had to be asked so far.' },
      silent: {
        state: 'warn',
        sentence: '{count} named, and none that was asked answers.',
        hint: 'Look whether they are right: sotto config get trackers.list',
      },
    },
  },
  ipv6: {
    title: 'IPv6',
    findings: {
      there: { state: 'ok', sentence: 'This computer has an address of its own.' },
      absent: { state: 'skipped', sentence: 'Not on this network. IPv4 is enough.' },
    },
  },
  nearby: {
    title: 'Same network',
    findings: {
      works: { state: 'ok', sentence: 'Nearby works: contacts in this network are found.' },
      blocked: {
        state: 'warn',
        sentence: 'Nearby is on, but multicast is blocked on this computer or its network.',
        hint: 'In the settings of the firewall, allow UDP port 6771.',
      },
      away: {
        state: 'skipped',
        sentence: 'Nearby is on, but this network is not marked as home, so it rests.',
        hint: 'Mark it: sotto config set nearby.home here',
      },
      proxied: {
        state: 'skipped',
        sentence: 'Nearby is on, but it rests while a proxy is set.',
        hint: SETTINGS,
      },
      off: {
        state: 'skipped',
        sentence: 'Nearby is off.',
        hint: 'Switch it on: sotto config set nearby.on true',
      },
    },
  },
  clock: {
    title: 'Clock',
    findings: {
      right: { state: 'ok', sentence: 'Correct, by the clocks of {sources} contacts.' },
      off: { state: 'warn', error: 'clock-off' },
      unknown: { state: 'skipped', sentence: 'Three linked contacts are needed to compare it.' },
    },
  },
  device: {
    title: 'This device',
    findings: {
      single: { state: 'ok', sentence: 'No second copy of it was seen.' },
      copy: { state: 'fail', error: 'second-copy' },
    },
  },
  contacts: {
    title: 'Contacts',
    findings: {
      settled: { state: 'ok', sentence: '{linked} of {contacts} reachable now. Nothing waits.' },
      waiting: {
        state: 'ok',
        sentence: '{linked} of {contacts} reachable now. {waiting} messages wait.',
        hint: 'Why they wait for somebody: sotto doctor --with NAME',
      },
      none: { state: 'ok', sentence: 'Nobody yet.', hint: 'Make an invite: sotto invite new' },
    },
  },
} as const satisfies Checks;

export type Checks = Readonly<
  Record<string, { readonly title: string; readonly findings: Readonly<Record<string, Finding>> }>
>;

export const CHECKS = { ...LOCAL, ...RUNNING, ...PERSON_CHECKS };
export type CheckName = keyof typeof CHECKS;
/** What Nearby does at the moment. */
export type LanPresence = FindingName<'nearby'>;
export type FindingName<N extends CheckName> = keyof (typeof CHECKS)[N]['findings'] & string;

/** One check as it is sent and shown. */
export function checkOf<N extends CheckName>(
  name: N,
  finding: FindingName<N>,
  detail: ErrorDetail = {},
): Check {
  const { findings, title } = (CHECKS as Checks)[name]!;
  const found = findings[finding]!;
  const { state } = found;
  const check = { check: name, finding, state, title, message: fill(wordsOf(found), detail) };
  if ('error' in found) {
    const { code, hint } = errorBody(found.error, detail);
    return { ...check, hint, code };
  }
  return found.hint === undefined ? check : { ...check, hint: fillHint(found.hint, detail) };
}

/** The sentence of a finding, not filled in yet; undefined where this program knows none such. */
export function sentenceOf(name: string, finding: string): string | undefined {
  const found = (CHECKS as Checks)[name]?.findings[finding];
  return found && wordsOf(found);
}

function wordsOf(found: Finding): string {
  if (!('error' in found)) return found.sentence;
  const { sentence, terminal } = ERRORS[found.error];
  return terminal ?? sentence;
}

/** What all of it comes to. The first line that is true, most serious first. */
export const VERDICTS = {
  'not-running': "The app isn't running.",
  'no-answer': 'The app gave no answer in time.',
  offline: "You're offline.",
  'sign-in': 'This network may want you to sign in first.',
  'proxy-fails': "Nothing gets out: the proxy doesn't work.",
  blocked: 'Online, but the chat network is blocked here.',
  'two-copies': 'This device also runs somewhere else.',
  'no-relay': 'Messages wait: Hidden IP needs relays, and too few answer.',
  'no-helpers': 'Working, but nobody can be found now.',
  trouble: 'Something on this computer needs your care.',
  'proxy-silent': 'Nothing gets through the proxy now.',
  'through-proxy': 'Working, through the proxy alone.',
  starting: 'Just started, and still looking for the network.',
  'only-relays': 'Working, but only through relays.',
  'hard-to-reach': 'Working, but your router makes direct links harder.',
  'well-connected': "You're well connected.",
} as const;
export type Verdict = keyof typeof VERDICTS;

/** The verdict on what was found; about one person it says nothing. */
export function verdictOf(checks: readonly Check[]): Verdict {
  const found = (name: CheckName): string | undefined =>
    checks.find(({ check }) => check === name)?.finding;
  const app = found('app');
  if (app === 'not-running' || app === 'no-answer') return app;
  if (found('internet') === 'offline') return 'offline';
  if (found('internet') === 'sign-in') return 'sign-in';
  if (checks.some(({ check, state }) => check === 'proxy' && state === 'fail')) {
    return 'proxy-fails';
  }
  if (found('helpers') === 'blocked') return 'blocked';
  if (found('device') === 'copy') return 'two-copies';
  if (found('helpers') === 'hidden' || found('helpers') === 'hidden-few') return 'no-relay';
  if (found('helpers') === 'silent' || found('helpers') === 'off') return 'no-helpers';
  if (checks.some(({ state }) => state === 'fail')) return 'trouble';
  if (found('helpers') === 'starting') return 'starting';
  if (found('helpers') === 'relayed') return 'only-relays';
  if (found('helpers') === 'proxied') {
    return found('internet') === 'unknown' ? 'proxy-silent' : 'through-proxy';
  }
  return found('direct') === 'varied' ? 'hard-to-reach' : 'well-connected';
}

/** Exit codes of `sotto doctor`; the rest end with 0. */
export const VERDICT_EXITS: Partial<Readonly<Record<Verdict, number>>> = {
  'not-running': 4,
  'no-answer': 6,
  offline: 6,
  blocked: 6,
  'sign-in': 6,
  'proxy-fails': 6,
  'no-relay': 6,
  'no-helpers': 6,
  'two-copies': 8,
  trouble: 8,
};
