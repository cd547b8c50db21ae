import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { uintBE } from '@sotto/core/base/bytes.ts';
import { OUTBOX_MESSAGES_MAX } from '@sotto/core/base/limits.ts';
import { openStore } from './store.ts';
import { temporaryFolder } from './testing.ts';
import { openVault } from './vault.ts';

const CONTACTS = 12;

/** A vault in which as much waits as may, for each of a dozen contacts. */
async function fullOutboxes(folder: string): Promise<void> {
  const store = await openStore(folder);
  const { db } = store;
  const addConversation = db.prepare('INSERT INTO conversations (conversation) VALUES (?)');
  const addDevice = db.prepare('INSERT INTO devices (device) VALUES (?)');
  const addEvent = db.prepare(
    'INSERT INTO events (event, conversation, author, sequence, kind, bytes, stored_ms, ours, ' +
      "held, applied, state, waiting) VALUES (?, ?, ?, ?, 'text', x'00', 0, 1, 0, 1, 0, 1)",
  );
  const addRow = db.prepare('INSERT INTO outbox (event, device, bytes) VALUES (?, ?, 300)');
  db.transaction(() => {
    for (let contact = 1; contact <= CONTACTS; contact++) {
      addConversation.run(wide(contact, 16));
      addDevice.run(wide(contact, 32));
      for (let n = 1; n <= OUTBOX_MESSAGES_MAX; n++) {
        const id = wide(contact * OUTBOX_MESSAGES_MAX + n, 16);
        const row = addEvent.run(id, contact, contact, n).lastInsertRowid;
        addRow.run(row, contact);
      }
    }
  })();
  store.close();
}

function wide(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(uintBE(value, 6), size - 6);
  return bytes;
}

test('[VLT-11] a vault starts with a full outbox for each of a dozen contacts', async () => {
  const folder = temporaryFolder();
  await fullOutboxes(folder);
  const vault = await openVault({ folder });
  const reply = await vault.request({ op: 'load' });
  const waiting = reply.op === 'load' ? reply.loaded.waiting : [];
  expect(waiting.map(({ events }) => events.length)).toEqual(
    Array.from({ length: CONTACTS }, () => OUTBOX_MESSAGES_MAX * 16),
  );
  expect(waiting[0]!.conversation).toEqual(wide(1, 16));
  expect(waiting[0]!.events.subarray(0, 16)).toEqual(wide(OUTBOX_MESSAGES_MAX + 1, 16));
  await vault.close();
  rmSync(folder, { recursive: true });
}, 120_000);
