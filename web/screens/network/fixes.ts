/**
 * Fixes: what a page says and offers for what the doctor found, where the terminal names a command.
 * A hint of the terminal that names none stands as it is.
 * @module
 */
import type { Check } from '@sotto/api/contract.ts';
import type { TextKey } from '../../text/text.ts';

export interface Fix {
  /** What to do, in the words of the page. */
  readonly say?: TextKey;
  /** Where it is done, one way or another. */
  readonly places?: readonly { readonly path: string; readonly label: TextKey }[];
  /** The router is asked once more, and all is looked at again. */
  readonly asks?: true;
}

function at(path: string, label: TextKey): Fix {
  return { places: [{ path, label }] };
}

const SETTINGS = at('/settings/network', 'network.fix.settings');
const ROUTES = at('/settings/routes', 'network.fix.settings');
const ADD = at('/add', 'network.fix.add');
const LOG = at('/settings/advanced', 'network.fix.log');
/** What the doctor says to do about it stands, too. */
const ASK: Fix = { asks: true };
/** Ways past a network that blocks the DHT. */
const PAST: Fix = {
  places: [
    { path: '/settings/routes', label: 'network.fix.relay-443' },
    { path: '/settings/routes', label: 'network.fix.proxy' },
  ],
};

/** By check and finding. */
const FIXES: Readonly<Record<string, Fix>> = {
  'disk.full': { say: 'network.hint.space' },
  'helpers.starting': { say: 'network.hint.again' },
  'helpers.blocked': { say: 'network.hint.wait', ...PAST },
  'helpers.relayed': { say: 'network.hint.relayed', ...PAST },
  'helpers.hidden': { say: 'network.hint.relay', ...ROUTES },
  'helpers.hidden-few': { say: 'network.hint.relay', ...ROUTES },
  'helpers.silent': { say: 'network.hint.wait', ...SETTINGS },
  'helpers.off': SETTINGS,
  'helpers.proxied': ROUTES,
  'port.one': SETTINGS,
  'port.none': SETTINGS,
  'port.web-denied': ROUTES,
  'port.web-taken': ROUTES,
  'direct.varied': ASK,
  'router.refused': ASK,
  'router.silent': ASK,
  'router.looking': { say: 'network.hint.again' },
  'router.off': ROUTES,
  'nearby.away': { say: 'network.hint.home', ...ROUTES },
  'nearby.proxied': ROUTES,
  'nearby.off': ROUTES,
  'relays.none': { say: 'network.hint.relay', ...ROUTES },
  'relays.no-place': { say: 'network.hint.relay', ...ROUTES },
  'relays.unknown': ROUTES,
  'relays.looking': { say: 'network.hint.again', ...ROUTES },
  'trackers.silent': ROUTES,
  'proxy.unset': { say: 'network.hint.proxy-unset', ...ROUTES },
  'proxy.unreachable': { say: 'network.hint.proxy-runs', ...ROUTES },
  'proxy.not-a-proxy': { say: 'network.hint.proxy-kind', ...ROUTES },
  'proxy.password': { say: 'network.hint.proxy-password', ...ROUTES },
  'proxy.not-allowed': { say: 'network.hint.proxy-allows', ...ROUTES },
  'internet.offline': { say: 'network.hint.wait' },
  'clock.off': { say: 'network.fix.clock' },
  'device.copy': { say: 'network.hint.copy' },
  'contacts.waiting': { say: 'network.hint.test' },
  'contacts.none': ADD,
  'log.faults': LOG,
  'log.crashes': LOG,
  'found.invite-expired': { say: 'network.hint.new-invite', ...ADD },
  'found.conflict': { say: 'network.hint.rules' },
  'found.no-relay': { say: 'network.hint.relay', ...ROUTES },
  'found.not-here': { say: 'network.hint.here' },
  'found.not-here-theirs': { say: 'network.hint.here' },
  'found.not-looked': { say: 'network.hint.above' },
  'answers.no-answer': { say: 'network.hint.them' },
  'answers.no-route': { say: 'network.hint.them' },
};

const COMMAND = /\bsotto\b/;

/** @returns the fix of the page, and the terminal's hint where it speaks of no command. */
export function fixOf({ check, finding, hint }: Check): Fix & { readonly hint?: string } {
  const fix = FIXES[`${check}.${finding}`] ?? {};
  const isOfPage = hint === undefined || COMMAND.test(hint) || fix.say !== undefined;
  return isOfPage ? fix : { ...fix, hint };
}
