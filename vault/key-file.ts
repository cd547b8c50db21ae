/**
 * Key file: the 32 bytes that open the vault, or what a passphrase turns into them (VLT-22).
 *
 *   sotto vault key 1             sotto vault key 1
 *   raw <hex of 32 bytes>         argon2id <passes> <memory in KiB> <hex salt of 16 bytes>
 *   check <hex of 8 bytes>        sealed <hex of nonce, 32 bytes, tag>
 *                                 check <hex of 8 bytes>
 *
 * The check is over the lines before it: a damaged file is told from a wrong passphrase. Behind a
 * passphrase the vault key itself is random and only wrapped, so a new passphrase rewrites this
 * file and not the vault.
 * @module
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fromHex, hex, utf8 } from '@sotto/core/base/bytes.ts';
import { open, seal } from '@sotto/core/crypto/aead.ts';
import { kdf, LABELS, labelledHash } from '@sotto/core/crypto/kdf.ts';
import { SALT_BYTES, stretch, type StretchCost } from '@sotto/core/crypto/passphrase.ts';
import { randomBytes } from './random.ts';
import { VaultRefusedError } from './refusal.ts';

export const VAULT_KEY_BYTES = 32;
/** What a new passphrase costs: 79 ms on one core of 2026. */
export const PASSPHRASE_COST: StretchCost = { passes: 3, memoryBytes: 64 * 1024 * 1024 };
/** A file cannot make us spend more than this. */
const MEMORY_KIB_MAX = 1024 * 1024;
const PASSES_MAX = 64;
const KEY_FILE_BYTES_MAX = 4096;
const HEADER = 'sotto vault key 1';

type KeyFile =
  | { kind: 'raw'; key: Uint8Array }
  | { kind: 'sealed'; cost: StretchCost; salt: Uint8Array; sealed: Uint8Array };

/** Text of a key file that holds `key`, wrapped where there is a passphrase. */
async function encodeKeyFile(key: Uint8Array, passphrase: Uint8Array | undefined): Promise<string> {
  const lines = [HEADER];
  if (passphrase) {
    const salt = randomBytes(SALT_BYTES);
    const { passes, memoryBytes } = PASSPHRASE_COST;
    const wrapping = await wrappingKey(passphrase, salt, PASSPHRASE_COST);
    lines.push(`argon2id ${passes} ${memoryBytes / 1024} ${hex(salt)}`);
    lines.push(`sealed ${hex(seal(wrapping, key, randomBytes))}`);
    wrapping.fill(0);
  } else {
    lines.push(`raw ${hex(key)}`);
  }
  return `${lines.join('\n')}\ncheck ${checkOf(lines)}\n`;
}

function decodeKeyFile(text: string): KeyFile | undefined {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines[0] !== HEADER) return undefined;
  if (lines.pop() !== `check ${checkOf(lines)}`) return undefined;
  const raw = /^raw ([0-9a-f]{64})$/.exec(lines[1] ?? '');
  if (raw && lines.length === 2) return { kind: 'raw', key: fromHex(raw[1]!)! };
  const cost = /^argon2id (\d{1,3}) (\d{1,9}) ([0-9a-f]{32})$/.exec(lines[1] ?? '');
  const sealed = /^sealed ([0-9a-f]{120})$/.exec(lines[2] ?? '');
  if (!cost || !sealed || lines.length !== 3) return undefined;
  const passes = Number(cost[1]);
  const memoryKib = Number(cost[2]);
  if (passes < 1 || passes > PASSES_MAX || memoryKib > MEMORY_KIB_MAX) return undefined;
  return {
    kind: 'sealed',
    cost: { passes, memoryBytes: memoryKib * 1024 },
    salt: fromHex(cost[3]!)!,
    sealed: fromHex(sealed[1]!)!,
  };
}

function checkOf(lines: readonly string[]): string {
  return hex(labelledHash(LABELS.vaultKey, utf8(lines.join('\n'))).subarray(0, 8));
}

async function wrappingKey(passphrase: Uint8Array, salt: Uint8Array, cost: StretchCost) {
  const stretched = await stretch(passphrase, salt, cost);
  const key = kdf(stretched, LABELS.vaultPassphrase);
  stretched.fill(0);
  return key;
}

/** Does a key file want a passphrase? False where there is no key file, or none that is whole. */
export function wantsPassphrase(path: string): boolean {
  return existsSync(path) && readFile(path)?.kind === 'sealed';
}

/** Reads the vault key. @throws VaultRefusedError; file system errors as they are. */
export async function readKeyFile(
  path: string,
  passphrase: Uint8Array | undefined,
): Promise<Uint8Array> {
  const file = readFile(path);
  if (!file) throw new VaultRefusedError('damaged key');
  if (file.kind === 'raw') return file.key;
  if (!passphrase) throw new VaultRefusedError('passphrase needed');
  const wrapping = await wrappingKey(passphrase, file.salt, file.cost);
  const key = open(wrapping, file.sealed);
  wrapping.fill(0);
  if (!key) throw new VaultRefusedError('wrong passphrase');
  return key;
}

/** Writes a new key file, on disk when it returns. @throws where one is there already. */
export async function createKeyFile(
  path: string,
  key: Uint8Array,
  passphrase: Uint8Array | undefined,
): Promise<void> {
  const partial = writePartial(path, await encodeKeyFile(key, passphrase));
  try {
    linkSync(partial, path); // unlike a rename, never replaces
  } finally {
    rmSync(partial);
  }
  syncFolder(dirname(path));
}

/**
 * Gives the vault another passphrase, or none. The vault itself stays as it is. The file is
 * replaced whole, and then the old one is overwritten, for it may hold the key as it is.
 */
export async function changePassphrase(
  path: string,
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
): Promise<void> {
  const key = await readKeyFile(path, before);
  const text = await encodeKeyFile(key, after).finally(() => key.fill(0));
  const old = openSync(path, 'r+');
  try {
    renameSync(writePartial(path, text), path);
    syncFolder(dirname(path));
    overwrite(old);
  } finally {
    closeSync(old);
  }
}

/** Removes what a change of the passphrase leaves that was killed before its end. */
export function discardPartial(path: string): void {
  const partial = `${path}.partial`;
  let file: number;
  try {
    file = openSync(partial, 'r+');
  } catch {
    return;
  }
  try {
    // A second name is that of the key file itself: `createKeyFile` was killed.
    if (fstatSync(file).nlink === 1) overwrite(file);
  } finally {
    closeSync(file);
  }
  rmSync(partial, { force: true });
}

function readFile(path: string): KeyFile | undefined {
  const bytes = readFileSync(path);
  return bytes.length <= KEY_FILE_BYTES_MAX ? decodeKeyFile(bytes.toString()) : undefined;
}

/** As far as the disk overwrites in place at all: flash and copy-on-write file systems do not. */
function overwrite(file: number): void {
  try {
    writeSync(file, new Uint8Array(fstatSync(file).size), 0, null, 0);
    fsyncSync(file);
  } catch {
    // No room for a copy: what is removed is removed all the same.
  }
}

function writePartial(path: string, text: string): string {
  const partial = `${path}.partial`;
  rmSync(partial, { force: true });
  const file = openSync(partial, 'wx', 0o600);
  try {
    chmodSync(partial, 0o600); // whatever the umask says
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return partial;
}

/** Makes names created or replaced in a folder survive a power cut. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
