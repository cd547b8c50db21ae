/**
 * The two vocabularies of the node: inputs that come in, effects that go out. The driver (daemon
 * or simulator) carries effects out in order and answers those that carry an `id` exactly once.
 *
 *   no answer   datagram, mouth, mouths-close, multicast, lan-send, stream-write, stream-close,
 *               notify, log
 *   one answer  stream-open -> stream-opened | stream-closed
 *               vault -> vault-reply        resolve -> resolved        command -> reply (effect)
 *               tracker-fetch -> tracker-fetched
 *
 * A crash between any two of them is allowed everywhere.
 * @module
 */
import type { Endpoint, Family } from './base/endpoint.ts';
import type { VaultReply, VaultRequest } from './base/vault.ts';
import type { Policy } from './base/policy.ts';
import type { Command, CommandResult, Held } from './commands.ts';
import type { PortMap } from './path/port-map/contract.ts';

/** Streams that core dials are even, streams the driver accepts are odd. */
export type StreamId = number;
export type StreamTransport = 'tcp' | 'udx';

export type Input =
  /** First input of all. Addresses are those of local interfaces, ports those really bound. */
  | { type: 'start'; listen: Listening }
  | { type: 'listening'; listen: Listening }
  /** The ports of ours that routers send on to us now, all of them. */
  | { type: 'mapped'; maps: readonly PortMap[] }
  | { type: 'datagram'; from: Endpoint; bytes: Uint8Array }
  | { type: 'stream-accepted'; stream: StreamId; from: Endpoint }
  | { type: 'stream-opened'; stream: StreamId }
  | { type: 'stream-bytes'; stream: StreamId; bytes: Uint8Array }
  /** Everything written so far has left the driver's own queue. */
  | { type: 'stream-writable'; stream: StreamId }
  | { type: 'stream-closed'; stream: StreamId; reason: string }
  | { type: 'vault-reply'; id: number; reply: VaultReply }
  | { type: 'resolved'; id: number; endpoints: readonly Endpoint[] }
  /** The body of a tracker's answer; undefined where none came. */
  | { type: 'tracker-fetched'; id: number; body: Uint8Array | undefined }
  | { type: 'command'; id: number; command: Command }
  /** The address of a partner inside this computer (Echo), as its record would say. */
  | { type: 'hint'; identity: Uint8Array; record: Uint8Array }
  /** The networks in which contacts may be looked for; none where that is not wanted. */
  | { type: 'lan-networks'; networks: readonly LanNetwork[] }
  /** Said to all in one of them, or to us alone. A link-local IPv6 sender comes with its zone. */
  | { type: 'lan'; network: string; from: Endpoint; bytes: Uint8Array }
  /** Time passed. */
  | { type: 'tick' }
  /** Save what a clean stop should keep, close links; `stopped` follows as an effect. */
  | { type: 'stop' };

export interface Listening {
  readonly udpPort: number | undefined;
  readonly tcpPort: number | undefined;
  readonly addresses: readonly string[];
  /** TCP port 443 is ours too, for who uses us as a relay. */
  readonly web?: boolean;
  /** Networks that this computer is on, such as 192.168.1.7/24; guessed where left out. */
  readonly networks?: readonly string[];
  /** Whatever we dial goes by a proxy, and no address of ours is told: none can be seen. */
  readonly proxied?: boolean;
}

/** An interface, and our addresses there as `host/bits`. */
export interface LanNetwork {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** One GET of a tracker, over one family. */
export interface TrackerRequest {
  readonly secure: boolean;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly family: Family;
  /** With the query. */
  readonly path: string;
}

export type Effect =
  | { type: 'datagram'; to: Endpoint; bytes: Uint8Array }
  /**
   * A datagram by a socket of its own. What comes back there from `to` is an input like any other,
   * and from then on whatever goes to that endpoint leaves by that socket.
   */
  | { type: 'mouth'; to: Endpoint; bytes: Uint8Array }
  /** Closes all those sockets by which no stream goes. */
  | { type: 'mouths-close' }
  /** To the group of BEP 14, in each of those networks that has the family. */
  | { type: 'multicast'; family: Family; bytes: Uint8Array }
  /** To somebody who was heard in this network. */
  | { type: 'lan-send'; network: string; to: Endpoint; bytes: Uint8Array }
  | {
      type: 'stream-open';
      stream: StreamId;
      transport: StreamTransport;
      to: Endpoint;
      /** UDX only: both ids were agreed in the handshake; the stream must exist at once. */
      localId?: number;
      remoteId?: number;
      /**
       * TCP: streams to one device share a number, to another have another one, until the next
       * start. So a proxy that carries several cannot be made to mix them (PRX-7).
       */
      isolation?: number;
    }
  | { type: 'stream-write'; stream: StreamId; bytes: Uint8Array }
  /** Flush what was written, then close; with `reset` at once, without a word. */
  | { type: 'stream-close'; stream: StreamId; reset?: true }
  | { type: 'vault'; id: number; request: VaultRequest }
  | { type: 'resolve'; id: number; name: string; port: number }
  | { type: 'tracker-fetch'; id: number; request: TrackerRequest }
  | { type: 'reply'; id: number; result: CommandResult }
  | { type: 'notify'; notice: Notice }
  | { type: 'log'; level: LogLevel; message: string; fields?: Readonly<Record<string, LogField>> }
  | { type: 'stopped' };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
/** Logs hold counts, sizes, states and addresses; the type admits no key and no text bytes. */
export type LogField = number | boolean | string;

/** What screens may want to know at once; durable things they read from the vault's feed. */
export type Notice =
  /** The vault's feed has grown: messages or their states. */
  | { topic: 'feed' }
  /** Something that stands in the view of a contact has changed, but for what is named below. */
  | { topic: 'contact'; conversation: string }
  /** The contact and the conversation are gone. */
  | { topic: 'removed'; conversation: string }
  /** More or fewer messages wait for them than before. */
  | { topic: 'waiting'; conversation: string }
  /** Messages were marked as read. */
  | { topic: 'read'; conversation: string }
  /** What is typed and not sent is another text; empty where there is none any more. */
  | { topic: 'draft'; conversation: string; text: string }
  /** How many people wait to be let in. Never loud: a number on a screen. */
  | { topic: 'requests'; waiting: number }
  | ({ topic: 'route'; conversation: string; route: RouteName; peerSeesMyIp: boolean } & Rule)
  | { topic: 'network'; online: boolean; helpers: number };

/** By which ways a conversation may go, and why nothing can leave that way now. */
export interface Rule {
  readonly policy: Policy;
  readonly theirPolicy: Policy | undefined;
  readonly held: Held | undefined;
}

export type RouteName = 'lan' | 'direct' | 'relay' | 'waiting' | 'local';
