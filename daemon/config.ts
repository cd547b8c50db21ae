/**
 * The settings in force, each with where it comes from. The leftmost that is set wins:
 *
 *   flag (--set key=value) > environment (SOTTO_KEY) > file (config.json) > default
 *
 * Ports chosen at the first start are kept in ports.json and count as coming from a file, below
 * config.json. Schema: api/settings.ts. Spec: docs/spec/local-api.md API-4 to API-6.
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigEntry } from '@sotto/api/contract.ts';
import {
  aboutSetting,
  HIDDEN,
  isSettingKey,
  LIVE,
  readSetting,
  SECRET,
  SETTING_KEYS,
  Settings,
} from '@sotto/api/settings.ts';
import type { ReadSetting, SettingKey, SettingValue } from '@sotto/api/settings.ts';
import { writeWhole } from './data-folder.ts';
import { faultOfRelays } from './relay-list.ts';
import { StartFailure } from './start-failure.ts';
import { faultOfTrackers } from './tracker-list.ts';

type Source = ConfigEntry['source'];
/** Those that a person says, the first that says something counts. */
const SAID = ['flag', 'environment', 'file'] as const;
type Values = Partial<Record<SettingKey, SettingValue>>;
export type Port = 'api.port' | 'net.port';

/** Settings of which the schema cannot see all that may be wrong. */
const LISTS = ['relays.list', 'trackers.list'] as const;
const FILE = 'config.json';
const PORTS_FILE = 'ports.json';
const PREFIX = 'SOTTO_';
const FILE_BYTES_MAX = 64 * 1024;

export interface ConfigSources {
  /** Each `key=value`, as given with --set. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
}

export class Config {
  readonly #folder: string;
  readonly #layers: Record<Exclude<Source, 'default'>, Values>;
  readonly #ports: Values;
  /** What `values` said last; asked for with every message shown. */
  #known: Settings | undefined;

  /** @throws StartFailure `bad-config`, naming the setting, its source and what is wrong. */
  constructor({ flags, env, folder }: ConfigSources) {
    this.#folder = folder;
    this.#layers = {
      flag: fromFlags(flags),
      environment: fromEnvironment(env),
      file: fromFile(folder, FILE),
    };
    this.#ports = fromFile(folder, PORTS_FILE);
    for (const source of SAID) {
      for (const key of LISTS) {
        const what = this.#faultOf(key, this.#layers[source][key]);
        if (what !== undefined) throw bad(key, source, what);
      }
    }
  }

  /** All values in force. */
  values(): Settings {
    this.#known ??= Settings.parse(
      Object.fromEntries(SETTING_KEYS.map((key) => [key, this.#find(key)?.value])),
    );
    return this.#known;
  }

  /** As screens may see them: no secret is in it. */
  list(): ConfigEntry[] {
    return SETTING_KEYS.map((key) => this.entry(key));
  }

  entry(key: SettingKey): ConfigEntry {
    const standard: SettingValue = Settings.shape[key].parse(undefined);
    const found = this.#find(key);
    const value = found?.value ?? standard;
    return {
      key,
      value: SECRET.includes(key) && value !== standard ? HIDDEN : value,
      source: found?.source ?? 'default',
      default: standard,
      about: aboutSetting(key),
      restart: !LIVE.includes(key),
    };
  }

  /** Reads a value that is to be set, as a person typed it or as JSON holds it. */
  read(key: SettingKey, typed: unknown): ReadSetting {
    const read = readSetting(key, typed);
    const what = read.ok ? this.#faultOf(key, read.value) : undefined;
    return what === undefined ? read : { ok: false, what };
  }

  /**
   * Changes the profile's file; undefined takes a setting out of it.
   * @throws an errno error where the file cannot be written; then nothing changed.
   */
  set(key: SettingKey, value: SettingValue | undefined): void {
    const file: Values = { ...this.#layers.file };
    if (value === undefined) delete file[key];
    else file[key] = value;
    write(this.#folder, FILE, file);
    this.#layers.file = file;
    this.#known = undefined;
  }

  /** Remembers a port that was chosen, so that it is the same at the next start. */
  keepPort(key: Port, port: number): void {
    if (this.#ports[key] === port) return;
    this.#ports[key] = port;
    this.#known = undefined;
    write(this.#folder, PORTS_FILE, this.#ports);
  }

  /** Did a person choose this port? Then no other will do. */
  isChosen(key: Port): boolean {
    return SAID.some((source) => this.#layers[source][key] !== undefined);
  }

  /** What the schema cannot see, as it takes core and the other settings to judge. */
  #faultOf(key: SettingKey, value: SettingValue | undefined): string | undefined {
    if (value === undefined) return undefined;
    if (key === 'trackers.list') return faultOfTrackers(String(value));
    if (key !== 'relays.list') return undefined;
    return faultOfRelays(String(value), this.values()['net.allowReserved']);
  }

  #find(key: SettingKey): { source: Source; value: SettingValue } | undefined {
    for (const source of SAID) {
      const value = this.#layers[source][key];
      if (value !== undefined) return { source, value };
    }
    const kept = this.#ports[key];
    return kept === undefined ? undefined : { source: 'file', value: kept };
  }
}

function fromFlags(flags: readonly string[]): Values {
  const values: Values = {};
  for (const flag of flags) {
    const at = flag.indexOf('=');
    const key = at < 0 ? flag : flag.slice(0, at);
    if (at < 0) throw bad(key, 'flag', 'say key=value');
    put(values, key, flag.slice(at + 1), 'flag');
  }
  return values;
}

/** SOTTO_NET_ALLOWRESERVED names net.allowReserved: case and dots do not exist there. */
function fromEnvironment(env: ConfigSources['env']): Values {
  const values: Values = {};
  for (const key of SETTING_KEYS) {
    const value = env[PREFIX + key.replaceAll('.', '_').toUpperCase()];
    if (value !== undefined) put(values, key, value, 'environment');
  }
  return values;
}

function fromFile(folder: string, name: string): Values {
  let text: string;
  try {
    text = readFileSync(join(folder, name), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    throw bad(name, 'file', `cannot be read (${code})`);
  }
  const values: Values = {};
  for (const [key, value] of Object.entries(parse(text, name))) put(values, key, value, 'file');
  return values;
}

function parse(text: string, name: string): object {
  try {
    const parsed: unknown = text.length > FILE_BYTES_MAX ? undefined : JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // Told below.
  }
  throw bad(name, 'file', 'it is no JSON object');
}

function put(values: Values, key: string, typed: unknown, source: Source): void {
  if (!isSettingKey(key)) throw bad(key, source, 'there is no such setting');
  if (SECRET.includes(key) && source !== 'file') {
    throw bad(key, source, `others could read it there; say: sotto config set ${key} -`);
  }
  const read = readSetting(key, typed);
  if (!read.ok) throw bad(key, source, read.what);
  values[key] = read.value;
}

function write(folder: string, name: string, values: Values): void {
  writeWhole(join(folder, name), `${JSON.stringify(values, null, 2)}\n`);
}

function bad(key: string, source: Source, what: string): StartFailure {
  return new StartFailure('bad-config', { key, source, what });
}
