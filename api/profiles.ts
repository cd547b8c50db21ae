/**
 * The contract, continued: the lock of the running profile, and the profiles of this computer.
 *
 *   open --lock.now, or nobody at a screen for lock.afterMinutes--> locked --lock.open--> open
 *
 * While locked, `lock.status`, `lock.open`, `lock.now`, `pages.open` and `daemon.stop` answer;
 * everything else is refused with `locked` (423), and the stream of events ends with that refusal
 * as its last line. A passphrase travels in the body of a request only, and comes back in no
 * answer.
 * Spec: docs/spec/local-api.md API-40 to API-46.
 * @module
 */
import * as z from 'zod';
import { PROFILE_NAME } from './which-profile.ts';

const PASSPHRASE_CHARS_MAX = 1024;

const none = z.strictObject({});
const count = z.int().min(0);
/** One line: it can also be given in a file. What is not normalised here is another passphrase. */
const passphrase = z
  .string()
  .min(1)
  .max(PASSPHRASE_CHARS_MAX)
  .regex(/^[^\0\r\n]*$/, 'one line');

export const LockStatus = z.object({
  hasPassphrase: z.boolean(),
  locked: z.boolean(),
  /** It locks itself after so many minutes without a person at any screen. 0: never. */
  afterMinutes: count,
  /** Wrong passphrases that are free before the next pause. */
  triesLeft: count,
  /** While above 0 no passphrase is tried. */
  pauseSeconds: count,
});
export type LockStatus = z.infer<typeof LockStatus>;

export const Profile = z.object({
  name: z.string(),
  /** The one that answers. */
  current: z.boolean(),
  running: z.boolean(),
  /** Of its API, where it runs. */
  port: z.int().min(1).max(65_535).optional(),
  hasPassphrase: z.boolean(),
});
export type Profile = z.infer<typeof Profile>;

export const PROFILE_METHODS = {
  'lock.status': { params: none, result: LockStatus },
  /** Errors: `wrong-passphrase`, `passphrase-pause`. An open profile stays open unasked. */
  'lock.open': { params: z.strictObject({ passphrase }), result: LockStatus },
  /** Answered once the keys are gone. Error: `no-passphrase`. */
  'lock.now': { params: none, result: LockStatus },
  /**
   * Another passphrase, or none without `next`. `current` is needed where there is one, and a
   * wrong one counts as a try. Errors: those of `lock.open`, `passphrase-needed`.
   */
  'lock.set': {
    params: z.strictObject({ current: passphrase.optional(), next: passphrase.optional() }),
    result: LockStatus,
  },
  /** A person is at this screen. Pages say so while keys and pointer move, at most once in 20 s. */
  'lock.touch': { params: none, result: z.object({}) },
  /** By name. Of a daemon whose folder lies elsewhere: only itself. */
  'profiles.list': { params: none, result: z.object({ profiles: z.array(Profile) }) },
  /** Makes its folder and starts nothing. Error: `profile-exists`. */
  'profiles.create': {
    params: z.strictObject({ name: z.string().regex(PROFILE_NAME, 'no name for a profile') }),
    result: Profile,
  },
  /**
   * Starts the profile where it does not run, locked where it has a passphrase, and gives a link
   * that opens its page, once, within a minute. It is another origin. The link is a secret.
   * Error: `no-such-profile`.
   */
  'profiles.open': {
    params: z.strictObject({ name: z.string().regex(PROFILE_NAME, 'no name for a profile') }),
    result: z.object({ url: z.string() }),
  },
} as const;
