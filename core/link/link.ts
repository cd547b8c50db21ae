/**
 * Link: what two devices share above whatever path carries it just now (LNK-24 to LNK-33).
 *
 *            attach                     path died: gap, bad tag, reset, silence
 *   no path --------> on a path  --------------------------------------------> no path
 *      |                 |  a better path replaces it
 *      | 30 s            | CLOSE, violation
 *      v                 v
 *     down             down
 *
 * Frames are numbered here and sealed by the path. Acknowledgements say that a frame reached the
 * peer's memory; credit says that its consumer is done with it. Every frame carries both.
 *
 * Sans-IO: `handleFrame` and the commands change state; `flush` writes what is due on the path.
 * @module
 */
import { assert } from '../base/assert.ts';
import { earliest, type Random, unit } from '../base/time.ts';
import type { CloseReason, DownReason, Emit, GateKey, LinkId } from './contract.ts';
import { FRAME, type Frame, type FrameType, PING_BYTES } from './frame.ts';
import { type LinkLimits, YOUNG_KEEPALIVE_SHARE, YOUNG_PATH_MS } from './limits.ts';
import type { Established } from './mix.ts';
import type { Path } from './path.ts';
import { Patience } from './patience.ts';
import { Receiver } from './receiver.ts';
import { Sender } from './sender.ts';

const EMPTY = new Uint8Array(0);
/** Frames received before an acknowledgement goes out at once. */
const ACK_FRAMES = 32;

const CLOSE_CODES: Record<CloseReason, number> = {
  closed: 0,
  duplicate: 1,
  replaced: 2,
  protocol: 3,
};

/** Why a link is down whose peer sent this CLOSE. */
export function downReasonOf(close: Frame): DownReason {
  const code = close.content[0];
  if (code === CLOSE_CODES.duplicate) return 'duplicate';
  return code === CLOSE_CODES.replaced ? 'replaced' : 'peer closed';
}

export interface LinkOptions {
  readonly id: LinkId;
  readonly initiator: boolean;
  readonly gate: GateKey;
  readonly established: Established;
  readonly limits: LinkLimits;
  readonly random: Random;
  readonly emit: Emit;
  readonly nowMs: number;
}

/** What a frame means for the one who owns path and link. */
export type Verdict = 'fine' | 'path over' | 'violation' | 'closed';

export class Link {
  readonly id: LinkId;
  readonly initiator: boolean;
  readonly gate: GateKey;
  readonly established: Established;
  readonly #limits: LinkLimits;
  readonly #random: Random;
  readonly #emit: Emit;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  #path: Path | undefined;
  #pathlessSinceMs: number | undefined;
  /** The peer has shown that it made this link too: our START may not have reached it. */
  #isHeard = false;
  #handshakeAtMs: number;
  /** When the peer last said that it has more of ours, or the path began. */
  #ackedAtMs = 0;
  #ackFrames = 0;
  #ackAtMs: number | undefined;
  #keepaliveAtMs: number | undefined;
  /** Since when the path owes an answer, or since the last one while it owes more. */
  #owedSinceMs: number | undefined;
  readonly #patience: Patience;
  #doubted = false;
  #ping: { id: Uint8Array; sentAtMs: number } | undefined;
  /** Content of the newest PING that has no PONG yet. */
  #pongOwed: Uint8Array | undefined;

  constructor(options: LinkOptions) {
    this.id = options.id;
    this.initiator = options.initiator;
    this.gate = options.gate;
    this.established = options.established;
    this.#limits = options.limits;
    this.#random = options.random;
    this.#emit = options.emit;
    this.#sender = new Sender(options.limits);
    this.#receiver = new Receiver(options.limits);
    this.#patience = new Patience(options.limits.doubtMs, options.limits.deadPathMs);
    this.#pathlessSinceMs = options.nowMs;
    this.#handshakeAtMs = options.nowMs;
  }

  get path(): Path | undefined {
    return this.#path;
  }

  /** Number of the frame that we want next: what an attach tells the peer. */
  get expects(): number {
    return this.#receiver.expected;
  }

  /** Frames that wait for the peer's acknowledgement or for a path. */
  get held(): number {
    return this.#sender.held;
  }

  /** Since when the peer has all of it; undefined while some is under way, or there is no path. */
  get idleSinceMs(): number | undefined {
    return this.#path === undefined || this.held > 0 ? undefined : this.#ackedAtMs;
  }

  /** When the present keys want a fresh handshake, and when the link ends without one. */
  get refreshDueMs(): number {
    return this.#handshakeAtMs + this.#limits.refreshMs;
  }

  get staleAtMs(): number {
    return this.#handshakeAtMs + this.#limits.staleMs;
  }

  /** When a link without a path is given up. */
  get noPathDueMs(): number | undefined {
    if (this.#pathlessSinceMs === undefined) return undefined;
    const { noPathMs, unheardMs } = this.#limits;
    return this.#pathlessSinceMs + (this.#isHeard ? noPathMs : Math.min(unheardMs, noPathMs));
  }

  /**
   * Goes on with a path, in place of the one it had, from the frame that the peer expects.
   * @param rttMs of its handshake, where it is not the first.
   * @returns false where the peer expects what it was never sent: it is not the same link to it.
   */
  attach(path: Path, peerExpects: number, nowMs: number, rttMs = 0): boolean {
    if (!this.#sender.rewind(peerExpects)) return false;
    this.#patience.measured(rttMs);
    this.#patience.replaced();
    this.#path = path;
    this.#pathlessSinceMs = undefined;
    this.#handshakeAtMs = path.establishedAtMs;
    this.#ackedAtMs = nowMs;
    this.#ping = undefined;
    this.#pongOwed = undefined;
    this.#settle();
    this.#keepaliveAtMs = this.#nextKeepalive(nowMs);
    // The peer learns at once what came on the old path after our handshake message.
    this.#ackAtMs = nowMs;
    return true;
  }

  /** The path ended. What is not acknowledged waits for the next. */
  detach(nowMs: number): void {
    this.#path = undefined;
    this.#pathlessSinceMs = nowMs;
    this.#settle();
    this.#keepaliveAtMs = undefined;
    this.#ackAtMs = undefined;
  }

  send(body: Uint8Array): boolean {
    return this.#sender.push(body);
  }

  credit(charge: number, nowMs: number): void {
    this.#receiver.credit(charge);
    if (this.#receiver.limitDue && this.#path !== undefined) this.#ackAtMs = nowMs;
  }

  /** Takes one frame of the present path; START is the business of whoever made the path. */
  handleFrame(frame: Frame, nowMs: number): Verdict {
    const path = this.#path;
    assert(path !== undefined, 'frames come by a path');
    this.#isHeard = true;
    const position = this.#sender.acknowledge(frame.ack, frame.limit);
    if (position === undefined) return 'violation';
    if (position > 0) {
      this.#ackedAtMs = nowMs;
      path.acknowledged(position);
    }
    const ping = this.#ping;
    this.#ping = frame.type === FRAME.pong ? this.#pong(frame, nowMs) : ping;
    if (position > 0 || this.#ping !== ping) this.#answered(nowMs);
    else if (!this.#waiting && path.hasRoom()) this.#settle();
    if (this.#sender.takeRoomAgain()) this.#emit({ type: 'writable', link: this.id });
    switch (frame.type) {
      case FRAME.data:
      case FRAME.part:
        return this.#receive(frame, nowMs);
      case FRAME.ping:
        this.#pongOwed = frame.content;
        return 'fine';
      case FRAME.close:
        return 'closed';
      default:
        return 'fine';
    }
  }

  /** Writes what may leave now. */
  flush(nowMs: number): void {
    const path = this.#path;
    if (path === undefined) return;
    let frame = this.#sender.peek();
    while (frame !== undefined && path.hasRoom()) {
      this.#write(path, frame.type, frame.number, frame.content, nowMs);
      this.#sender.wrote(path.written);
      this.#expectAnswer(nowMs);
      frame = this.#sender.peek();
    }
    if (!path.hasRoom()) return this.#expectAnswer(nowMs);
    if (this.#pongOwed !== undefined) {
      const content = this.#pongOwed;
      this.#pongOwed = undefined;
      this.#write(path, FRAME.pong, 0, content, nowMs);
    }
    if (this.#keepaliveAtMs !== undefined && this.#keepaliveAtMs <= nowMs) {
      const id = this.#random(PING_BYTES);
      this.#ping = { id, sentAtMs: nowMs };
      this.#write(path, FRAME.ping, 0, id, nowMs);
      this.#expectAnswer(nowMs);
    }
    if (this.#ackAtMs !== undefined && this.#ackAtMs <= nowMs) {
      this.#write(path, FRAME.ack, 0, EMPTY, nowMs);
    }
  }

  /** The first frame of each direction of a path; what it acknowledges is in the handshake. */
  static writeStart(path: Path, nowMs: number, content: Uint8Array = EMPTY): void {
    path.write({ type: FRAME.start, number: 0, ack: 0, limit: 0, content }, nowMs);
  }

  /** Tells the peer that no link comes of this path. */
  static writeRefusal(path: Path, reason: CloseReason, nowMs: number): void {
    const content = Uint8Array.of(CLOSE_CODES[reason]);
    path.write({ type: FRAME.close, number: 0, ack: 0, limit: 0, content }, nowMs);
  }

  /** Tells the peer that the link ends. */
  writeClose(path: Path, reason: CloseReason, nowMs: number): void {
    this.#write(path, FRAME.close, 0, Uint8Array.of(CLOSE_CODES[reason]), nowMs);
  }

  /** True where the path owes an answer for too long. */
  isPathDead(nowMs: number): boolean {
    return nowMs >= (this.#deadAtMs ?? Infinity);
  }

  /** True once where the path owes an answer for longer than its line explains. */
  takeDoubt(nowMs: number): boolean {
    if (nowMs < (this.#doubtAtMs ?? Infinity)) return false;
    this.#doubted = true;
    this.#patience.ranOut();
    return true;
  }

  /** How long a path that answered a handshake so soon is given to prove itself. */
  proofMs(rttMs: number): number {
    this.#patience.measured(rttMs);
    return this.#patience.ms;
  }

  /** It was given that time and did not. */
  unproven(): void {
    this.#patience.ranOut();
  }

  /** An answer is overdue on this path; another one may be better. */
  get doubted(): boolean {
    return this.#doubted;
  }

  /**
   * Much may have changed unseen: this computer slept, or has other addresses. The path is asked at
   * once, and whatever waited meanwhile is given its full time again.
   */
  wake(nowMs: number): void {
    if (this.#path === undefined) {
      this.#pathlessSinceMs = nowMs;
      return;
    }
    if (this.#owedSinceMs !== undefined) this.#owedSinceMs = nowMs;
    this.#keepaliveAtMs = nowMs;
  }

  wakeAtMs(): number | undefined {
    // A path without room is woken by the stream or found dead; its timers wait.
    const writes = this.#path?.hasRoom() ? earliest(this.#ackAtMs, this.#keepaliveAtMs) : undefined;
    const owed = earliest(this.#doubtAtMs, this.#deadAtMs);
    return earliest(writes, owed, this.noPathDueMs, this.staleAtMs);
  }

  get #deadAtMs(): number | undefined {
    const since = this.#owedSinceMs;
    return since === undefined ? undefined : since + this.#limits.deadPathMs;
  }

  get #doubtAtMs(): number | undefined {
    const since = this.#owedSinceMs;
    return since === undefined || this.#doubted ? undefined : since + this.#patience.ms;
  }

  #receive(frame: Frame, nowMs: number): Verdict {
    const received = this.#receiver.take(frame);
    switch (received.type) {
      case 'gap':
        return 'path over';
      case 'violation':
        return 'violation';
      case 'body':
        this.#emit({
          type: 'message',
          link: this.id,
          body: received.body,
          bytes: received.charge,
        });
        break;
      case 'part':
      case 'repeated':
        break;
    }
    this.#ackFrames++;
    const at = this.#ackFrames >= ACK_FRAMES ? nowMs : nowMs + this.#limits.ackDelayMs;
    this.#ackAtMs = earliest(this.#ackAtMs, at);
    return 'fine';
  }

  #pong(frame: Frame, nowMs: number): { id: Uint8Array; sentAtMs: number } | undefined {
    const ping = this.#ping;
    if (ping === undefined || !ping.id.every((byte, i) => byte === frame.content[i])) return ping;
    const { id: link } = this;
    this.#emit({ type: 'path', link, route: this.#path!.route, rttMs: nowMs - ping.sentAtMs });
    return undefined;
  }

  #write(path: Path, type: FrameType, number: number, content: Uint8Array, nowMs: number): void {
    const [ack, limit] = [this.#receiver.expected, this.#receiver.tellLimit()];
    path.write({ type, number, ack, limit, content }, nowMs);
    this.#ackFrames = 0;
    this.#ackAtMs = undefined;
    this.#keepaliveAtMs = this.#nextKeepalive(nowMs);
  }

  #expectAnswer(nowMs: number): void {
    this.#owedSinceMs ??= nowMs;
  }

  #answered(nowMs: number): void {
    if (this.#owedSinceMs !== undefined) this.#patience.answered(nowMs - this.#owedSinceMs);
    if (this.#doubted) this.#emit({ type: 'path', link: this.id, route: this.#path!.route });
    this.#settle();
    if (this.#waiting) this.#owedSinceMs = nowMs;
  }

  get #waiting(): boolean {
    return this.#ping !== undefined || this.#sender.unacknowledged > 0;
  }

  /** Nothing is owed. */
  #settle(): void {
    this.#owedSinceMs = undefined;
    this.#doubted = false;
  }

  #nextKeepalive(nowMs: number): number {
    const path = this.#path;
    const isYoung = path !== undefined && nowMs - path.establishedAtMs < YOUNG_PATH_MS;
    const share = isYoung && path.route.transport === 'udp' ? YOUNG_KEEPALIVE_SHARE : 1;
    return nowMs + share * this.#limits.keepaliveMs * (0.8 + 0.2 * unit(this.#random));
  }
}
