/**
 * Trace: what a process did to files, read from the output of `strace -f -xx`.
 *
 * Only what changes a disk is kept, in the order of the calls. Files are known by the path they
 * were opened with.
 * @module
 */

export type DiskEvent =
  | { type: 'create'; path: string }
  | { type: 'write'; path: string; at: number; bytes: Buffer }
  | { type: 'sync'; path: string }
  | { type: 'truncate'; path: string; size: number }
  | { type: 'unlink'; path: string }
  | { type: 'rename'; from: string; to: string };

/** What strace must record; writes in full. */
export const STRACE_ARGUMENTS = [
  '-f',
  '-qq',
  '-xx',
  '-s',
  '1000000',
  '-e',
  'trace=openat,close,write,pwrite64,fsync,fdatasync,ftruncate,unlink,unlinkat,rename,link',
  '-e',
  'signal=none',
];

/** Calls on paths below `folder`, in order. */
export function parseTrace(text: string, folder: string): DiskEvent[] {
  const events: DiskEvent[] = [];
  const open = new Map<number, { path: string; at: number }>();
  for (const call of callsOf(text)) {
    const event = readCall(call, open);
    const path = event && (event.type === 'rename' ? event.from : event.path);
    if (path?.startsWith(folder)) events.push(event!);
  }
  return events;
}

interface Call {
  readonly name: string;
  readonly values: string;
  readonly result: number;
}

/** Whole calls; those that another thread interrupted are put together again. */
function* callsOf(text: string): Generator<Call> {
  const halves = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, thread, rest] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (thread === undefined || rest === undefined) continue;
    const unfinished = /^(.*) <unfinished \.\.\.>$/.exec(rest);
    if (unfinished) {
      halves.set(thread, unfinished[1]!);
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const whole = resumed ? (halves.get(thread) ?? '') + resumed[1]! : rest;
    const call = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(whole);
    if (!call) continue;
    yield { name: call[1]!, values: call[2]!, result: Number(call[3]) };
  }
}

function readCall(
  { name, values, result }: Call,
  open: Map<number, { path: string; at: number }>,
): DiskEvent | undefined {
  if (result < 0) return undefined;
  const file = open.get(Number(/^\d+/.exec(values)?.[0] ?? -1));
  switch (name) {
    case 'openat': {
      const path = stringsOf(values)[0]!.toString();
      open.set(result, { path, at: 0 });
      return /O_TRUNC|O_EXCL/.test(values) ? { type: 'create', path } : undefined;
    }
    case 'close':
      open.delete(Number(values));
      return undefined;
    case 'write':
    case 'pwrite64': {
      if (!file) return undefined;
      const bytes = stringsOf(values)[0]!.subarray(0, result);
      const at = name === 'write' ? file.at : Number(/, (\d+)$/.exec(values)![1]);
      file.at = name === 'write' ? at + result : file.at;
      return { type: 'write', path: file.path, at, bytes };
    }
    case 'fsync':
    case 'fdatasync':
      return file && { type: 'sync', path: file.path };
    case 'ftruncate':
      return file && { type: 'truncate', path: file.path, size: Number(/\d+$/.exec(values)![0]) };
    case 'rename':
    case 'link': {
      const [from, to] = stringsOf(values).map(String);
      return { type: 'rename', from: from!, to: to! };
    }
    default:
      return { type: 'unlink', path: stringsOf(values)[0]!.toString() };
  }
}

/** The byte strings among the arguments of a call. */
function stringsOf(values: string): Buffer[] {
  return [...values.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, text]) =>
    Buffer.from(text!.replaceAll('\\x', ''), 'hex'),
  );
}
