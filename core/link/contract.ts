/**
 * What goes in and out of the link layer: gates, targets, routes and outputs.
 * @module
 */
import type { Endpoint } from '../base/endpoint.ts';
import type { Random } from '../base/time.ts';
import type { GateSecret, NoiseSecret, Secret } from '../crypto/keys.ts';
import type { LinkLimits } from './limits.ts';

/** A reliable ordered byte stream that the driver keeps. We dial even numbers, it accepts odd. */
export type StreamId = number;
export type StreamTransport = 'tcp' | 'udx' | 'circuit';
export type LinkId = number;
/** The caller's name for one dial. */
export type DialId = number;

/** Which door a first flight knocks at; the kind is part of what the handshake binds. */
export type GateKind = 'direct' | 'invite' | 'circuit' | 'channel' | 'relay';

export interface GateKey {
  /** Names the gate and its replay set; a renewed secret is a new gate. */
  readonly id: string;
  readonly kind: GateKind;
  /** 32 random bytes. Keep one object per secret: derived keys are cached with it. */
  readonly secret: GateSecret;
}

/** The device to reach. All keys are 32 bytes, from its certificate. */
export interface LinkTarget {
  readonly identity: Uint8Array;
  readonly device: Uint8Array;
  readonly noise: Uint8Array;
  /** Its version list as its record or invite shows it. */
  readonly versions: readonly number[];
  readonly gate: GateKey;
}

/** This device. */
export interface LinkSelf {
  readonly identity: Uint8Array;
  readonly device: Uint8Array;
  readonly noise: NoiseSecret;
}

export interface Route {
  readonly transport: 'udp' | 'tcp' | 'circuit';
  /** Of a circuit: its relay's. */
  readonly endpoint: Endpoint;
  /** Of a circuit that we may open. */
  readonly via?: Via | undefined;
}

/** Through which relay, and to whom there. */
export interface Via {
  /** The relay's Noise key, 32 bytes. */
  readonly relay: Uint8Array;
  /** What opens a circuit to the peer, 20 bytes. */
  readonly slot: Uint8Array;
  /** Does it listen on UDP, on TCP? */
  readonly udp: boolean;
  readonly tcp: boolean;
  /** On TCP port 443 as well? */
  readonly web?: true | undefined;
  /** The relay is not to see our address either: through one of ours first. */
  readonly isHidden?: true;
}

/** When the first flights of a dial leave on UDP; without one, by LNK-15. */
export interface DialTimetable {
  /** One flight in this time, on all UDP routes in turns (LNK-60). */
  readonly everyMs: number;
  /** On all of them together. */
  readonly flights: number;
  readonly giveUpMs: number;
}

/** 32 bytes that both ends of one link, and nobody else, can compute. */
export type LinkExporter = Secret<'link exporter'>;

/** Why one may end a link; the peer is told. */
export type CloseReason = 'closed' | 'duplicate' | 'replaced' | 'protocol';
/**
 * closed, protocol: this side ended it. peer closed: the other side did. duplicate, replaced:
 * another link between the two devices stays, whoever of them said so.
 * no path: none attached for 30 s. stale keys: no fresh handshake succeeded for 2 hours.
 */
export type DownReason = CloseReason | 'peer closed' | 'no path' | 'stale keys';
/** duplicate: a link of the peer's own dial stays instead. */
export type DialFailure = 'unreachable' | 'no common version' | 'duplicate' | 'busy';

export interface UpOutput {
  readonly type: 'up';
  readonly link: LinkId;
  /** The dial it answers, on the initiator's side. */
  readonly dial?: DialId;
  readonly initiator: boolean;
  readonly gate: GateKey;
  readonly peerNoise: Uint8Array;
  /** On the responder's side: what the initiator gave to `dial`. */
  readonly payload?: Uint8Array;
  readonly version: number;
  readonly features: number;
  readonly exporter: LinkExporter;
  readonly route: Route;
}

export type LinksOutput =
  | { readonly type: 'datagram'; readonly to: Endpoint; readonly bytes: Uint8Array }
  | {
      readonly type: 'stream-open';
      readonly stream: StreamId;
      readonly transport: StreamTransport;
      readonly to: Endpoint;
      /** Of a circuit. */
      readonly via?: Via | undefined;
      /** TCP: Noise key of the device it leads to. */
      readonly peer?: Uint8Array;
      /** UDX stream ids. */
      readonly localId?: number;
      readonly remoteId?: number;
    }
  | { readonly type: 'stream-write'; readonly stream: StreamId; readonly bytes: Uint8Array }
  /**
   * After what was written has left; no input for this stream follows. With `reset` nothing more
   * leaves: the stream is out of step, and a farewell inside it would not be understood.
   */
  | { readonly type: 'stream-close'; readonly stream: StreamId; readonly reset?: true }
  /** Store these before answering `handleReplayStored(token)`. */
  | {
      readonly type: 'replay';
      readonly token: number;
      readonly gate: string;
      readonly entries: readonly Uint8Array[];
    }
  | UpOutput
  /** `bytes` is what to hand to `credit` once the body is durably handled. */
  | {
      readonly type: 'message';
      readonly link: LinkId;
      readonly body: Uint8Array;
      readonly bytes: number;
    }
  | { readonly type: 'writable'; readonly link: LinkId }
  | {
      readonly type: 'path';
      readonly link: LinkId;
      readonly route: Route | undefined;
      readonly rttMs?: number;
      /** It owes an answer for too long; another output follows once it, or the next, gave one. */
      readonly doubted?: true;
    }
  | { readonly type: 'down'; readonly link: LinkId; readonly reason: DownReason }
  | { readonly type: 'dial-failed'; readonly dial: DialId; readonly reason: DialFailure };

export type Emit = (output: LinksOutput) => void;

/** What the links of a device are made with. */
export interface LinksDeps {
  readonly random: Random;
  readonly self: LinkSelf;
  /** Our version list, as our records show it. */
  readonly versions: readonly number[];
  readonly features: number;
  /** Our gates at this moment. */
  readonly gates: () => readonly GateKey[];
  /** May this device come in by this gate, or attach, from there? If not: not a word. */
  readonly admit: (noiseStatic: Uint8Array, gate: GateKey, from: Route) => boolean;
  /** What earlier `replay` outputs had stored, by gate id, oldest first. */
  readonly replaySeen: ReadonlyMap<string, readonly Uint8Array[]>;
  /** May a datagram leave to where this device says it is, or called from? Else nobody counts. */
  readonly mayProbe?: (noiseStatic: Uint8Array, nowMs: number, isCalled?: boolean) => boolean;
  /** May a connection begin to there, by a dial or in search of a path? Else nobody counts. */
  readonly mayConnect?: (noiseStatic: Uint8Array, nowMs: number, isSearch?: boolean) => boolean;
  readonly limits?: Partial<LinkLimits>;
  /** The number of a stream that nobody else uses; given where several share a driver. */
  readonly allocateStream?: () => StreamId;
}
