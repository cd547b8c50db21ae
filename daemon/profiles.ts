/**
 * The profiles of this user: the folders beside that of the profile this daemon serves. A daemon
 * whose folder lies elsewhere, because a person named it, knows itself only (API-44 to API-46).
 *
 *   $XDG_DATA_HOME/sotto/<name>/     a profile, where the name is one and the folder is ours
 * @module
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Client } from '@sotto/api/client.ts';
import { ApiError } from '@sotto/api/client.ts';
import { API_FILE, ApiFile } from '@sotto/api/contract.ts';
import type { Profile } from '@sotto/api/contract.ts';
import { isErrorName } from '@sotto/api/errors.ts';
import { PROFILE_NAME } from '@sotto/api/which-profile.ts';
import { hasPassphrase } from '@sotto/vault/vault.ts';
import { API_HOST, Refusal } from './api-server.ts';
import { dataFolderPath } from './data-folder.ts';
import { holderOf } from './lock.ts';

export const PROFILES_MAX = 64;
const OPEN_MS = 10_000;
/** Another start of the same profile is under way: its api.json comes in a moment. */
const READY_MS = 10_000;
const LOOK_EVERY_MS = 50;
const FILE_BYTES_MAX = 4096;

/** Starts the daemon of a folder, and resolves when it is ready. @throws Refusal */
export type Launch = (folder: string) => Promise<void>;

export interface ProfilesParts {
  /** Of the profile that is served. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly launch: Launch;
}

export class Profiles {
  readonly #own: string;
  /** Where all profiles are; undefined where ours is not among them. */
  readonly #base: string | undefined;
  readonly #launch: Launch;

  constructor({ env, folder, launch }: ProfilesParts) {
    this.#own = folder;
    this.#launch = launch;
    const profile = basename(folder);
    const isNamed = PROFILE_NAME.test(profile);
    const usual = isNamed ? dataFolderPath({ profile }, env) : undefined;
    this.#base = usual === folder ? dirname(folder) : undefined;
  }

  /** By name, ours among them. */
  async list(): Promise<Profile[]> {
    const folders = this.#base === undefined ? [this.#own] : profileFolders(this.#base);
    if (!folders.includes(this.#own)) folders.push(this.#own);
    return Promise.all(folders.map((folder) => this.#look(folder)));
  }

  /** @throws Refusal */
  async create(name: string): Promise<Profile> {
    if (this.#base === undefined) throw elsewhere();
    if (profileFolders(this.#base).length >= PROFILES_MAX) {
      throw new Refusal('bad-input', { what: `there are ${PROFILES_MAX} profiles already` });
    }
    const folder = join(this.#base, name);
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') throw new Refusal('profile-exists', { name });
      throw new Refusal(code === 'ENOSPC' || code === 'EDQUOT' ? 'no-space' : 'disk-error');
    }
    return this.#look(folder);
  }

  /** @returns a link that opens its page. @throws Refusal */
  async open(name: string): Promise<string> {
    const folder = this.#folderOf(name);
    let api = await runningApi(folder);
    if (!api) {
      try {
        await this.#launch(folder);
      } catch (error) {
        // Another was faster, and is ready in a moment.
        if (!(error instanceof Refusal) || error.reason !== 'already-running') throw error;
      }
      api = await awaitApi(folder);
    }
    const reach = { url: `http://${API_HOST}:${api.port}`, token: api.token };
    const client = new Client(() => reach);
    try {
      const signal = AbortSignal.timeout(OPEN_MS);
      return (await client.call('pages.open', {}, { signal })).url;
    } catch (error) {
      if (error instanceof ApiError && isErrorName(error.body.reason)) {
        throw new Refusal(error.body.reason, error.body.detail);
      }
      throw new Refusal('no-answer');
    }
  }

  #folderOf(name: string): string {
    if (name === basename(this.#own)) return this.#own;
    const folders = this.#base === undefined ? [] : profileFolders(this.#base);
    const found = folders.find((folder) => basename(folder) === name);
    if (found === undefined) throw new Refusal('no-such-profile', { name });
    return found;
  }

  async #look(folder: string): Promise<Profile> {
    const api = await runningApi(folder);
    return {
      name: basename(folder),
      current: folder === this.#own,
      running: api !== undefined,
      ...(api ? { port: api.port } : {}),
      hasPassphrase: hasPassphrase(folder),
    };
  }
}

/** Folders of this user whose names are those of profiles; no links, by name. */
function profileFolders(base: string): string[] {
  const names = readdirSync(base).filter((name) => PROFILE_NAME.test(name));
  return names
    .sort()
    .map((name) => join(base, name))
    .filter((path) => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      const isOurs = !process.getuid || found?.uid === process.getuid();
      return found?.isDirectory() === true && isOurs;
    })
    .slice(0, PROFILES_MAX);
}

/**
 * How to reach the daemon of a folder. The process that its file names must hold the folder's
 * lock: another program may have got the number and the port of one that was killed, and must
 * not get the token.
 */
async function runningApi(folder: string): Promise<ApiFile | undefined> {
  const api = readApiFile(folder);
  if (!api) return undefined;
  return (await holderOf(folder)) === api.pid ? api : undefined;
}

async function awaitApi(folder: string): Promise<ApiFile> {
  const giveUpAtMs = performance.now() + READY_MS;
  for (;;) {
    const api = await runningApi(folder);
    if (api) return api;
    if (performance.now() > giveUpAtMs) throw new Refusal('no-answer');
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
}

function readApiFile(folder: string): ApiFile | undefined {
  try {
    const text = readFileSync(join(folder, API_FILE), 'utf8');
    const read = ApiFile.safeParse(text.length > FILE_BYTES_MAX ? undefined : JSON.parse(text));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}

function elsewhere(): Refusal {
  const what = 'this profile lies in a folder of its own, apart from the others';
  return new Refusal('bad-input', { what });
}
