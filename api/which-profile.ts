/**
 * Which profile a command line means: one rule for the terminal and for the app that it starts.
 *
 *   --data-dir DIR    the folder of one profile    SOTTO_DATA_DIR
 *   --profile NAME    by its name                  SOTTO_PROFILE, else `default`
 *
 * A flag wins over the environment, in which an empty variable says nothing. An empty flag is a
 * mistake: as a path it would be the folder in which somebody happens to be.
 * Spec: docs/spec/cli.md CLI-14.
 * @module
 */

/** Letters, digits, - and _; the first is a letter or a digit. */
export const PROFILE_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/i;
const DEFAULT_PROFILE = 'default';

export interface ProfileFlags {
  readonly dataDir?: string | undefined;
  readonly profile?: string | undefined;
}

export type WhichProfile =
  /** The folder as it was given. */
  | { readonly dataDir: string }
  | { readonly profile: string }
  /** A sentence: why it means none. */
  | { readonly mistake: string };

export function whichProfile(
  { dataDir, profile }: ProfileFlags,
  env: Readonly<Record<string, string | undefined>>,
): WhichProfile {
  if (dataDir !== undefined && profile !== undefined) {
    return { mistake: '--data-dir names the folder of one profile, so --profile says nothing.' };
  }
  if (dataDir === '') return { mistake: '--data-dir needs a folder.' };
  const folder = dataDir ?? (profile === undefined ? env['SOTTO_DATA_DIR'] : undefined);
  if (folder) return { dataDir: folder };
  const name = profile ?? (env['SOTTO_PROFILE'] || DEFAULT_PROFILE);
  if (PROFILE_NAME.test(name)) return { profile: name };
  const what = 'letters, digits, - and _, at most 32';
  return { mistake: `"${name}" is no name for a profile: ${what}.` };
}
