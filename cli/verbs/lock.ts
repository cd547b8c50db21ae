/**
 * `lock`, `unlock` and `passphrase set|change|remove`. A passphrase comes from a file, from
 * standard input, or from a person who is asked and sees nothing of it; it goes to the app in the
 * body of a request (CLI-24, CLI-38).
 * @module
 */
import { readFileSync } from 'node:fs';
import type { LockStatus } from '@sotto/api/contract.ts';
import { asFailure, failure, Failure, usage } from '../failure.ts';
import { askHidden } from '../prompt.ts';
import type { Session } from '../session.ts';
import { readStdin } from '../streams.ts';

const TRIES = 3;
const PASSPHRASE_BYTES_MAX = 4096;
const LOCKED = 'Locked. Messages wait with the people who sent them.';
const UNLOCKED = 'Unlocked.';

export interface NewPassphrase {
  readonly newFile?: string;
}

export async function lock(session: Session): Promise<void> {
  tell(session, await session.daemon.call('lock.now', {}), LOCKED);
}

export async function unlock(session: Session): Promise<void> {
  tell(session, await unlocked(session), UNLOCKED);
}

/** Opens the profile of the running app. @throws Failure, the last one where several were wrong. */
export async function unlocked(session: Session): Promise<LockStatus> {
  const status = await session.daemon.call('lock.status', {});
  if (!status.locked) return status;
  const given = session.globals.passphraseFile;
  if (given !== undefined) {
    return session.daemon.call('lock.open', { passphrase: await fromFile(session, given) });
  }
  return asked(session, 'Passphrase: ', (passphrase) =>
    session.daemon.call('lock.open', { passphrase }),
  );
}

export async function set(session: Session, { newFile }: NewPassphrase): Promise<void> {
  const { hasPassphrase } = await session.daemon.call('lock.status', {});
  if (hasPassphrase) {
    throw usage('This profile has a passphrase already.', 'sotto passphrase change');
  }
  const next = await newPassphrase(session, newFile);
  tell(session, await session.daemon.call('lock.set', { next }), 'The passphrase is set.');
}

export async function change(session: Session, { newFile }: NewPassphrase): Promise<void> {
  if (newFile === '-' && session.globals.passphraseFile === '-') {
    throw usage('Standard input can give one passphrase only.');
  }
  await needsPassphrase(session);
  const current = await present(session);
  const next = await newPassphrase(session, newFile);
  const status = await session.daemon.call('lock.set', { current, next });
  tell(session, status, 'The passphrase is changed.');
}

export async function remove(session: Session): Promise<void> {
  await needsPassphrase(session);
  const current = await present(session);
  const status = await session.daemon.call('lock.set', { current });
  tell(session, status, 'There is no passphrase any more.');
}

async function needsPassphrase({ daemon }: Session): Promise<void> {
  const { hasPassphrase } = await daemon.call('lock.status', {});
  if (!hasPassphrase) throw failure('no-passphrase');
}

/** The present passphrase. */
async function present(session: Session): Promise<string> {
  const given = session.globals.passphraseFile;
  if (given !== undefined) return fromFile(session, given);
  if (!session.mayAsk) throw failure('passphrase-needed');
  return askHidden('Passphrase: ');
}

async function newPassphrase(session: Session, file: string | undefined): Promise<string> {
  if (file !== undefined) return fromFile(session, file);
  if (!session.mayAsk) throw failure('new-passphrase-needed');
  session.out.note('Nobody can reset it. Without it and without a backup all is lost.');
  const next = await askHidden('New passphrase: ');
  if (next !== (await askHidden('Once more: '))) {
    throw failure('bad-input', { what: 'the two are not the same' });
  }
  return next;
}

/** Asks a person, again where it is wrong. */
async function asked<T>(
  session: Session,
  question: string,
  use: (passphrase: string) => Promise<T>,
): Promise<T> {
  if (!session.mayAsk) throw failure('passphrase-needed');
  for (let tries = 1; ; tries++) {
    try {
      return await use(await askHidden(question));
    } catch (error) {
      const failed: Failure = asFailure(error);
      if (failed.body.reason !== 'wrong-passphrase' || tries === TRIES) throw failed;
      session.out.note(failed.body.message);
    }
  }
}

/** The first line of a file, or of standard input. */
async function fromFile({ signal }: Session, file: string): Promise<string> {
  const what = file === '-' ? 'Standard input' : 'The passphrase file';
  let bytes: Uint8Array;
  try {
    bytes = file === '-' ? await readStdin(PASSPHRASE_BYTES_MAX, signal) : readFileSync(file);
  } catch (error) {
    throw failure(signal.aborted ? 'interrupted' : 'unreadable-input', { what }, error);
  }
  try {
    const end = bytes.indexOf(0x0a);
    const line = end < 0 ? bytes : bytes.subarray(0, end);
    if (line.length > PASSPHRASE_BYTES_MAX) throw failure('unreadable-input', { what });
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
  } catch (error) {
    throw error instanceof Failure ? error : failure('unreadable-input', { what }, error);
  } finally {
    bytes.fill(0);
  }
}

function tell({ out }: Session, status: LockStatus, words: string): void {
  const { hasPassphrase, locked } = status;
  if (out.look.mode === 'json') out.json(status);
  else if (out.look.mode === 'plain') out.record(locked, hasPassphrase);
  else out.note(words);
}
