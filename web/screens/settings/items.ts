/**
 * Items: every setting there is, in its section, with the words by which it is found. What is not
 * named here and is in the list of the daemon stands in Advanced, with the daemon's own words.
 * @module
 */
import type { ConfigEntry } from '@sotto/api/contract.ts';
import type { TextKey, Text } from '../../text/text.ts';
import { folded, wordsOf } from '../../words/match.ts';

export const SECTIONS = [
  'profile',
  'privacy',
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
  readonly line?: TextKey;
  /** Values, where it has names for them. */
  readonly values?: Readonly<Record<string, TextKey>>;
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
const LEVELS = {
  debug: 'settings.log-level.debug',
  info: 'settings.log-level.info',
  warn: 'settings.log-level.warn',
  error: 'settings.log-level.error',
} as const;

// prettier-ignore
export const ITEMS: readonly Item[] = [
  { id: 'profile.name', section: 'profile', title: 'settings.name', line: 'settings.name.line' },
  { id: 'id', section: 'profile', title: 'settings.id', line: 'settings.id.line' },
  { id: 'profiles', section: 'profile', title: 'settings.profiles', line: 'settings.profiles.line' },
  { id: 'door', section: 'privacy', title: 'settings.door', line: 'settings.door.shut' },
  { id: 'blocked', section: 'privacy', title: 'settings.blocked', line: 'settings.blocked.line' },
  { id: 'passphrase', section: 'security', title: 'settings.passphrase', line: 'settings.passphrase.line' },
  { id: 'lock.afterMinutes', section: 'security', title: 'settings.lock', line: 'settings.lock.line' },
  { id: 'verified', section: 'security', title: 'settings.verified', line: 'settings.verified.line' },
  { id: 'app.theme', section: 'appearance', title: 'settings.theme', line: 'settings.theme.line', values: THEMES },
  { id: 'app.textSize', section: 'appearance', title: 'settings.text-size', line: 'settings.text-size.line' },
  { id: 'app.density', section: 'appearance', title: 'settings.density', line: 'settings.density.line', values: DENSITIES },
  { id: 'app.motion', section: 'appearance', title: 'settings.motion', line: 'settings.motion.line', values: MOTIONS },
  { id: 'app.enterSends', section: 'keyboard', title: 'settings.enter', line: 'settings.enter.line' },
  { id: 'app.singleKeys', section: 'keyboard', title: 'settings.single-keys', line: 'settings.single-keys.line' },
  { id: 'shortcuts', section: 'keyboard', title: 'settings.shortcuts', line: 'settings.shortcuts.line' },
  { id: 'language', section: 'language', title: 'settings.language.name', line: 'settings.language.value' },
  { id: 'dates', section: 'language', title: 'settings.dates' },
  { id: 'dht.enabled', section: 'network', title: 'settings.dht.enabled' },
  { id: 'dht.readOnly', section: 'network', title: 'settings.dht.read-only' },
  { id: 'dht.bootstrap', section: 'network', title: 'settings.dht.bootstrap' },
  { id: 'net.port', section: 'network', title: 'settings.net.port' },
  { id: 'net.udp', section: 'network', title: 'settings.net.udp' },
  { id: 'net.tcp', section: 'network', title: 'settings.net.tcp' },
  { id: 'net.bind', section: 'network', title: 'settings.net.bind' },
  { id: 'log', section: 'advanced', title: 'settings.log', line: 'settings.log.line' },
  { id: 'log.level', section: 'advanced', title: 'settings.log-level', line: 'settings.log-level.line', values: LEVELS },
  { id: 'export', section: 'advanced', title: 'settings.export', line: 'settings.export.line' },
  { id: 'forget', section: 'advanced', title: 'settings.forget', line: 'settings.forget.line' },
  { id: 'echo.enabled', section: 'advanced', title: 'settings.echo' },
  { id: 'api.port', section: 'advanced', title: 'settings.api.port' },
  { id: 'net.allowReserved', section: 'advanced', title: 'settings.reserved' },
  { id: 'doctor', section: 'help', title: 'settings.doctor', line: 'settings.doctor.line' },
  { id: 'version', section: 'help', title: 'settings.version' },
];

/** Kept by the daemon for the app, and no setting of a person. */
const UNSEEN = ['app.welcomed'];

/** As it stands on the page. */
export interface ShownItem {
  readonly id: string;
  readonly section: Section;
  readonly title: string;
  readonly line: string;
  readonly values: Item['values'];
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
  }));
  const known = new Set([...ITEMS.map(({ id }) => id), ...UNSEEN]);
  const rest = [...entries.values()]
    .filter(({ key }) => !known.has(key))
    .map(({ about, key }) => ({
      id: key,
      section: 'advanced' as const,
      title: key,
      line: about,
      values: undefined,
    }));
  return [...named, ...rest];
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
