/**
 * Every setting of a profile: one zod schema, from which its values are read, its defaults are
 * taken and its list is printed. Keys are flat (`net.port`), so that a flag, an environment
 * variable and a line of the file name them alike:
 *
 *   --set net.port=4000   SOTTO_NET_PORT=4000   "net.port": 4000
 *
 * A setting is described by `describe()`; what is marked in LIVE takes effect at once, the rest
 * at the next start. Spec: docs/spec/local-api.md API-4 to API-6.
 * @module
 */
import * as z from 'zod';
import { Policy } from './route.ts';
import { SECRET_SETTINGS } from './wire.ts';

const HOST_NAME = /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?):\d{1,5}$/i;
const BOOTSTRAP_MAX = 16;
const HOMES_MAX = 32;
const LOCK_MINUTES_MAX = 24 * 60;
const ACCOUNT_BYTES_MAX = 255;
const TEXT_SIZE_MIN = 85;
const TEXT_SIZE_MAX = 200;
const LANGUAGE = /^(system|[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2})$/;
const port = z.int().min(0).max(65_535);

/** Comma-separated `host:port`; the empty text is the empty list. */
const hostPorts = z
  .string()
  .refine((text) => parts(text).length <= BOOTSTRAP_MAX, `at most ${BOOTSTRAP_MAX}`)
  .refine(
    (text) => parts(text).every((part) => HOST_NAME.test(part)),
    'host:port, separated by commas',
  );

/** at most 255 bytes, which is what proxies take. */
const account = z
  .string()
  .refine((text) => new TextEncoder().encode(text).length <= ACCOUNT_BYTES_MAX, 'too long')
  .refine((text) => !/\p{Cc}/u.test(text), 'no control characters');

const RELAY = /^sotto-relay:[a-z2-7]{56}@(\[[0-9a-f:.]+\]|[0-9.]+):\d{1,5}(\+443)?$/i;
const RELAYS_MAX = 16;
/** Comma-separated relays as text; the empty text is the empty list. */
const relayList = z
  .string()
  .refine((text) => parts(text).length <= RELAYS_MAX, `at most ${RELAYS_MAX}`)
  .refine(
    (text) => parts(text).every((part) => RELAY.test(part)),
    'sotto-relay:KEY@ADDRESS:PORT or ...:PORT+443, separated by commas',
  );

const TRACKERS_MAX = 16;
/** Comma-separated announce URLs; the empty text is the empty list. */
const trackerList = z
  .string()
  .refine((text) => parts(text).length <= TRACKERS_MAX, `at most ${TRACKERS_MAX}`)
  .refine(
    (text) => parts(text).every((part) => /^(https?|udp):\/\//i.test(part)),
    'http://NAME/announce, https://NAME/announce or udp://NAME:PORT, separated by commas',
  );

const addresses = z
  .string()
  .refine(
    (text) => parts(text).length > 0 && parts(text).every((part) => /^[0-9a-f:.]+$/i.test(part)),
    'IP addresses, separated by commas',
  )
  .refine((text) => {
    // There is one UDP socket of each family, by which all leaves.
    const six = parts(text).filter((part) => part.includes(':')).length;
    return six <= 1 && parts(text).length - six <= 1;
  }, 'at most one IPv4 and one IPv6 address');

/** What this device wrote down of networks, separated by commas. */
const homeMarks = z
  .string()
  .refine((text) => parts(text).length <= HOMES_MAX, `at most ${HOMES_MAX}`)
  .refine(
    (text) => parts(text).every((part) => /^[0-9a-f]{32}$/.test(part)),
    'say here or not-here while the app runs',
  );

export const Settings = z.strictObject({
  'profile.name': z
    .string()
    .max(64)
    .default('')
    .describe('The name that people you add see. Empty: none is told.'),
  'api.port': port
    .default(7340)
    .describe('Port of the API on 127.0.0.1. Where it is taken, the next free one is kept.'),
  'net.port': port
    .default(0)
    .describe('UDP and TCP port. 0: one from 20000 to 59999 is chosen at first start and kept.'),
  'net.bind': addresses
    .default('0.0.0.0,::')
    .describe('Addresses to listen on, at most one IPv4 and one IPv6.'),
  'net.udp': z.boolean().default(true).describe('Use UDP. Without it nobody new is found.'),
  'net.tcp': z.boolean().default(true).describe('Accept TCP connections.'),
  'net.portMapping': z
    .boolean()
    .default(true)
    .describe('Ask the router to send what comes in on our port on to this computer.'),
  'net.allowReserved': z
    .boolean()
    .default(false)
    .describe('Treat loopback and reserved addresses as public ones. For tests.'),
  'proxy.kind': z
    .enum(['none', 'socks5', 'http'])
    .default('none')
    .describe(
      'The way out: none, socks5 (such as Tor) or http. With a proxy nothing leaves past it, and ' +
        'nobody can call this computer directly.',
    ),
  'proxy.address': hostPorts
    .refine((text) => parts(text).length <= 1, 'one host:port')
    .default('')
    .describe('The proxy, as host:port. Without it, and with a kind chosen, nothing leaves.'),
  'proxy.user': account
    .refine((text) => !text.includes(':'), 'no colon')
    .default('')
    .describe(
      'Name at the proxy. Empty: none; with socks5 each contact gets a random one, so that Tor ' +
        'keeps their ways apart.',
    ),
  'proxy.password': account
    .default('')
    .describe('Password at the proxy. Never shown, and never on a command line: say - there.'),
  'proxy.udp': z
    .enum(['off', 'direct'])
    .default('off')
    .describe(
      'UDP does not pass a proxy. off: none leaves. direct: it leaves past the proxy, so that ' +
        'people can be found; helpers and contacts then see your IP address.',
    ),
  'dht.enabled': z
    .boolean()
    .default(true)
    .describe("Find people through the helpers of BitTorrent's network."),
  'dht.bootstrap': hostPorts
    .default(
      'dht.libtorrent.org:25401,dht.transmissionbt.com:6881,' +
        'router.bittorrent.com:6881,router.utorrent.com:6881',
    )
    .describe('The first helpers to ask when no better one is known. May be empty.'),
  'dht.readOnly': z.boolean().default(false).describe('Ask helpers, and help nobody.'),
  'trackers.list': trackerList
    .default('')
    .describe(
      'BitTorrent trackers by which you and your contacts find each other too, each as ' +
        'http://NAME/announce or udp://NAME:PORT, separated by commas. Who runs one sees your ' +
        'IP address, and which addresses look for each other; not who you are. ' +
        'Never asked for chats with Hidden IP.',
    ),
  'nearby.on': z
    .boolean()
    .default(false)
    .describe(
      'Find contacts who are in the same network, with or without the internet. ' +
        'Works in networks that are marked as home, and nowhere else.',
    ),
  'nearby.home': homeMarks
    .default('')
    .describe(
      'Marks of the networks that are home; nobody else can tell from them which. ' +
        'Add the present network by the value here, take it out by not-here.',
    ),
  'routes.default': Policy.default('auto').describe(
    'How chats with people added from now on connect: auto, hidden, direct or lan.',
  ),
  'relays.list': relayList
    .default('')
    .describe('Relays to use, each as sotto-relay:KEY@ADDRESS:PORT, separated by commas.'),
  'relays.public': z
    .boolean()
    .default(true)
    .describe(
      'Look for public relays, run by strangers, when you and your contacts have too few. ' +
        'They see your IP address and when you talk, and nothing of what you say; some helpers ' +
        'see that this computer uses the app. ' +
        'Never looked for while new chats are set to Hidden IP.',
    ),
  'relay.serve': z
    .enum(['off', 'contacts', 'public'])
    .default('contacts')
    .describe(
      'Whom this computer serves as a relay, where it can be reached. public: everybody, and ' +
        'everybody can find its address.',
    ),
  'relay.port443': z
    .boolean()
    .default(true)
    .describe(
      'A relay for everybody also listens on TCP port 443, where the system lets it: for people ' +
        'whose network passes only the web.',
    ),
  'echo.enabled': z.boolean().default(true).describe('Echo, the local test partner.'),
  'lock.afterMinutes': z
    .int()
    .min(0)
    .max(LOCK_MINUTES_MAX)
    .default(0)
    .describe('Lock after so many minutes without anyone at a screen. 0: never.'),
  'app.welcomed': z.boolean().default(false).describe('The first page was seen to.'),
  'app.theme': z
    .enum(['system', 'light', 'dark', 'contrast'])
    .default('system')
    .describe('Colours of the app in the browser.'),
  'app.density': z
    .enum(['normal', 'compact'])
    .default('normal')
    .describe('How close the rows of lists stand.'),
  'app.textSize': z
    .int()
    .min(TEXT_SIZE_MIN)
    .max(TEXT_SIZE_MAX)
    .default(100)
    .describe('Size of the text in the browser, in hundredths of what the browser says.'),
  'app.motion': z
    .enum(['system', 'less'])
    .default('system')
    .describe('Whether things on the screen may move.'),
  'app.enterSends': z
    .boolean()
    .default(true)
    .describe('Enter sends a message, and Shift+Enter begins a new line. Off: the reverse.'),
  'app.singleKeys': z
    .boolean()
    .default(true)
    .describe('Single letters act on the message that has the focus, such as R for reply.'),
  'app.language': z
    .string()
    .regex(LANGUAGE, 'system, or a language such as en or pt-BR')
    .default('system')
    .describe('Language of the app in the browser. system: as the browser says.'),
  'log.level': z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('The least important lines that the log keeps. Addresses are kept at debug only.'),
});

export type Settings = z.output<typeof Settings>;
export type SettingKey = keyof Settings;
export type SettingValue = string | number | boolean;

/** Settings whose change takes effect at once. */
export const LIVE: readonly SettingKey[] = [
  'profile.name',
  'net.portMapping',
  'routes.default',
  'relays.list',
  'relays.public',
  'trackers.list',
  'lock.afterMinutes',
  'log.level',
  'nearby.on',
  'nearby.home',
  'app.welcomed',
  'app.theme',
  'app.density',
  'app.textSize',
  'app.motion',
  'app.enterSends',
  'app.singleKeys',
  'app.language',
];

/** Settings that are never shown, and never taken from where others could read them. */
export const SECRET: readonly SettingKey[] = SECRET_SETTINGS;
/** What stands in the place of a secret that is set. */
export const HIDDEN = '(hidden)';

export const SETTING_KEYS = Object.keys(Settings.shape) as readonly SettingKey[];

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(Settings.shape, key);
}

/** What a setting means, in one or two sentences. */
export function aboutSetting(key: SettingKey): string {
  return Settings.shape[key].description ?? '';
}

export type ReadSetting = { ok: true; value: SettingValue } | { ok: false; what: string };

/** Reads a value as a person typed it (`true`, `4000`, any text) or as JSON holds it. */
export function readSetting(key: SettingKey, typed: unknown): ReadSetting {
  const schema = Settings.shape[key];
  let value = typed;
  if (typeof typed === 'string') {
    const kind = typeof schema.parse(undefined);
    if (kind === 'boolean' && /^(true|false)$/.test(typed)) value = typed === 'true';
    if (kind === 'number' && /^\d{1,9}$/.test(typed)) value = Number(typed);
  }
  const read = schema.safeParse(value);
  if (read.success) return { ok: true, value: read.data };
  const what = read.error.issues[0]?.message ?? 'not understood';
  return { ok: false, what };
}

/** The parts of a comma-separated list, without blanks. */
export function parts(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
