/**
 * Items: every setting there is, in its section, with the words by which it is found. What is not
 * named here and is in the list of the daemon has the daemon's own words: in Routes where its key
 * speaks of them, else in Advanced.
 * @module
 */
import type { ConfigEntry } from '@sotto/api/contract.ts';
import type { TextKey, Text } from '../../text/text.ts';
import { folded, wordsOf } from '../../words/match.ts';

export const SECTIONS = [
  'profile',
  'privacy',
  'routes',
  'security',
  'appearance',
  'keyboard',
  'language',
  'network',
  'advanced',
  'help',
] as const;
export type Section = (typeof SECTIONS)[number];

export interface Item {
  /** Of the daemon's list where it is one of it, else a name of its own. */
  readonly id: string;
  readonly section: Section;
  readonly title: TextKey;
  /** What follows from it. Without one, of the daemon's list: what the daemon says. */
  readonly line: TextKey | undefined;
  /** Values, where it has names for them. */
  readonly values: Readonly<Record<string, TextKey>> | undefined;
  /** What follows from each of them. */
  readonly lines: Item['values'];
}

const THEMES = {
  system: 'settings.theme.system',
  light: 'settings.theme.light',
  dark: 'settings.theme.dark',
  contrast: 'settings.theme.contrast',
} as const;
const DENSITIES = {
  normal: 'settings.density.normal',
  compact: 'settings.density.compact',
} as const;
const MOTIONS = { system: 'settings.motion.system', less: 'settings.motion.less' } as const;
const POLICIES = {
  auto: 'route.policy.auto',
  hidden: 'route.policy.hidden',
  direct: 'route.policy.direct',
  lan: 'route.policy.lan',
} as const;
const POLICY_LINES = {
  auto: 'route.connect.auto',
  hidden: 'route.connect.hidden',
  direct: 'route.connect.direct',
  lan: 'route.connect.lan',
} as const;
const SERVES = {
  off: 'settings.relay.serve.off',
  contacts: 'settings.relay.serve.contacts',
  public: 'settings.relay.serve.public',
} as const;
const SERVE_LINES = {
  off: 'settings.relay.serve.off.line',
  contacts: 'settings.relay.serve.contacts.line',
  public: 'settings.relay.serve.public.line',
} as const;
const PROXIES = {
  none: 'settings.proxy.none',
  socks5: 'settings.proxy.socks5',
  http: 'settings.proxy.http',
} as const;
const PROXY_LINES = {
  none: 'settings.proxy.none.line',
  socks5: 'settings.proxy.socks5.line',
  http: 'settings.proxy.http.line',
} as const;
const UDP = { off: 'settings.proxy.udp.off', direct: 'settings.proxy.udp.direct' } as const;
const UDP_LINES = {
  off: 'settings.proxy.udp.off.line',
  direct: 'settings.proxy.udp.direct.line',
} as const;
const LEVELS = {
  debug: 'settings.log-level.debug',
  info: 'settings.log-level.info',
  warn: 'settings.log-level.warn',
  error: 'settings.log-level.error',
} as const;

type Row = readonly [
  id: string,
  section: Section,
  title: TextKey,
  line?: TextKey,
  values?: Item['values'],
  lines?: Item['values'],
];

const ROWS: readonly Row[] = [
  ['profile.name', 'profile', 'settings.name', 'settings.name.line'],
  ['id', 'profile', 'settings.id', 'settings.id.line'],
  ['profiles', 'profile', 'settings.profiles', 'settings.profiles.line'],
  ['door', 'privacy', 'settings.door', 'door.shut'],
  ['blocked', 'privacy', 'settings.blocked', 'settings.blocked.line'],
  [
    'routes.default',
    'routes',
    'settings.routes.default',
    'settings.routes.default.line',
    POLICIES,
    POLICY_LINES,
  ],
  ['relays.list', 'routes', 'settings.relays.list', 'settings.relays.list.line'],
  ['relays.public', 'routes', 'settings.relays.public', 'settings.relays.public.line'],
  [
    'relay.serve',
    'routes',
    'settings.relay.serve',
    'settings.relay.serve.line',
    SERVES,
    SERVE_LINES,
  ],
  ['relay.port443', 'routes', 'settings.relay.443', 'settings.relay.443.line'],
  ['trackers.list', 'routes', 'settings.trackers', 'settings.trackers.line'],
  ['nearby.on', 'routes', 'settings.nearby.on', 'settings.nearby.on.line'],
  ['nearby.home', 'routes', 'settings.nearby.home', 'settings.nearby.home.line'],
  ['net.portMapping', 'routes', 'settings.port-mapping', 'settings.port-mapping.line'],
  ['proxy.kind', 'routes', 'settings.proxy', 'settings.proxy.line', PROXIES, PROXY_LINES],
  ['proxy.address', 'routes', 'settings.proxy.address', 'settings.proxy.address.line'],
  ['proxy.user', 'routes', 'settings.proxy.user', 'settings.proxy.user.line'],
  ['proxy.password', 'routes', 'settings.proxy.password', 'settings.proxy.password.line'],
  ['proxy.udp', 'routes', 'settings.proxy.udp', 'settings.proxy.udp.line', UDP, UDP_LINES],
  ['passphrase', 'security', 'settings.passphrase', 'settings.passphrase.line'],
  ['lock.afterMinutes', 'security', 'settings.lock', 'settings.lock.line'],
  ['verified', 'security', 'settings.verified', 'settings.verified.line'],
  ['app.theme', 'appearance', 'settings.theme', 'settings.theme.line', THEMES],
  ['app.textSize', 'appearance', 'settings.text-size', 'settings.text-size.line'],
  ['app.density', 'appearance', 'settings.density', 'settings.density.line', DENSITIES],
  ['app.motion', 'appearance', 'settings.motion', 'settings.motion.line', MOTIONS],
  ['app.enterSends', 'keyboard', 'settings.enter', 'settings.enter.line'],
  ['app.singleKeys', 'keyboard', 'settings.single-keys', 'settings.single-keys.line'],
  ['shortcuts', 'keyboard', 'settings.shortcuts', 'settings.shortcuts.line'],
  ['language', 'language', 'settings.language.name', 'settings.language.value'],
  ['dates', 'language', 'settings.dates'],
  ['dht.enabled', 'network', 'settings.dht.enabled'],
  ['dht.readOnly', 'network', 'settings.dht.read-only'],
  ['dht.bootstrap', 'network', 'settings.dht.bootstrap'],
  ['net.port', 'network', 'settings.net.port'],
  ['net.udp', 'network', 'settings.net.udp'],
  ['net.tcp', 'network', 'settings.net.tcp'],
  ['net.bind', 'network', 'settings.net.bind'],
  ['log', 'advanced', 'settings.log', 'settings.log.line'],
  ['log.level', 'advanced', 'settings.log-level', 'settings.log-level.line', LEVELS],
  ['export', 'advanced', 'settings.export', 'settings.export.line'],
  ['forget', 'advanced', 'settings.forget', 'settings.forget.line'],
  ['echo.enabled', 'advanced', 'settings.echo'],
  ['api.port', 'advanced', 'settings.api.port'],
  ['net.allowReserved', 'advanced', 'settings.reserved'],
  ['doctor', 'help', 'settings.doctor', 'settings.doctor.line'],
  ['version', 'help', 'settings.version'],
];

const ITEMS: readonly Item[] = ROWS.map(([id, section, title, line, values, lines]) => ({
  id,
  section,
  title,
  line,
  values,
  lines,
}));

const OF_ROUTES = /^(routes|relays?|nearby|proxy)\./;

/** A mark of the app's own, and a choice among one: there is a single language so far. */
const UNSEEN = ['app.welcomed', 'app.language'];

/** As it stands on the page. */
export interface ShownItem {
  readonly id: string;
  readonly section: Section;
  readonly title: string;
  readonly line: string;
  readonly values: Item['values'];
  readonly lines: Item['values'];
}

/** All items that there are here, in the order of the sections. */
export function shownItems(
  entries: ReadonlyMap<string, Pick<ConfigEntry, 'key' | 'about'>>,
  t: Text,
): readonly ShownItem[] {
  const named = ITEMS.filter(({ id }) => !id.includes('.') || entries.has(id)).map((item) => ({
    ...item,
    title: t(item.title),
    line: item.line === undefined ? (entries.get(item.id)?.about ?? '') : t(item.line),
    values: item.values,
    lines: item.lines,
  }));
  const known = new Set([...ITEMS.map(({ id }) => id), ...UNSEEN]);
  const rest = [...entries.values()]
    .filter(({ key }) => !known.has(key))
    .map(({ about, key }) => ({
      id: key,
      section: sectionOf(key),
      title: key,
      line: about,
      values: undefined,
      lines: undefined,
    }));
  return [...named, ...rest];
}

/** Where a setting stands that this page has no words for. */
function sectionOf(key: string): Section {
  return OF_ROUTES.test(key) ? 'routes' : 'advanced';
}

/** Those in whose words, section or values each word of the query begins or is part of a word. */
export function findItems(
  items: readonly ShownItem[],
  query: string,
  t: Text,
): readonly ShownItem[] {
  const wanted = wordsOf(query);
  if (wanted.length === 0) return [];
  const scored = items.flatMap((item) => {
    const values = Object.values(item.values ?? {}).map((key) => t(key));
    const all = [item.title, item.line, t(`settings.${item.section}`), item.id, ...values];
    const text = folded(all.join(' '));
    if (!wanted.every((word) => text.includes(word))) return [];
    const title = folded(item.title);
    const inTitle = wanted.filter((word) => title.includes(word)).length;
    return [{ item, inTitle }];
  });
  // What is called so comes before what only speaks of it.
  return scored.sort((a, b) => b.inTitle - a.inTitle).map(({ item }) => item);
}

export function isSection(name: string | undefined): name is Section {
  return SECTIONS.some((section) => section === name);
}
