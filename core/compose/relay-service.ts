/**
 * Relay service: this node as a relay of others. Their links come in by the gate that our Noise
 * key names, among our own; here they are kept apart from those of people (RLY-1, RLY-17).
 * @module
 */
import type { Endpoint } from '../base/endpoint.ts';
import { dhPublicKey } from '../crypto/dh.ts';
import type { GateSecret } from '../crypto/keys.ts';
import type { DhtPort } from '../discovery/dht-port.ts';
import type { GateKey } from '../link/contract.ts';
import type { StreamNews } from '../relay/extensions.ts';
import type { Hop } from '../relay/extensions.ts';
import { RelayServer } from '../relay/server.ts';
import { relayGateSecret, relaySecretOf } from '../relay/slots.ts';
import type { LinkPath, LinkUp } from './connections.ts';
import type { Serving } from '../commands.ts';
import type { Context } from './context.ts';
import { askFor } from './relayed-dht.ts';
import type { Me } from './self.ts';

export interface RelayServicePorts {
  send(link: number, body: Uint8Array): boolean;
  credit(link: number, bytes: number): void;
  close(link: number): void;
  allocateStream(): number;
  /** Our direct gates: who knows one is a contact. */
  passes(): readonly GateSecret[];
  /** May another relay be there, as far as addresses tell? */
  mayBe(endpoint: Endpoint): boolean;
  verify(hop: Hop, done: (ok: boolean) => void): void;
  /** The DHT, asked from our own address. */
  dht(): DhtPort;
}

export class RelayService {
  readonly #server: RelayServer;
  readonly #gate: GateKey;
  #streams = 0;

  constructor(
    private readonly context: Context,
    me: Me,
    private readonly ports: RelayServicePorts,
  ) {
    const key = dhPublicKey(me.noise.reveal());
    this.#gate = { id: 'relay', kind: 'relay', secret: relayGateSecret(key) };
    this.#server = new RelayServer({
      random: context.random,
      secret: relaySecretOf(me.noise),
      serves: () => this.serves,
      passes: () => ports.passes(),
      ports: {
        send: (link, body) => ports.send(link, body),
        close: (link) => ports.close(link),
        mayExtend: (to) => ports.mayBe(to),
        verify: (token, hop) => this.#verify(token, hop),
        openStream: (to) => this.#openStream(to),
        writeStream: (stream, bytes) => context.emit({ type: 'stream-write', stream, bytes }),
        closeStream: (stream) => context.emit({ type: 'stream-close', stream }),
        ask: (what, done) => askFor(ports.dht(), what, done),
      },
    });
  }

  get serves(): Serving {
    return this.context.profile.relay?.serve ?? 'off';
  }

  get clients(): number {
    return this.#server.clients;
  }

  /** The gate of clients, while we serve anybody. */
  get gates(): readonly GateKey[] {
    return this.serves === 'off' ? [] : [this.#gate];
  }

  owns(link: number): boolean {
    return this.#server.owns(link);
  }

  handleUp({ exporter, link, route }: LinkUp): void {
    this.#server.handleUp(link, route.endpoint.host, exporter, this.context.now.monoMs);
  }

  handleMessage(link: number, body: Uint8Array, bytes: number): void {
    this.#server.handleMessage(link, body, this.context.now.monoMs);
    // Windows bound what is kept of it; so the link itself never has to wait.
    this.ports.credit(link, bytes);
  }

  handleWritable(link: number): void {
    this.#server.handleWritable(link, this.context.now.monoMs);
  }

  handlePath({ link, route }: LinkPath): void {
    this.#server.handlePath(link, route !== undefined, this.context.now.monoMs);
  }

  handleDown(link: number): void {
    this.#server.handleDown(link, this.context.now.monoMs);
  }

  /** False where the stream is none of ours. */
  handleStream(stream: number, news: StreamNews): boolean {
    return this.#server.handleStream(stream, news, this.context.now.monoMs);
  }

  handleTimeout(): void {
    this.#server.handleTimeout(this.context.now.monoMs);
  }

  wakeAtMs(): number | undefined {
    return this.#server.wakeAtMs();
  }

  /** Who is our client hears at once that we end. */
  stop(): void {
    this.#server.stop();
  }

  stats(): Record<string, number> {
    return { ...this.#server.stats(), streamsOpened: this.#streams };
  }

  #verify(token: number, hop: Hop): void {
    this.ports.verify(hop, (ok) => {
      this.#server.handleVerified(token, ok, this.context.now.monoMs);
    });
  }

  #openStream(to: Endpoint): number {
    const stream = this.ports.allocateStream();
    this.#streams++;
    this.context.emit({ type: 'stream-open', stream, transport: 'tcp', to });
    return stream;
  }
}
