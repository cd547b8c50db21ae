/**
 * Emoji: their pictures, names and short names, from files of our own origin that are read when
 * they are first wanted. No other place is asked.
 * @module
 */
import emojiUrl from 'emojibase-data/en/compact.json?url';
import shortUrl from 'emojibase-data/en/shortcodes/github.json?url';
import groupsUrl from 'emojibase-data/en/messages.json?url';

/** An entry of emojibase's compact.json, as far as it is used. */
interface Entry {
  readonly hexcode: string;
  readonly label: string;
  readonly unicode: string;
  readonly group?: number;
  readonly order?: number;
  readonly tags?: readonly string[];
  readonly skins?: readonly { readonly unicode: string }[];
}

export interface Emoji {
  readonly emoji: string;
  readonly label: string;
  /** Without colons: `smile`. */
  readonly codes: readonly string[];
}

/** What frimousse takes. */
interface PickerData {
  readonly locale: string;
  readonly emojis: {
    emoji: string;
    category: number;
    label: string;
    version: number;
    tags: string[];
    skins?: Record<Tone, string>;
  }[];
  readonly categories: { index: number; label: string }[];
  readonly skinTones: Record<Tone, string>;
}
type Tone = 'light' | 'medium-light' | 'medium' | 'medium-dark' | 'dark';

const TONES: readonly Tone[] = ['light', 'medium-light', 'medium', 'medium-dark', 'dark'];
/** Hair and skin: parts of emoji, and none themselves. */
const COMPONENTS = 2;

interface Messages {
  readonly groups: readonly { readonly order: number; readonly message: string }[];
  readonly skinTones: readonly { readonly key: string; readonly message: string }[];
}

let entries: Promise<readonly Entry[]> | undefined;
let codes: Promise<readonly Emoji[]> | undefined;

/** For the picker. */
export async function pickerData(): Promise<PickerData> {
  const [all, messages] = await Promise.all([readEntries(), read<Messages>(groupsUrl)]);
  const tones = new Map(messages.skinTones.map(({ key, message }) => [key, message]));
  return {
    locale: 'en',
    emojis: all.map(({ unicode, label, group, tags, skins }) => ({
      emoji: unicode,
      category: group!,
      label,
      version: 0,
      tags: [...(tags ?? [])],
      ...(skins?.length === TONES.length ? { skins: byTone((i) => skins[i]!.unicode) } : {}),
    })),
    categories: messages.groups
      .filter(({ order }) => order !== COMPONENTS)
      .map(({ order, message }) => ({ index: order, label: message })),
    skinTones: byTone((i) => tones.get(TONES[i]!) ?? TONES[i]!),
  };
}

/** For `:smile`: by short name. */
export function emojiByCode(): Promise<readonly Emoji[]> {
  codes ??= Promise.all([readEntries(), read<Record<string, string | string[]>>(shortUrl)]).then(
    ([all, short]) =>
      all.map(({ hexcode, unicode, label }) => ({
        emoji: unicode,
        label,
        codes: [short[hexcode] ?? []].flat(),
      })),
  );
  codes.catch(() => (codes = undefined));
  return codes;
}

function readEntries(): Promise<readonly Entry[]> {
  entries ??= read<Entry[]>(emojiUrl).then((all) =>
    all
      .filter(({ group }) => group !== undefined && group !== COMPONENTS)
      .sort((a, b) => (a.order ?? 0) - (b.order ?? 0)),
  );
  entries.catch(() => (entries = undefined));
  return entries;
}

async function read<T>(url: string): Promise<T> {
  const response = await fetch(url, { redirect: 'error' });
  if (!response.ok) throw new Error(`emoji: ${response.status}`);
  return (await response.json()) as T;
}

function byTone(value: (i: number) => string): Record<Tone, string> {
  return Object.fromEntries(TONES.map((tone, i) => [tone, value(i)])) as Record<Tone, string>;
}
