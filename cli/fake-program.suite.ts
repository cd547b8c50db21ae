/**
 * A stand-in for dist/daemon.mjs, as a program: starts, says that it is ready or why not, stops
 * when asked. `--set fake=<how>` chooses what it does.
 * @module
 */
import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorBody, exitCodeOf } from '@sotto/api/errors.ts';
import type { ErrorDetail, ErrorName } from '@sotto/api/errors.ts';
import { FakeDaemon, No, PORT, STATUS } from './fake-daemon.suite.ts';

const PASSPHRASE = 'correct horse';
const args = process.argv.slice(2);
const option = (name: string): string | undefined => args[args.indexOf(name) + 1];
const folder = option('--data-dir')!;
const how = args.find((arg) => arg.startsWith('fake='))?.slice('fake='.length) ?? '';

const isLocked = how === 'locked' && args.includes('--locked');

function refuse(reason: ErrorName, detail?: ErrorDetail): never {
  const error = errorBody(reason, detail);
  writeSync(2, `(node:1) Warning: noise before\n${JSON.stringify({ v: 1, ok: false, error })}\n`);
  process.exit(exitCodeOf(error));
}

if (how === 'crash') throw new TypeError('planted fault');
if (how === 'silent') setInterval(() => undefined, 1000);
else if (how === 'newer') refuse('store-newer');
else if (how === 'denied') refuse('port-denied', { port: 443, key: 'net.port' });
else {
  if (how === 'locked') {
    const file = args.includes('--passphrase-file') ? option('--passphrase-file')! : undefined;
    if (file === undefined && !isLocked) refuse('passphrase-needed');
    const given = file && readFileSync(file === '-' ? 0 : file, 'utf8').trimEnd();
    if (!isLocked && given !== PASSPHRASE) refuse('wrong-passphrase', { tries: 4, pause: 30 });
  }
  const daemon = new FakeDaemon(folder, {
    'status.get': () => {
      if (isLocked) throw new No('locked');
      return { ...STATUS, online: false, helpers: 0, contacts: how === 'new' ? 0 : 1, waiting: 0 };
    },
    'config.get': ({ key }) => {
      const set = args.findLast((arg) => arg.startsWith(`${key}=`));
      return { ...PORT, key, value: set?.slice(key.length + 1) ?? '' };
    },
    'daemon.stop': () => {
      if (how !== 'stuck') setTimeout(() => void daemon.close().then(() => process.exit()), 150);
      return {};
    },
  });
  const port = await daemon.listen();
  writeFileSync(join(folder, 'argv.json'), JSON.stringify([args, process.cwd()]));
  process.stdout.write(`${JSON.stringify({ v: 1, ok: true, data: { pid: process.pid, port } })}\n`);
}
