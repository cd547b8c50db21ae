/**
 * A disk that is really full: a small file system of our own, filled to the brim. Needs root.
 * @module
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { VaultReply } from '@sotto/core/base/vault.ts';
import { CONVERSATION, draft } from '@sotto/vault/contract-people.ts';
import type { VaultReader } from '@sotto/vault/reader.ts';
import { openVault, type Vault } from '@sotto/vault/vault.ts';

const DISK_BYTES = 4 * 1024 * 1024;
const BALLAST_BYTES = 1024 * 1024;
const WRITES_MAX = 1000;

const self = { identity: new Uint8Array(32).fill(1), device: new Uint8Array(32).fill(2) };

function write(vault: Vault, text: string): Promise<VaultReply> {
  return vault.request({ op: 'seal', self, draft: draft(text), targets: [] });
}

function texts(reader: VaultReader): number {
  let count = 0;
  for (let since = 0; ;) {
    const page = reader.messages({ conversation: CONVERSATION, since, limit: 500 });
    if (page.length === 0) return count;
    count += page.length;
    since = page.at(-1)!.cursor;
  }
}

test('[VLT-26] a disk that runs full loses nothing, and a little room is enough', async () => {
  const disk = mkdtempSync(join(tmpdir(), 'sotto-full-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'sotto', disk]);
  try {
    const ballast = join(disk, 'ballast');
    writeFileSync(ballast, new Uint8Array(BALLAST_BYTES));
    let vault = await openVault({ folder: disk });
    let kept = 0;
    let last: VaultReply = { op: 'failed', reason: 'closed' };
    for (let i = 0; i < WRITES_MAX; i++) {
      last = await write(vault, 'x'.repeat(8000));
      if (last.op !== 'seal') break;
      kept++;
    }
    assert.deepEqual(last, { op: 'failed', reason: 'no space' });
    assert.ok(kept > 10, `${kept} were written before`);
    assert.equal((await write(vault, 'x'.repeat(8000))).op, 'failed');
    assert.equal(texts(vault.reader()), kept);

    rmSync(ballast);
    for (let i = 0; i < 20; i++) {
      const reply = await write(vault, 'there is room again');
      assert.equal(reply.op, 'seal');
      if (reply.op === 'seal') assert.equal(reply.stored.event.sequence, kept + i + 1);
    }
    await vault.close();
    vault = await openVault({ folder: disk });
    assert.equal(texts(vault.reader()), kept + 20);
    await vault.close();
  } finally {
    execFileSync('umount', [disk]);
    rmdirSync(disk);
  }
});
