/**
 * The ends of stdin, stdout and the process: who reads us may leave early, and Ctrl-C comes at
 * any time (CLI-12).
 * @module
 */
export const INTERRUPTED_EXIT = 130;

/** A reader that has gone (`sotto read ana | head -1`) is no error; there is nobody to tell. */
export function handleStreamEnds(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  process.stderr.on('error', () => undefined);
}

/**
 * A signal that is aborted at the first Ctrl-C, so that a verb can say what it leaves behind.
 * The second one ends the process at once.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED_EXIT);
    controller.abort();
  });
  return controller.signal;
}

/**
 * Standard input to its end, or until it has more than `limit` bytes: then limit + 1 of them.
 * @throws the signal's reason
 */
export async function readStdin(limit: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  signal.throwIfAborted();
  const leave = (): void => void process.stdin.destroy(signal.reason as Error);
  signal.addEventListener('abort', leave, { once: true });
  try {
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) break;
    }
  } finally {
    signal.removeEventListener('abort', leave);
  }
  return Buffer.concat(chunks).subarray(0, limit + 1);
}
