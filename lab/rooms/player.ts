/**
 * A person in the lab: a data folder, and the release bundles run in a room.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../bars/bar.ts';
import type { Room } from './internet.ts';

const SOTTO = join(ROOT, 'dist', 'sotto.mjs');
export const DHT_PORT = 6881;

export interface PlayerOptions {
  readonly bootstrap?: readonly string[];
  /** More `key=value` settings. */
  readonly settings?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** False where they choose their name themselves, in the app. */
  readonly isNamed?: boolean;
}

export class Player {
  readonly dataDir: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(
    readonly name: string,
    readonly room: Room | undefined,
    folder: string,
    private readonly options: PlayerOptions = {},
  ) {
    this.dataDir = join(folder, name);
    mkdirSync(folder, { recursive: true });
    const env: NodeJS.ProcessEnv = { ...process.env, ...options.env, HOME: folder };
    delete env['XDG_DATA_HOME'];
    this.#env = env;
  }

  /** Runs one `sotto` command; throws with its words where it fails. */
  sotto(...words: string[]): string {
    const { status, stderr, stdout } = this.attempt(...words);
    if (status !== 0) throw new Error(`sotto ${words[0]} (${this.name}): ${stderr.trim()}`);
    return stdout;
  }

  attempt(...words: string[]): { status: number | null; stdout: string; stderr: string } {
    const args = [SOTTO, '--data-dir', this.dataDir, ...words];
    const env = this.#env;
    if (this.room) return this.room.run(process.execPath, args, { env, timeoutMs: 120_000 });
    return spawnSync(process.execPath, args, { encoding: 'utf8', env, timeout: 120_000 });
  }

  /** The `data` of a command's JSON answer. */
  json<T = Record<string, unknown>>(...words: string[]): T {
    const answer = JSON.parse(this.sotto('--json', ...words)) as { data: T };
    return answer.data;
  }

  /** @param more settings of this start alone, `key=value`. */
  start(...more: string[]): void {
    const bootstrap = this.options.bootstrap?.join(',');
    const settings = [
      'net.allowReserved=true',
      ...(this.options.isNamed === false ? [] : [`profile.name=${this.name}`]),
      ...(bootstrap === undefined ? [] : [`dht.bootstrap=${bootstrap}`]),
      ...(this.options.settings ?? []),
      ...more,
    ];
    this.sotto(...settings.flatMap((setting) => ['--set', setting]), 'start');
  }

  stop(): void {
    this.sotto('stop');
  }

  /** The daemon's process id, undefined while none runs. */
  get pid(): number | undefined {
    const file = join(this.dataDir, 'api.json');
    if (!existsSync(file)) return undefined;
    return (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid;
  }

  kill(): void {
    const { pid } = this;
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }
}
