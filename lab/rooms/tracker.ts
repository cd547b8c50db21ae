/**
 * A room's tracker: Debian's opentracker, which serves the hashes of a list alone. So whatever is
 * asked for is read from the wire and put on that list, as its owner would on request.
 * @module
 */
import type { ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, endCapture, readCapture, type Packet } from '../bars/a3-capture.ts';
import type { Room } from './internet.ts';

const PORT = 6_969;
const LOOK_EVERY_MS = 200;
const HASH_BYTES = 20;
const UDP_ANNOUNCE_BYTES = 98;
const UDP_HASH_AT = 16;

export class RoomTracker {
  readonly #file: string;
  readonly #list: string;
  readonly #program: ChildProcess;
  readonly #tcpdump: ReturnType<typeof capture>;
  readonly #allowed = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  private constructor(
    readonly room: Room,
    folder: string,
  ) {
    const home = join(folder, 'tracker');
    mkdirSync(home);
    // It gives up being root.
    for (const path of [folder, home]) chmodSync(path, 0o755);
    this.#file = join(home, 'seen.pcap');
    this.#list = join(home, 'list');
    const config = join(home, 'config');
    writeFileSync(this.#list, '');
    writeFileSync(config, `access.whitelist /list\ntracker.rootdir ${home}\ntracker.user nobody\n`);
    const filter = `dst host ${room.address} and dst port ${PORT}`;
    this.#tcpdump = capture(room, this.#file, filter);
    const ports = ['-p', String(PORT), '-P', String(PORT)];
    this.#program = room.spawn('opentracker', ['-i', room.address, ...ports, '-f', config]);
    this.#timer = setInterval(() => this.#allow(), LOOK_EVERY_MS);
  }

  static async start(room: Room, folder: string): Promise<RoomTracker> {
    const tracker = new RoomTracker(room, folder);
    await new Promise((done) => tracker.#tcpdump.stderr.once('data', done));
    return tracker;
  }

  url(kind: 'http' | 'udp'): string {
    return `${kind}://${this.room.address}:${PORT}/announce`;
  }

  /** Packets that came to it so far. */
  get packets(): readonly Packet[] {
    return existsSync(this.#file) ? readCapture(this.#file) : [];
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await endCapture(this.#tcpdump);
  }

  /** What was asked for since is served from now on. */
  #allow(): void {
    const before = this.#allowed.size;
    for (const { payload, protocol } of this.packets) {
      const hash = protocol === 'udp' ? hashOfDatagram(payload) : hashOfRequest(payload);
      if (hash !== undefined) this.#allowed.add(hash);
    }
    if (this.#allowed.size === before) return;
    writeFileSync(this.#list, [...this.#allowed].map((hash) => `${hash}\n`).join(''));
    this.#program.kill('SIGHUP');
  }
}

function hashOfDatagram(payload: Buffer): string | undefined {
  if (payload.length !== UDP_ANNOUNCE_BYTES) return undefined;
  return payload.subarray(UDP_HASH_AT, UDP_HASH_AT + HASH_BYTES).toString('hex');
}

function hashOfRequest(payload: Buffer): string | undefined {
  const escaped = /info_hash=([^&]*)/.exec(payload.toString('latin1'))?.[1];
  const plain = escaped?.replace(/%(..)/g, (_, byte: string) => {
    return String.fromCharCode(Number.parseInt(byte, 16));
  });
  const bytes = Buffer.from(plain ?? '', 'latin1');
  return bytes.length === HASH_BYTES ? bytes.toString('hex') : undefined;
}
