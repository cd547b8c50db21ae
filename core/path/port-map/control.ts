/**
 * A client of NAT-PMP or PCP: one question per port, asked again until it is answered, renewed at
 * half of its lease, and anew when the router has forgotten everything. The two differ in their
 * messages alone (nat-pmp.ts, pcp.ts).
 *
 *   probe --alive--> there --map--> one question per port --mapped--> open, renewed at half time
 *   any answer whose epoch went back --> every port is asked for anew
 *   word that nobody asked for --> probe, at most every 5 s
 *
 * Spec: docs/spec/port-map.md MAP-2 to MAP-6, MAP-13.
 * @module
 */
import { earliest } from '../../base/time.ts';
import type { Endpoint } from '../../base/endpoint.ts';
import { ANEW_MS_MIN, LEASE_S, REFUSED_AGAIN_MS, renewAtMs } from './contract.ts';
import type {
  ClientOutput,
  ClientState,
  MapTransport,
  OwnPort,
  PortClient,
  PortMap,
  Site,
} from './contract.ts';

export const CONTROL_PORT = 5351;
export const NONCE_BYTES = 12;
/** What is given back is said this often, this long apart: there is little time. */
const RELEASES_MAX = 3;
const RELEASE_WAIT_MS = 250;

export interface MapWish {
  readonly transport: MapTransport;
  readonly port: number;
  readonly local: string;
  readonly suggested: Endpoint | undefined;
  readonly leaseS: number;
  readonly nonce: Uint8Array;
}

export type ControlAnswer =
  /** It speaks this protocol; NAT-PMP says our outside address with it. */
  | { type: 'alive'; epochS: number; external?: string }
  /** It speaks another one. */
  | { type: 'absent' }
  | {
      type: 'mapped';
      epochS: number;
      wish: OwnPort;
      external?: string;
      externalPort: number;
      leaseS: number;
    }
  | { type: 'refused'; wish: { transport: MapTransport } | undefined };

/** Seconds that the router's clock showed before and shows now, and those that passed here. */
export interface Epochs {
  readonly beforeS: number;
  readonly nowS: number;
  readonly elapsedS: number;
}

export interface ControlCodec {
  readonly via: 'pcp' | 'nat-pmp';
  readonly firstWaitMs: number;
  readonly triesMax: number;
  probe(local: string): Uint8Array;
  map(wish: MapWish): Uint8Array;
  /** Undefined for whatever is no answer to us. */
  decode(bytes: Uint8Array, nonces: readonly Uint8Array[]): ControlAnswer | undefined;
  /** Has the router been restarted meanwhile? */
  hasForgotten(epochs: Epochs): boolean;
}

/** A question under way. */
interface Ask {
  readonly bytes: Uint8Array;
  readonly triesMax: number;
  tries: number;
  waitMs: number;
  againAtMs: number;
}

interface Port extends OwnPort {
  readonly nonce: Uint8Array;
  /** Something was asked for that has to be given back. */
  asked: boolean;
  external: Endpoint | undefined;
  refused: boolean;
  ask: Ask | undefined;
  renewAtMs: number | undefined;
}

export class ControlClient implements PortClient {
  readonly #codec: ControlCodec;
  readonly #site: Site;
  readonly #ports: readonly Port[];
  readonly #out: ClientOutput[] = [];
  #state: ClientState = 'asking';
  #probe: Ask | undefined;
  #external: string | undefined;
  #epoch: { readonly s: number; readonly atMs: number } | undefined;
  #anewAtMs = -Infinity;
  #announcedAtMs = -Infinity;

  constructor(
    codec: ControlCodec,
    site: Site,
    ports: readonly OwnPort[],
    { nonceOf, nowMs }: { nowMs: number; nonceOf: (own: OwnPort) => Uint8Array },
  ) {
    this.#codec = codec;
    this.#site = site;
    this.#ports = ports.map((own) => ({
      ...own,
      nonce: nonceOf(own),
      asked: false,
      external: undefined,
      refused: false,
      ask: undefined,
      renewAtMs: undefined,
    }));
    this.check(nowMs);
  }

  get via(): PortMap['via'] {
    return this.#codec.via;
  }

  get state(): ClientState {
    return this.#state;
  }

  get maps(): PortMap[] {
    const { family } = this.#site;
    return this.#ports.flatMap(({ external, transport }) =>
      external ? [{ transport, family, external, via: this.via }] : [],
    );
  }

  map(nowMs: number): void {
    this.#state = 'opening';
    this.#requestAll(nowMs);
  }

  check(nowMs: number, isWished = false): void {
    this.#probe ??= this.#begin(this.#codec.probe(this.#site.local), nowMs);
    if (isWished && this.#state === 'open') this.#requestAnew(nowMs);
  }

  release(nowMs: number): void {
    this.#probe = undefined;
    for (const port of this.#ports) {
      port.ask = undefined;
      if (port.asked) this.#request(port, 0, nowMs);
      port.external = undefined;
      port.renewAtMs = undefined;
    }
    this.#state = 'released';
  }

  /** Questions about ports are under way. */
  get isBusy(): boolean {
    return this.#ports.some(({ ask }) => ask !== undefined);
  }

  handleDatagram(from: Endpoint, bytes: Uint8Array, nowMs: number): void {
    if (from.port !== CONTROL_PORT) return;
    const nonces = this.#ports.map(({ nonce }) => nonce);
    const answer = this.#codec.decode(bytes, nonces);
    if (!answer) return;
    switch (answer.type) {
      case 'absent':
        if (this.#state === 'asking') this.#fallSilent();
        return;
      case 'alive':
        return this.#probe ? this.#alive(answer, nowMs) : this.#announced(nowMs);
      case 'mapped':
        return this.#mapped(answer, nowMs);
      case 'refused':
        return this.#refused(answer.wish, nowMs);
    }
  }

  handleHttp(): void {
    // Neither protocol has to do with HTTP.
  }

  handleTimeout(nowMs: number): void {
    for (const ask of [this.#probe, ...this.#ports.map((port) => port.ask)]) {
      if (ask && nowMs >= ask.againAtMs && !this.#again(ask, nowMs)) return;
    }
    for (const port of this.#ports) {
      if (port.renewAtMs !== undefined && nowMs >= port.renewAtMs) {
        port.renewAtMs = undefined;
        this.#request(port, LEASE_S, nowMs);
      }
    }
  }

  wakeAtMs(): number | undefined {
    const asks = [this.#probe, ...this.#ports.map(({ ask }) => ask)];
    const renewals = this.#ports.map((port) => port.renewAtMs);
    return earliest(...asks.map((ask) => ask?.againAtMs), ...renewals);
  }

  poll(): ClientOutput | undefined {
    return this.#out.shift();
  }

  /** ⚑ Anybody near can write it in the router's name: so it is asked, and no more (MAP-2). */
  #announced(nowMs: number): void {
    if (this.#state !== 'open' && this.#state !== 'opening') return;
    if (nowMs < this.#announcedAtMs + ANEW_MS_MIN) return;
    this.#announcedAtMs = nowMs;
    this.check(nowMs);
  }

  #alive({ epochS, external }: { epochS: number; external?: string }, nowMs: number): void {
    this.#probe = undefined;
    if (external !== undefined && external !== this.#external) {
      this.#external = external;
      for (const port of this.#ports) {
        if (port.external) port.external = { ...port.external, host: external };
      }
    }
    if (this.#state === 'asking') this.#state = 'there';
    this.#watchEpoch(epochS, nowMs);
  }

  #mapped(answer: Extract<ControlAnswer, { type: 'mapped' }>, nowMs: number): void {
    const { epochS, externalPort, leaseS, wish } = answer;
    const port = this.#ports.find(
      (own) => own.transport === wish.transport && own.port === wish.port,
    );
    const isReleased = this.#state === 'released';
    // The acknowledgement of one who gives back the same port for another address is not ours.
    if (!port?.ask || (leaseS === 0) !== isReleased) return;
    port.ask = undefined;
    if (isReleased) return;
    const host = answer.external ?? this.#external;
    const isAddress = host !== undefined && host.includes(':') === this.#site.local.includes(':');
    if (!isAddress || externalPort === 0) return this.#refuse(port, nowMs);
    port.external = { host, port: externalPort };
    port.renewAtMs = renewAtMs(leaseS, nowMs);
    this.#state = 'open';
    this.#watchEpoch(epochS, nowMs);
  }

  /** ⚑ Only what was asked can be refused: anybody near can write in the router's name (MAP-2). */
  #refused(wish: { transport: MapTransport } | undefined, nowMs: number): void {
    if (wish === undefined) {
      if (this.#state !== 'asking') return;
      this.#probe = undefined;
      this.#state = 'refused';
      return;
    }
    const port = this.#ports.find(({ transport }) => transport === wish.transport);
    if (!port?.ask) return;
    port.ask = undefined;
    if (this.#state !== 'released') this.#refuse(port, nowMs);
  }

  #refuse(port: Port, nowMs: number): void {
    port.external = undefined;
    port.refused = true;
    port.renewAtMs = nowMs + REFUSED_AGAIN_MS;
    if (!this.#ports.every(({ refused }) => refused)) return;
    this.#state = 'refused';
    for (const each of this.#ports) each.renewAtMs = undefined;
  }

  /** A router that was restarted has none of our ports any more: they are asked for anew. */
  #watchEpoch(nowS: number, nowMs: number): void {
    const before = this.#epoch;
    this.#epoch = { s: nowS, atMs: nowMs };
    if (!before || (this.#state !== 'open' && this.#state !== 'opening')) return;
    const elapsedS = (nowMs - before.atMs) / 1000;
    if (!this.#codec.hasForgotten({ beforeS: before.s, nowS, elapsedS })) return;
    this.#requestAnew(nowMs);
  }

  #requestAnew(nowMs: number): void {
    if (nowMs < this.#anewAtMs + ANEW_MS_MIN) return;
    this.#anewAtMs = nowMs;
    this.#requestAll(nowMs);
  }

  #requestAll(nowMs: number): void {
    for (const port of this.#ports) this.#request(port, LEASE_S, nowMs);
  }

  #request(port: Port, leaseS: number, nowMs: number): void {
    if (port.ask) return;
    const { nonce, transport } = port;
    port.asked = true;
    port.refused = false;
    // The same number outside as inside where it is free; what we had before, if we had any.
    const host = this.#site.local.includes(':') ? '::' : '0.0.0.0';
    const suggested = leaseS === 0 ? undefined : (port.external ?? { host, port: port.port });
    const { local } = this.#site;
    const bytes = this.#codec.map({ leaseS, local, nonce, port: port.port, suggested, transport });
    port.ask = this.#begin(bytes, nowMs, leaseS === 0);
  }

  #begin(bytes: Uint8Array, nowMs: number, isRelease = false): Ask {
    const waitMs = isRelease ? RELEASE_WAIT_MS : this.#codec.firstWaitMs;
    const triesMax = isRelease ? RELEASES_MAX : this.#codec.triesMax;
    this.#send(bytes);
    return { bytes, triesMax, tries: 1, waitMs, againAtMs: nowMs + waitMs };
  }

  /** False where it has been asked often enough: the router does not answer. */
  #again(ask: Ask, nowMs: number): boolean {
    if (ask.tries >= ask.triesMax) {
      this.#fallSilent();
      return false;
    }
    ask.tries++;
    ask.waitMs *= 2;
    ask.againAtMs = nowMs + ask.waitMs;
    this.#send(ask.bytes);
    return true;
  }

  #fallSilent(): void {
    this.#probe = undefined;
    for (const port of this.#ports) {
      port.ask = undefined;
      port.external = undefined;
      port.renewAtMs = undefined;
    }
    if (this.#state !== 'released') this.#state = 'silent';
  }

  #send(bytes: Uint8Array): void {
    const to = { host: this.#site.gateway, port: CONTROL_PORT };
    this.#out.push({ type: 'datagram', to, bytes });
  }
}
