/**
 * Workload: two people who write to each other as fast as their vaults let them. Runs under
 * strace. Every reply of a vault is noted in the file `acks` before the next request is made, so
 * that the trace shows what had been promised at each moment.
 *
 *   workload.ts <folder> <FULL|NORMAL> <messages>
 * @module
 */
import { mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { hex, utf8 } from '@sotto/core/base/bytes.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { draft, Person, type Reply } from '@sotto/vault/contract-people.ts';
import { Engine } from '@sotto/vault/engine.ts';
import { openStore } from '@sotto/vault/store.ts';
import { Tables } from '@sotto/vault/tables.ts';

/** Small, so that the log is written back and begun anew many times. */
const CHECKPOINT_PAGES = 100;
/** Messages in flight at once. */
const GROUP_MAX = 24;

/** Both people, with vaults in `alice` and `bob` below the folder. */
export async function people(folder: string, synchronous: 'FULL' | 'NORMAL' = 'FULL') {
  const one = async (name: string, seed: number) => {
    mkdirSync(join(folder, name), { recursive: true });
    const store = await openStore(join(folder, name), undefined, { synchronous });
    const engine = new Engine(new Tables(store.db));
    return { store, person: new Person(vaultOf(engine), seed) };
  };
  return { alice: await one('alice', 10), bob: await one('bob', 20) };
}

function vaultOf(engine: Engine) {
  const unused = () => {
    throw new Error('the workload asks the vault alone');
  };
  return {
    request: (request: Parameters<Engine['request']>[0]) => engine.request(request),
    messages: unused,
    feedAfter: unused,
    unread: unused,
    crash: unused,
    reopen: unused,
    dispose: unused,
  };
}

async function work(folder: string, synchronous: 'FULL' | 'NORMAL', messages: number) {
  const { alice, bob } = await people(folder, synchronous);
  for (const { store } of [alice, bob]) {
    store.db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  }
  const acks = openSync(join(folder, 'acks'), 'w');
  const note = (line: string): void => void writeSync(acks, `${line}\n`);
  const random = new Prng(5);
  const targets = [await bob.person.target()];
  note('start');
  for (let sent = 0; sent < messages;) {
    const group = random.int(1, GROUP_MAX);
    const sealed = await Promise.all(
      Array.from({ length: group }, async (_, i) => {
        const one = draft(`message ${sent + i} ${'x'.repeat(random.int(0, 600))}`);
        const { self } = alice.person;
        const reply = await alice.person.do({ op: 'seal', self, draft: one, targets });
        note(`sealed ${hex(reply.stored.id)}`);
        return reply;
      }),
    );
    await Promise.all(sealed.map((reply) => exchange(alice.person, bob.person, reply, note)));
    sent += group;
    const value = utf8(`${sent}`);
    await alice.person.do({ op: 'put', docs: [{ space: 'record', key: value, value }] });
    note(`put ${sent}`);
  }
}

async function exchange(
  alice: Person,
  bob: Person,
  sealed: Reply<'seal'>,
  note: (line: string) => void,
): Promise<void> {
  const opened = await bob.open(alice, sealed);
  note(`${opened.outcome} ${hex(sealed.stored.id)}`);
  await alice.receipt(bob, sealed);
  note(`delivered ${hex(sealed.stored.id)}`);
}

const [folder, synchronous, messages] = process.argv.slice(2);
if (process.argv[1]?.endsWith('workload.ts')) {
  await work(folder!, synchronous === 'NORMAL' ? 'NORMAL' : 'FULL', Number(messages));
  process.exit(0); // without closing: the end is a cut like any other
}
