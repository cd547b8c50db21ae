/**
 * Names and limits of the API that a screen needs at run time. Apart from contract.ts, because
 * `sotto` starts faster without loading the schemas.
 * @module
 */
export const API_PREFIX = '/api/v1/';
export const API_VERSION = 1;

/** A text a person writes, in UTF-8 bytes. */
export const TEXT_BYTES_MAX = 32 * 1024;
/** One request body: a text of full length, each byte escaped as \u00xx, and its wrapping. */
export const REQUEST_BYTES_MAX = 6 * TEXT_BYTES_MAX + 4096;
export const MESSAGES_PAGE_MAX = 500;
/** Of the last message of each conversation a list has no more than these UTF-16 units. */
export const LAST_TEXT_CHARS = 256;
/** Messages in one answer of a search. */
export const HITS_MAX = 100;
export const LOG_LINES_MAX = 1000;
export const INVITE_EXPIRES_MS_MIN = 60_000;
export const INVITE_EXPIRES_MS_MAX = 366 * 86_400_000;
export const INVITE_EXPIRES_MS_DEFAULT = 7 * 86_400_000;

/**
 * Environment of a daemon's process, where its C library is glibc: memory that is freed is
 * overwritten, and none is kept back from that. So a locked profile leaves nothing behind.
 */
export const FORGETFUL_MEMORY: Readonly<Record<string, string>> = {
  GLIBC_TUNABLES: 'glibc.malloc.perturb=165:glibc.malloc.tcache_count=0',
};

/** In the profile's folder: where the daemon listens. Mode 0600. */
export const API_FILE = 'api.json';
/** Below the profile's folder: the newest log, one JSON object per line. */
export const LOG_FILE = 'logs/daemon.log';
/** And the one before it. */
export const LOG_FILE_BEFORE = 'logs/daemon.1.log';

/** Settings that the terminal reads from its input and never from its arguments. */
export const SECRET_SETTINGS = ['proxy.password'] as const;
