/**
 * What leaves a room for anywhere but its proxy, of both families: nothing may.
 * @module
 */
import { capture, endCapture, type Packet, readCapture } from './bars/a3-capture.ts';
import type { Room } from './rooms/internet.ts';

/** Contacts dial what is not there any more, and the kernel refuses: no word of ours. */
const REFUSED = '(tcp[tcpflags] & tcp-rst != 0) or (ip6[6] = 6 and ip6[53] & 4 != 0)';

/**
 * Captures from now on what a room sends past a proxy.
 * @param proxy address of the proxy.
 * @param file the capture goes there.
 * @returns ends that, and gives what was captured.
 */
export async function watchPast(
  room: Room,
  proxy: string,
  file: string,
): Promise<() => Promise<Packet[]>> {
  const past = `not dst host ${proxy} and not (${REFUSED})`;
  const tcpdump = capture(room, file, '-Q', 'out', past);
  await new Promise((done) => tcpdump.stderr.once('data', done));
  return async () => {
    await endCapture(tcpdump);
    return readCapture(file);
  };
}
