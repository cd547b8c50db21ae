/**
 * What a verb works with: where to print, whom to ask, how long to wait.
 * @module
 */
import { Daemon } from './daemon.ts';
import { lookOf, mayAsk, timeoutOf } from './globals.ts';
import type { Globals } from './globals.ts';
import { Output } from './output.ts';
import { profileFolder } from './profile.ts';

export interface Session {
  readonly out: Output;
  readonly daemon: Daemon;
  readonly globals: Globals;
  /** Folder of the profile, absolute. */
  readonly folder: string;
  /** What the person gave with --timeout. */
  readonly timeoutMs: number | undefined;
  readonly mayAsk: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** @throws Failure `usage` */
export function openSession(globals: Globals, signal: AbortSignal): Session {
  const out = new Output(lookOf(globals, process.env));
  const folder = profileFolder(globals, process.env);
  const timeoutMs = timeoutOf(globals);
  const daemon = new Daemon({ folder, timeoutMs, signal, debug: (text) => out.debug(text) });
  return { out, daemon, globals, folder, timeoutMs, mayAsk: mayAsk(globals), signal };
}
