/**
 * Path: one attached byte stream, as sealed records with frames inside (LNK-19, LNK-23, LNK-30).
 *
 *   record = sealed length (2 + 16 bytes) | sealed frame (length + 16 bytes)
 *
 * Both parts are Noise transport messages of the path's own keys: the stream keeps them in order,
 * so nonces count and are not sent. Whatever was flipped, cut, inserted, repeated or reordered
 * fails a tag, and the path is over; the link is not.
 *
 *   write: START, then any frame          read: START (or CLOSE), then any frame
 *   both STARTs of a new link -> mixed keys in place of Noise's, for both directions
 *   rekey due -> REKEY record, new key    REKEY record read -> new key
 *
 * Sans-IO: what `write` sealed waits for `takeOutput`; after `feed`, call `next` until undefined.
 * @module
 */
import { assert } from '../base/assert.ts';
import { concat } from '../base/bytes.ts';
import { FRAME_BYTES_MAX } from '../base/limits.ts';
import { TAG_BYTES } from '../crypto/aead.ts';
import type { Route, StreamId } from './contract.ts';
import { decodeFrame, encodeFrame, FRAME, type Frame } from './frame.ts';
import type { PathKeys } from './handshake.ts';
import type { LinkLimits } from './limits.ts';
import type { CipherState } from './noise.ts';

const LENGTH_BYTES = 2;
const SEALED_LENGTH_BYTES = LENGTH_BYTES + TAG_BYTES;
const EMPTY = new Uint8Array(0);

export type PathFault = 'bad tag' | 'bad length' | 'bad frame' | 'no start' | 'key overused';

export class Path {
  readonly stream: StreamId;
  readonly route: Route;
  readonly establishedAtMs: number;
  readonly #limits: LinkLimits;
  readonly #send: Direction;
  readonly #receive: Direction;
  #output: Uint8Array[] = [];
  /** Bytes ever written, and how many of them the stream still holds for all we know. */
  #written = 0;
  #outstanding = 0;
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #partial: { bytes: Uint8Array; filled: number } | undefined;
  /** Length of the frame that comes next; undefined while its sealed length does. */
  #frameBytes: number | undefined;
  #fault: PathFault | undefined;

  constructor(
    stream: StreamId,
    route: Route,
    keys: PathKeys,
    options: { limits: LinkLimits; nowMs: number },
  ) {
    this.stream = stream;
    this.route = route;
    this.establishedAtMs = options.nowMs;
    this.#limits = options.limits;
    this.#send = new Direction(keys.send, options.nowMs);
    this.#receive = new Direction(keys.receive, options.nowMs);
  }

  /** Why no more frames come; the stream is then worth closing. */
  get fault(): PathFault | undefined {
    return this.#fault;
  }

  /** Position after the last written byte: what a frame's acknowledgement frees. */
  get written(): number {
    return this.#written;
  }

  /** True while the stream should be given more. */
  hasRoom(): boolean {
    return this.#outstanding < this.#limits.streamBytes;
  }

  /** The stream's queue is empty. */
  drained(): void {
    this.#outstanding = 0;
  }

  /** The peer acknowledged what was written up to here: the stream does not hold it any more. */
  acknowledged(position: number): void {
    this.#outstanding = Math.min(this.#outstanding, this.#written - position);
  }

  write(frame: Frame, nowMs: number): void {
    const opens = frame.type === FRAME.start || frame.type === FRAME.close;
    assert(this.#send.started || opens, 'START goes first');
    this.#send.started = true;
    if (this.#send.due(this.#limits, nowMs)) {
      this.#seal(encodeFrame({ type: FRAME.rekey, number: 0, ack: 0, limit: 0, content: EMPTY }));
      this.#send.rekey(nowMs);
    }
    this.#seal(encodeFrame(frame));
  }

  /** START went both ways: every further record is under these keys, and the old are no more. */
  replaceKeys(keys: PathKeys, nowMs: number): void {
    assert(this.#send.started && this.#receive.started, 'START goes before its keys');
    this.#send.replace(keys.send, nowMs);
    this.#receive.replace(keys.receive, nowMs);
  }

  /** All bytes sealed since the last call, as one array; undefined if there are none. */
  takeOutput(): Uint8Array | undefined {
    if (this.#output.length === 0) return undefined;
    const bytes = concat(...this.#output);
    this.#output = [];
    return bytes;
  }

  /** Bytes from the stream; all earlier ones have been read by `next`. */
  feed(bytes: Uint8Array): void {
    if (this.#fault !== undefined) return;
    assert(this.#at === this.#chunk.length, 'frames are read before more bytes come');
    this.#chunk = bytes;
    this.#at = 0;
  }

  /** The next frame, or undefined where it is not complete or `fault` says why none comes. */
  next(): Frame | undefined {
    while (this.#fault === undefined) {
      if (this.#frameBytes === undefined) {
        this.#readLength();
        if (this.#frameBytes === undefined) return undefined;
      }
      const sealed = this.#take(this.#frameBytes + TAG_BYTES);
      if (sealed === undefined) return undefined;
      this.#frameBytes = undefined;
      const frame = this.#openFrame(sealed);
      if (frame !== undefined) return frame;
    }
    return undefined;
  }

  /** Overwrites the keys; the path is useless afterwards. */
  wipe(): void {
    this.#send.cipher.wipe();
    this.#receive.cipher.wipe();
    this.#fault ??= 'bad tag';
  }

  #seal(frame: Uint8Array): void {
    const { cipher } = this.#send;
    const length = cipher.encrypt(EMPTY, Uint8Array.of(frame.length >> 8, frame.length & 255));
    const sealed = cipher.encrypt(EMPTY, frame);
    this.#output.push(length, sealed);
    this.#written += length.length + sealed.length;
    this.#outstanding += length.length + sealed.length;
    this.#send.count(sealed.length);
  }

  #readLength(): void {
    const sealed = this.#take(SEALED_LENGTH_BYTES);
    if (sealed === undefined) return;
    const length = this.#receive.cipher.decrypt(EMPTY, sealed);
    if (length === undefined) return this.#fail('bad tag');
    const frameBytes = (length[0]! << 8) | length[1]!;
    if (frameBytes === 0 || frameBytes > FRAME_BYTES_MAX) return this.#fail('bad length');
    this.#frameBytes = frameBytes;
  }

  /** Undefined where the record was REKEY, or `fault` is set. */
  #openFrame(sealed: Uint8Array): Frame | undefined {
    const bytes = this.#receive.cipher.decrypt(EMPTY, sealed);
    if (bytes === undefined) return void this.#fail('bad tag');
    const frame = decodeFrame(bytes);
    if (frame === undefined) return void this.#fail('bad frame');
    const opens = frame.type === FRAME.start;
    if (!this.#receive.started && !opens && frame.type !== FRAME.close) {
      return void this.#fail('no start');
    }
    if (this.#receive.started && opens) return void this.#fail('bad frame');
    this.#receive.started = true;
    this.#receive.count(sealed.length);
    if (frame.type === FRAME.rekey) {
      this.#receive.rekey(0);
      return undefined;
    }
    if (this.#receive.overused(this.#limits)) return void this.#fail('key overused');
    return frame;
  }

  #fail(fault: PathFault): void {
    this.#fault = fault;
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#partial = undefined;
  }

  /** `length` bytes in one piece, once they are there; without a copy where one chunk has all. */
  #take(length: number): Uint8Array | undefined {
    const rest = this.#chunk.length - this.#at;
    if (this.#partial === undefined) {
      if (rest >= length) {
        this.#at += length;
        return this.#chunk.subarray(this.#at - length, this.#at);
      }
      if (rest === 0) return undefined;
      this.#partial = { bytes: new Uint8Array(length), filled: 0 };
    }
    const partial = this.#partial;
    const copied = Math.min(rest, length - partial.filled);
    partial.bytes.set(this.#chunk.subarray(this.#at, this.#at + copied), partial.filled);
    partial.filled += copied;
    this.#at += copied;
    if (partial.filled < length) return undefined;
    this.#partial = undefined;
    return partial.bytes;
  }
}

/** One direction's key and how much it was used. */
class Direction {
  started = false;
  #records = 0;
  #bytes = 0;
  #sinceMs: number;

  constructor(
    public cipher: CipherState,
    nowMs: number,
  ) {
    this.#sinceMs = nowMs;
  }

  replace(cipher: CipherState, nowMs: number): void {
    this.cipher.wipe();
    this.cipher = cipher;
    this.#renewed(nowMs);
  }

  count(bytes: number): void {
    this.#records++;
    this.#bytes += bytes;
  }

  due(limits: LinkLimits, nowMs: number): boolean {
    return (
      this.#records >= limits.rekeyRecords ||
      this.#bytes >= limits.rekeyBytes ||
      (this.#records > 0 && nowMs - this.#sinceMs >= limits.rekeyMs)
    );
  }

  /** A peer that does not renew its key in time: twice the limit leaves room for rounding. */
  overused(limits: LinkLimits): boolean {
    return this.#records > 2 * limits.rekeyRecords || this.#bytes > 2 * limits.rekeyBytes;
  }

  rekey(nowMs: number): void {
    this.cipher.rekey();
    this.#renewed(nowMs);
  }

  #renewed(nowMs: number): void {
    this.#records = 0;
    this.#bytes = 0;
    this.#sinceMs = nowMs;
  }
}
