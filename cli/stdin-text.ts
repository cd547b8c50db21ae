/**
 * Text from standard input, for messages and invites: hostile text stays data, because it
 * travels there and not through a command line (CLI-15).
 * @module
 */
import { failure } from './failure.ts';
import { readStdin } from './streams.ts';

/**
 * Standard input as text: newlines inside stay, one at the end goes.
 * @returns the text, or its size so far where it is longer than `limit` bytes.
 * @throws Failure `unreadable-input` where it is not UTF-8 or cannot be read.
 */
export async function stdinText(
  limit: number,
  signal: AbortSignal,
): Promise<{ text: string } | { bytes: number }> {
  let bytes: Uint8Array;
  try {
    // Two more: a line end that does not count.
    bytes = await readStdin(limit + 2, signal);
  } catch (error) {
    if (signal.aborted) throw failure('interrupted', undefined, error);
    throw failure('unreadable-input', { what: 'Standard input' }, error);
  }
  let end = bytes.length;
  if (bytes[end - 1] === 0x0a) end -= bytes[end - 2] === 0x0d ? 2 : 1;
  if (end > limit) return { bytes: end };
  try {
    const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { text: utf8.decode(bytes.subarray(0, end)) };
  } catch (error) {
    throw failure('unreadable-input', { what: 'Standard input' }, error);
  }
}
