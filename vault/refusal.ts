/**
 * Why a vault does not open, as closed codes, and how SQLite's errors map to them (VLT-23).
 *
 * Whatever the reason, nothing on disk is overwritten: what a newer version, another key or a
 * repair tool could still read stays as it is.
 * @module
 */
import type { VaultFault } from '@sotto/core/base/vault.ts';

export type OpenRefusal =
  | 'newer schema' // written by a newer version of Sotto
  | 'damaged' // not a vault, a wrong key, or pages that do not verify
  | 'damaged key' // the key file is no key file
  | 'key missing' // a vault without its key file
  | 'vault missing' // a key file without its vault
  | 'passphrase needed'
  | 'wrong passphrase'
  | 'locked' // another process has it open
  | 'no space'
  | 'disk error'
  | 'sqlite too old';

const SENTENCES: Record<OpenRefusal, string> = {
  'newer schema': 'the vault was written by a newer version',
  damaged: 'the vault file is damaged, or its key belongs to another vault',
  'damaged key': 'the key file is damaged',
  'key missing': 'the vault is there but its key file is missing',
  'vault missing': 'the key file is there but its vault is missing',
  'passphrase needed': 'the vault needs its passphrase',
  'wrong passphrase': 'the passphrase does not open this vault',
  locked: 'another process has the vault open',
  'no space': 'the disk is full',
  'disk error': 'the disk does not read or write',
  'sqlite too old': 'this SQLite is older than the vault allows',
};

/** Thrown by `openVault`: what was refused, without paths or keys. */
export class VaultRefusedError extends Error {
  override readonly name = 'VaultRefusedError';

  constructor(readonly code: OpenRefusal) {
    super(SENTENCES[code]);
  }
}

/** SQLite's or the file system's code of an error, such as 'SQLITE_FULL'; '' for other errors. */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** The refusal behind an error of opening; undefined where it is our bug. */
export function refusalOf(error: unknown): OpenRefusal | undefined {
  if (error instanceof VaultRefusedError) return error.code;
  const code = errorCode(error);
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) return 'damaged';
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'locked';
  return diskFault(code);
}

/** The fault of a request that SQLite did not carry out; undefined where it is our bug. */
export function faultOf(error: unknown): VaultFault | undefined {
  const code = errorCode(error);
  return /^SQLITE_(NOTADB|CORRUPT|BUSY)/.test(code) ? 'disk error' : diskFault(code);
}

function diskFault(code: string): 'no space' | 'disk error' | undefined {
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT|EFBIG)/.test(code)) return 'no space';
  const disk =
    /^(SQLITE_(IOERR|READONLY|CANTOPEN|PERM|AUTH)|EIO|EROFS|EACCES|EPERM|ENOTDIR|EISDIR)/;
  return disk.test(code) ? 'disk error' : undefined;
}
