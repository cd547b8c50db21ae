/**
 * The two handshakes of a link: Noise IK, whose keys mix.ts makes a link of, and NNpsk0, which
 * attaches a further path (LNK-9, LNK-34).
 *
 *   prologue of IK            version list hash (32) | role 01 | gate kind | responder's identity
 *                             key (32) | responder's device signing key (32)
 *   prologue of NNpsk0        role 02 | handshake hash of the link's IK (32)
 *   gate kind                 01 direct, 02 invite, 03 circuit, 04 channel, 05 relay
 *
 *   payload of IK 1           bencoded {f: feature bits, i: instance (8), p: caller's bytes,
 *                             s: UDX stream id or 0, v: version list}
 *   payload of IK 2           bencoded {f, i, s, v: chosen version}; unknown keys mean nothing
 *   payload of NNpsk0 1, 2    next frame number expected (6), UDX stream id or 0 (4)
 *
 *   psk                      = KDF(root, "path attach", 01)       root: mix.ts
 *   secret of attach flights = KDF(root, "path attach", 02)
 *   16 attach ids of block b = KDF(root, "path attach", 03 | b (4)), 512 bytes
 *   32 call ids of a path    = KDF(root, "path attach", 04 | its opening), 1,024 bytes
 *
 * `instance` is random per run of the program, so that a peer which lost its links is not taken
 * for one that dials twice (LNK-18).
 * @module
 */
import { assert } from '../base/assert.ts';
import { asBytes, asDict, asInt, asList, decode, encode } from '../base/bencode.ts';
import { concat, readUintBE, uintBE } from '../base/bytes.ts';
import type { Random } from '../base/time.ts';
import { dhPublicKey } from '../crypto/dh.ts';
import { kdf, LABELS } from '../crypto/kdf.ts';
import { Secret } from '../crypto/keys.ts';
import type { GateKind, LinkSelf, LinkTarget } from './contract.ts';
import { PAYLOAD_BYTES_MAX } from './limits.ts';
import { type CipherState, IK, NN_PSK0, NoiseHandshake, type NoiseSplit } from './noise.ts';
import {
  commonFeatures,
  FEATURES_MAX,
  highestCommon,
  isVersionList,
  VERSION_MAX,
  versionListHash,
} from './versions.ts';

export const INSTANCE_BYTES = 8;
const STREAM_ID_MAX = 2 ** 32 - 1;
const ATTACH_PAYLOAD_BYTES = 10;
/** Either message of NNpsk0: ephemeral key, payload, tag. */
export const ATTACH_BYTES = 32 + ATTACH_PAYLOAD_BYTES + 16;
const ROLE_LINK = 1;
const ROLE_ATTACH = 2;
const GATE_KINDS: Record<GateKind, number> = {
  direct: 1,
  invite: 2,
  circuit: 3,
  channel: 4,
  relay: 5,
};

/** What this side brings to every handshake. */
export interface HandshakeDeps {
  readonly random: Random;
  readonly self: LinkSelf;
  readonly versions: readonly number[];
  readonly features: number;
  /** 8 random bytes of this run of the program. */
  readonly instance: Uint8Array;
}

/** Keys of one path, one for each direction. */
export interface PathKeys {
  readonly send: CipherState;
  readonly receive: CipherState;
}

/** From what the attaches of one link are derived. */
export interface AttachRoot {
  readonly root: Secret<'path attach'>;
  readonly hash: Uint8Array;
}

/** Who the peer is, and what the two speak. */
export interface Peer {
  readonly peerNoise: Uint8Array;
  readonly peerInstance: Uint8Array;
  readonly version: number;
  readonly features: number;
}

/** What both ends know after IK: enough to prove themselves, not yet a link (mix.ts). */
export interface Agreed {
  readonly peer: Peer;
  /** Noise's keys: for each side's START, and nothing else. */
  readonly keys: PathKeys;
  /** X: third output of HKDF in Split, from which every later key comes. */
  readonly secret: Secret<'handshake'>;
  /** The transcript hash. */
  readonly hash: Uint8Array;
  /** The peer's UDX stream id, 0 on TCP. */
  readonly remoteId: number;
}

/** One outgoing handshake message with the way to read its answer. */
export interface Opening<Result> {
  readonly message: Uint8Array;
  /** Undefined, and nothing changed, for a message that is not the answer. */
  finish(reply: Uint8Array): Result | undefined;
}

/** Starts IK. @param streamId our UDX stream id, 0 on TCP. */
export function openLink(
  deps: HandshakeDeps,
  target: LinkTarget,
  streamId: number,
  payload: Uint8Array,
): Opening<Agreed> | undefined {
  const noise = new NoiseHandshake(IK, {
    initiator: true,
    prologue: linkPrologue(target.versions, target.gate.kind, target),
    random: deps.random,
    staticSecret: deps.self.noise,
    remoteStatic: target.noise,
  });
  const message = noise.write(
    encode({
      f: deps.features,
      i: deps.instance,
      p: payload,
      s: streamId,
      v: [...deps.versions],
    }),
  );
  if (message === undefined) return undefined;
  return {
    message,
    finish(reply): Agreed | undefined {
      const bytes = noise.done ? undefined : noise.read(reply);
      const hello = bytes && readReplyHello(bytes);
      if (hello === undefined) return undefined;
      // Both ends choose from the same two lists, so anything else is not the peer we know.
      if (hello.version !== highestCommon(deps.versions, target.versions)) return undefined;
      return agree(noise.split(), deps, target.noise, hello, hello.version);
    },
  };
}

/** A first message that decrypted: nothing in it may be acted on yet (LNK-14). */
export interface LinkRequest {
  readonly peerNoise: Uint8Array;
  readonly remoteId: number;
  readonly payload: Uint8Array;
  /** The reply, and the keys that the initiator's first frame must prove. */
  answer(streamId: number): { message: Uint8Array; agreed: Agreed };
}

/** Reads IK's first message; undefined unless it was made for us, through a gate of this kind. */
export function readLinkRequest(
  deps: HandshakeDeps,
  gate: GateKind,
  message: Uint8Array,
): LinkRequest | undefined {
  const noise = new NoiseHandshake(IK, {
    initiator: false,
    prologue: linkPrologue(deps.versions, gate, responderOf(deps.self, gate)),
    random: deps.random,
    staticSecret: deps.self.noise,
  });
  const bytes = noise.read(message);
  const hello = bytes && readHello(bytes);
  if (hello === undefined) return undefined;
  const version = highestCommon(deps.versions, hello.versions);
  if (version === undefined) return undefined;
  const peerNoise = noise.remoteStatic!;
  return {
    peerNoise,
    remoteId: hello.streamId,
    payload: hello.payload,
    answer(streamId) {
      const reply = noise.write(
        encode({ f: deps.features, i: deps.instance, s: streamId, v: version }),
      );
      assert(reply !== undefined, 'a request with a key of low order was never read');
      return {
        message: reply,
        agreed: agree(noise.split(), deps, peerNoise, hello, version),
      };
    },
  };
}

/** What both ends know after an attach: fresh keys, and where the peer wants to go on. */
export interface Attached {
  readonly keys: PathKeys;
  readonly expects: number;
  readonly remoteId: number;
}

/** Starts NNpsk0. @param expects the number of the frame we want next. */
export function openAttach(
  random: Random,
  link: AttachRoot,
  expects: number,
  streamId: number,
): Opening<Attached> {
  const noise = attachNoise(random, link, true);
  // Undefined needs a peer's key, and this is the first message.
  const message = noise.write(attachPayload(expects, streamId))!;
  return {
    message,
    finish(reply): Attached | undefined {
      const bytes = noise.done ? undefined : noise.read(reply);
      return bytes && readAttached(bytes, noise);
    },
  };
}

/** An attach that the link's peer asks for. */
export interface AttachRequest {
  readonly remoteId: number;
  /** The reply with the number of the frame we want next, and the keys of the new path. */
  answer(
    expects: number,
    streamId: number,
  ): { message: Uint8Array; attached: Attached } | undefined;
}

/** Reads NNpsk0's first message; undefined unless this link's peer made it. */
export function readAttachRequest(
  random: Random,
  link: AttachRoot,
  message: Uint8Array,
): AttachRequest | undefined {
  const noise = attachNoise(random, link, false);
  const bytes = noise.read(message);
  if (bytes?.length !== ATTACH_PAYLOAD_BYTES) return undefined;
  const peer = { expects: readUintBE(bytes, 0, 6), remoteId: readUintBE(bytes, 6, 4) };
  return {
    remoteId: peer.remoteId,
    answer(expects, streamId) {
      const reply = noise.write(attachPayload(expects, streamId));
      if (reply === undefined) return undefined;
      return { message: reply, attached: { keys: noise.split(), ...peer } };
    },
  };
}

/** The secret that masks this link's attach flights. */
export function attachFlightSecret(link: AttachRoot): Secret<'attach flight'> {
  return new Secret('attach flight', derive(link, Uint8Array.of(2), 32));
}

/** Attach ids per derivation. */
export const ATTACH_BLOCK_IDS = 16;

/** The 16 openings, 32 bytes each, of block `b`. */
export function attachIds(link: AttachRoot, block: number): Uint8Array[] {
  const bytes = derive(link, concat(Uint8Array.of(3), uintBE(block, 4)), 32 * ATTACH_BLOCK_IDS);
  return cutIds(bytes);
}

/** Call ids per path. */
const CALL_IDS = 32;

/** The 32 openings of a responder's calls, by the opening of the path that it had (LNK-62). */
export function callIds(link: AttachRoot, opening: Uint8Array): Uint8Array[] {
  return cutIds(derive(link, concat(Uint8Array.of(4), opening), 32 * CALL_IDS));
}

function cutIds(bytes: Uint8Array): Uint8Array[] {
  const cut = (_: unknown, i: number): Uint8Array => bytes.slice(32 * i, 32 * i + 32);
  return Array.from({ length: bytes.length / 32 }, cut);
}

/** What relays and their clients speak: who knows a relay's key alone knows no list (RLY-1). */
export const RELAY_VERSIONS: readonly number[] = [1];

/** Who answers at a gate: a relay shows its Noise key, and no identity. */
function responderOf(self: LinkSelf, gate: GateKind): Pick<LinkSelf, 'identity' | 'device'> {
  if (gate !== 'relay') return self;
  const key = dhPublicKey(self.noise.reveal());
  return { identity: key, device: key };
}

function linkPrologue(
  versions: readonly number[],
  gate: GateKind,
  responder: { identity: Uint8Array; device: Uint8Array },
): Uint8Array {
  const kinds = Uint8Array.of(ROLE_LINK, GATE_KINDS[gate]);
  const list = versionListHash(gate === 'relay' ? RELAY_VERSIONS : versions);
  return concat(list, kinds, responder.identity, responder.device);
}

function attachNoise(random: Random, link: AttachRoot, initiator: boolean): NoiseHandshake {
  return new NoiseHandshake(NN_PSK0, {
    initiator,
    prologue: concat(Uint8Array.of(ROLE_ATTACH), link.hash),
    random,
    psks: [new Secret('attach psk', derive(link, Uint8Array.of(1), 32))],
  });
}

function derive(link: AttachRoot, info: Uint8Array, length: number): Uint8Array {
  return kdf(link.root.reveal(), LABELS.pathAttach, info, length);
}

function agree(
  split: NoiseSplit,
  deps: HandshakeDeps,
  peerNoise: Uint8Array,
  hello: { features: number; instance: Uint8Array; streamId: number },
  version: number,
): Agreed {
  const { send, receive, secret, hash } = split;
  const peer = {
    peerNoise,
    peerInstance: hello.instance.slice(),
    version,
    features: commonFeatures(deps.features, hello.features),
  };
  return {
    peer,
    keys: { send, receive },
    secret: new Secret('handshake', secret),
    hash,
    remoteId: hello.streamId,
  };
}

interface Hello {
  features: number;
  instance: Uint8Array;
  streamId: number;
}

function readCommon(bytes: Uint8Array): (Hello & { dict: ReturnType<typeof asDict> }) | undefined {
  const decoded = decode(bytes);
  const dict = decoded.ok ? asDict(decoded.value) : undefined;
  const features = asInt(dict?.['f'], 0, FEATURES_MAX);
  const instance = asBytes(dict?.['i'], INSTANCE_BYTES);
  const streamId = asInt(dict?.['s'], 0, STREAM_ID_MAX);
  if (features === undefined || instance === undefined || streamId === undefined) return undefined;
  return { features, instance, streamId, dict };
}

function readHello(
  bytes: Uint8Array,
): (Hello & { versions: number[]; payload: Uint8Array }) | undefined {
  const common = readCommon(bytes);
  const payload = asBytes(common?.dict?.['p']);
  const list = asList(common?.dict?.['v']);
  const versions = list?.filter((version) => typeof version === 'number');
  if (common === undefined || payload === undefined || versions === undefined) return undefined;
  if (versions.length !== list!.length || !isVersionList(versions)) return undefined;
  return payload.length <= PAYLOAD_BYTES_MAX ? { ...common, versions, payload } : undefined;
}

function readReplyHello(bytes: Uint8Array): (Hello & { version: number }) | undefined {
  const common = readCommon(bytes);
  const version = asInt(common?.dict?.['v'], 1, VERSION_MAX);
  return common && version !== undefined ? { ...common, version } : undefined;
}

function attachPayload(expects: number, streamId: number): Uint8Array {
  return concat(uintBE(expects, 6), uintBE(streamId, 4));
}

function readAttached(bytes: Uint8Array, noise: NoiseHandshake): Attached | undefined {
  if (bytes.length !== ATTACH_PAYLOAD_BYTES) return undefined;
  const [expects, remoteId] = [readUintBE(bytes, 0, 6), readUintBE(bytes, 6, 4)];
  return { keys: noise.split(), expects, remoteId };
}
