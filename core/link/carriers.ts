/**
 * Carriers: every path of this device by its stream, from handshake to end.
 *
 *   open --> unproven --prove--> proven --discard--> gone        what a path sealed leaves by write
 *
 * @module
 */
import { equal } from '../base/bytes.ts';
import type { Emit, Route, StreamId } from './contract.ts';
import { type Carrier, type Proof, wipeProof } from './carrier.ts';
import type { PathKeys } from './handshake.ts';
import type { LinkLimits } from './limits.ts';
import { Link } from './link.ts';
import { Path } from './path.ts';

/** What becomes of a path's stream: gone already, closed after what was written, or cut. */
export type Ending = 'gone' | 'flush' | 'reset';

export class Carriers {
  readonly #emit: Emit;
  readonly #limits: LinkLimits;
  readonly #byStream = new Map<StreamId, Carrier>();
  readonly #unproven = new Set<Carrier>();
  /** Carriers that may have something to write. */
  readonly #dirty = new Set<Carrier>();

  constructor(emit: Emit, limits: LinkLimits) {
    this.#emit = emit;
    this.#limits = limits;
  }

  get size(): number {
    return this.#byStream.size;
  }

  /** Carriers without the peer's START. */
  get unproven(): ReadonlySet<Carrier> {
    return this.#unproven;
  }

  get(stream: StreamId): Carrier | undefined {
    return this.#byStream.get(stream);
  }

  /**
   * What this device has begun with us, and not proved. As a relay's client it shows a key that
   * nobody knows it by: there `host` tells, where it was last.
   */
  arriving(peerNoise: Uint8Array, host?: string): Carrier[] {
    return [...this.#unproven].filter(({ link, path, proof }) => {
      const isArrived = proof?.type === 'arrived';
      const isClient = isArrived && proof.gate.kind === 'relay';
      if (isClient && path.route.endpoint.host === host) return true;
      const peer = isArrived ? proof.agreed.peer : link?.established;
      return peer !== undefined && equal(peer.peerNoise, peerNoise);
    });
  }

  all(): Iterable<Carrier> {
    return this.#byStream.values();
  }

  /** A path after its handshake; the initiator's START proves it to the responder, then back. */
  open(stream: StreamId, route: Route, keys: PathKeys, proof: Proof, nowMs: number): Carrier {
    const path = new Path(stream, route, keys, { limits: this.#limits, nowMs });
    const link = proof.type === 'attach' ? proof.link : undefined;
    const carrier: Carrier = { path, link, proof };
    this.#byStream.set(stream, carrier);
    this.#unproven.add(carrier);
    if (proof.type === 'dialled') Link.writeStart(path, nowMs, proof.offer.encapsulationKey);
    else if (link?.initiator) Link.writeStart(path, nowMs);
    this.#dirty.add(carrier);
    return carrier;
  }

  /** The path counts. What else the same dial began is over. */
  prove(carrier: Carrier, link: Link): void {
    const { proof } = carrier;
    this.#unproven.delete(carrier);
    carrier.proof = undefined;
    carrier.link = link;
    if (proof?.type !== 'arrived') return;
    for (const other of this.arriving(proof.agreed.peer.peerNoise)) {
      const isOfDial = other.proof?.type === 'arrived' && other.proof.gate.id === proof.gate.id;
      if (isOfDial) this.discard(other, 'reset');
    }
  }

  /** Forgets a path. */
  discard(carrier: Carrier, ending: Ending): void {
    const { path, proof } = carrier;
    const { stream } = path;
    const bytes = path.takeOutput();
    if (ending === 'flush' && !isUntaken(carrier)) {
      if (bytes !== undefined) this.#emit({ type: 'stream-write', stream, bytes });
      this.#emit({ type: 'stream-close', stream });
    } else if (ending !== 'gone') {
      this.#emit({ type: 'stream-close', stream, reset: true });
    }
    this.#byStream.delete(stream);
    this.#unproven.delete(carrier);
    this.#dirty.delete(carrier);
    path.wipe();
    if (proof !== undefined) wipeProof(proof);
  }

  /** The path may have something to write. */
  touch(carrier: Carrier): void {
    this.#dirty.add(carrier);
  }

  /** Hands what a path has sealed to its stream. */
  write(carrier: Carrier, nowMs: number): void {
    const { path, link } = carrier;
    if (link?.path === path) link.flush(nowMs);
    const bytes = path.takeOutput();
    if (bytes !== undefined) this.#emit({ type: 'stream-write', stream: path.stream, bytes });
  }

  writeAll(nowMs: number): void {
    for (const carrier of this.#dirty) this.write(carrier, nowMs);
    this.#dirty.clear();
  }
}

/**
 * A reply of ours on UDP that nobody took up: perhaps it went to who never asked. UDX says goodbye
 * again and again until it is answered, but a reset once (LNK-5).
 */
function isUntaken({ link, path, proof }: Carrier): boolean {
  if (path.route.transport !== 'udp') return false;
  return proof?.type === 'arrived' || (proof?.type === 'attach' && link?.initiator === false);
}
