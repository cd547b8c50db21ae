/**
 * A world for tests of whole nodes: several people with a model vault each, TCP streams and
 * datagrams by port, no delay, virtual time. Everything replays from the seeds.
 * @module
 */
import { ModelVault } from '@sotto/sim/model-vault.ts';
import { endpointKey, scopeOf, type Endpoint } from '../../base/endpoint.ts';
import { Prng } from '../../base/prng.ts';
import type { VaultReply, VaultRequest } from '../../base/vault.ts';
import type { Command, CommandResult } from '../../commands.ts';
import type { Effect, Input, Notice, TrackerRequest } from '../../effects.ts';
import { Node, type NodeProfile } from '../../node.ts';
import type { PortMap } from '../../path/port-map/contract.ts';
import type { TestNat } from '../../path/test-nat.ts';

/** Where somebody gets what is sent there, and from where it seems to come. */
interface Reached {
  readonly far: Person;
  readonly source: Endpoint;
}

/** Where announcements come from. */
const WEB_PORT = 443;
const LAN_MOUTH_PORT = 50_000;
/** Of sockets for a birthday punch. */
const FIRST_MOUTH_PORT = 51_000;

/** What a person has beside a name. */
export interface More {
  readonly host?: string;
  /** TCP port 443 is theirs too. */
  readonly web?: true;
  /** Nothing of theirs leaves but by a proxy; `host` is the address by which that leads out. */
  readonly proxied?: true;
  readonly relay?: NodeProfile['relay'];
  readonly policy?: NodeProfile['policy'];
  /** Whom they know in the DHT; all who are there by default. */
  readonly bootstrap?: readonly string[];
  readonly trackers?: NodeProfile['trackers'];
}

/** Two or more nodes in one world without delay: TCP streams and datagrams by port. */
export class World {
  nowMs = 1_000;
  /** Between whom nothing passes directly. */
  isApart: (a: Person, b: Person) => boolean = () => false;
  /** Sees every datagram, whose it is, and where it is to go. */
  tap: (bytes: Uint8Array, from: Person, to: Endpoint) => void = () => undefined;
  /** Sees every stream that somebody opens, and where it is to go. */
  tapStreams: (from: Person, to: Endpoint) => void = () => undefined;
  /** Answers in the place of all trackers. */
  tracker: (request: TrackerRequest, from: Person) => Uint8Array | undefined = () => undefined;
  readonly people: Person[] = [];
  /** UDX ends by their own id. */
  readonly udx = new Map<number, { person: Person; stream: number; to: Endpoint }>();
  #nextStream = 1;
  readonly #clients: Prng;

  constructor(readonly seed = 5) {
    this.#clients = new Prng(seed);
  }

  person(name: string, dht = false, more: More = {}): Person {
    const person = new Person(this, name, 20_000 + this.people.length, dht, more);
    this.people.push(person);
    return person;
  }

  /** Two who find each other through a DHT of so many helpers; all of them run. */
  town(helpers: number, names: readonly [string, string]): [Person, Person] {
    const others = Array.from({ length: helpers }, (_, i) => this.person(`Helper ${i}`, true));
    for (const helper of others) helper.start();
    this.run(30_000);
    const two = [this.person(names[0], true), this.person(names[1], true)] as [Person, Person];
    for (const person of two) person.start();
    this.run(20_000);
    return two;
  }

  /** Says it to everybody else in these networks. */
  multicast(from: Person, bytes: Uint8Array): void {
    for (const name of from.networks) {
      for (const other of this.people) {
        if (other !== from && other.networks.includes(name)) other.overhear(name, from, bytes);
      }
    }
  }

  /** By port alone where everybody has one computer; by address too where routers stand between. */
  reach(from: Person, to: Endpoint, port = from.portTo(to)): Reached | undefined {
    const inside = { host: from.host, port };
    const isInside = from.nat !== undefined && scopeOf(to.host) === 'private';
    const nat = isInside ? from.nat : this.#natAt(to.host);
    const source = isInside ? inside : (from.nat?.outward(inside, to, this.nowMs) ?? inside);
    const target = nat && !isInside ? nat.inward(to.port, source, this.nowMs) : to;
    const far = this.people.find((person) => {
      const isThere = person.host === target?.host || scopeOf(person.host) === 'loopback';
      const isPort = target?.port !== undefined && person.listensOn(target.port, source);
      return person.running && isPort && person.nat === nat && isThere;
    });
    const isWall = far?.onlyWeb || (from.onlyWeb && to.port !== WEB_PORT);
    const isCut = !far || isWall || far.cutOff || from.cutOff || this.isApart(from, far);
    return isCut ? undefined : { far, source };
  }

  #natAt(host: string): TestNat | undefined {
    return this.people.find(({ nat }) => nat?.host === host)?.nat;
  }

  clientId(): Uint8Array {
    return this.#clients.bytes(16);
  }

  nextOdd(): number {
    this.#nextStream += 2;
    return this.#nextStream;
  }

  /** Lets everything happen that is due within `ms`. */
  run(ms = 0): void {
    const untilMs = this.nowMs + ms;
    for (let steps = 0; steps < 200_000; steps++) {
      const busy = this.people.filter((person) => person.step()).length > 0;
      if (busy) continue;
      const wakes = this.people.map((person) => person.wakeAtMs()).filter((at) => at !== undefined);
      const nextMs = Math.min(...wakes);
      if (!(nextMs <= untilMs)) {
        this.nowMs = untilMs;
        return;
      }
      this.nowMs = Math.max(this.nowMs, nextMs);
      for (const person of this.people) person.tick();
    }
    throw new Error('the world does not come to rest');
  }
}

export class Person {
  readonly vault: ModelVault;
  node: Node | undefined;
  readonly shown: string[] = [];
  readonly logs: string[] = [];
  notices: Notice[] = [];
  /** Answers in the vault's place, or lets it wait; for what a real disk does rarely. */
  disk: (request: VaultRequest) => VaultReply | 'wait' | undefined = () => undefined;
  #inbox: Input[] = [];
  readonly #late: Extract<Effect, { type: 'vault' }>[] = [];
  #results = new Map<number, CommandResult>();
  /** `to`: where the packets of a UDX stream go. */
  #streams = new Map<number, { far: Person; stream: number; to?: Endpoint }>();
  #nextCommand = 1;
  #starts = 0;
  /** How far their wall clock is from the world's. */
  wallAheadMs = 0;
  /** Who is cut off hears nothing and is not heard. */
  cutOff = false;
  /** Their network lets out what goes to port 443, and nobody in. */
  onlyWeb = false;
  /** Networks shared with others, and all that was heard there. */
  networks: readonly string[] = [];
  readonly heard: Uint8Array[] = [];
  host = '127.0.0.1';
  nat: TestNat | undefined;
  /** Sockets of their own by port, and the endpoint that each waits for. */
  readonly mouths = new Map<number, string>();
  readonly #ways = new Map<string, number>();

  constructor(
    readonly world: World,
    readonly name: string,
    public port: number,
    readonly dht: boolean,
    readonly more: More = {},
  ) {
    this.host = more.host ?? this.host;
    this.vault = new ModelVault(new Prng(world.seed * 1e5 + port).bytes);
  }

  get running(): boolean {
    return this.node !== undefined;
  }

  start(): void {
    const random = new Prng(this.world.seed * 1e7 + this.port * 100 + this.#starts++).bytes;
    const reachable = this.world.people.filter(({ nat }) => nat === undefined);
    const everybody = reachable.map(({ host, port }) => `${host}:${port}`);
    this.node = new Node({
      random,
      profile: {
        bootstrap: this.more.bootstrap ?? everybody,
        dht: this.dht,
        readOnly: false,
        allowReserved: true,
        ...(this.more.relay && { relay: this.more.relay }),
        ...(this.more.policy && { policy: this.more.policy }),
        ...(this.more.trackers && { trackers: this.more.trackers }),
        displayName: this.name,
      },
    });
    const own = { udpPort: this.port, tcpPort: this.port, addresses: [this.host] };
    const proxied = { udpPort: undefined, tcpPort: undefined, addresses: [], proxied: true };
    const open = this.more.web ? { ...own, web: true } : own;
    const listen = this.more.proxied ? proxied : open;
    this.#inbox = [{ type: 'start', listen }];
  }

  /** The process dies; the far ends of its streams notice. */
  kill(): void {
    this.node = undefined;
    this.#inbox = [];
    for (const { far, stream } of this.#streams.values()) {
      far.#streams.delete(stream);
      far.#inbox.push({ type: 'stream-closed', stream, reason: 'reset' });
    }
    this.#streams.clear();
  }

  /** The app is ended by its user: only the node itself says so to anybody. */
  quit(): void {
    this.#inbox.push({ type: 'stop' });
    this.world.run();
  }

  /** The process dies, and no far end hears of it. */
  forget(): void {
    this.node = undefined;
    this.#inbox = [];
    this.#streams.clear();
  }

  /** What lies between them goes without a word: no end hears of it but by silence. */
  dropStreamsTo(far: Person): void {
    for (const [stream, end] of this.#streams) {
      if (end.far !== far) continue;
      this.#streams.delete(stream);
      this.#inbox.push({ type: 'stream-closed', stream, reason: 'reset' });
    }
  }

  command(command: Command): number {
    const id = this.#nextCommand++;
    this.#inbox.push({ type: 'command', id, command });
    return id;
  }

  /** Their computer has these addresses now, at another port. */
  move(port: number): void {
    this.port = port;
    const listen = { udpPort: port, tcpPort: port, addresses: ['127.0.0.2'] };
    this.#inbox.push({ type: 'listening', listen });
  }

  /** They carry their computer there; without addresses, to where there is no network. */
  carryTo(addresses: readonly string[], nat?: TestNat): void {
    this.host = addresses[0] ?? '127.0.0.1';
    this.nat = nat;
    const listen = { udpPort: this.port, tcpPort: this.port, addresses };
    this.#inbox.push({ type: 'listening', listen });
  }

  /** Their computer is in these networks now. In each of them a number tells people apart. */
  join(...names: string[]): void {
    this.networks = names;
    const networks = names.map((name) => ({ name, addresses: [`${this.lanHost}/24`] }));
    this.#inbox.push({ type: 'lan-networks', networks });
  }

  get lanHost(): string {
    return `192.168.1.${1 + this.world.people.indexOf(this)}`;
  }

  /** By which port it writes to that endpoint: a mouth's, where an answer came by one. */
  portTo(to: Endpoint): number {
    return this.#ways.get(endpointKey(to)) ?? this.port;
  }

  /** Is that its port, or that of a mouth that waits for this endpoint? */
  listensOn(port: number, source: Endpoint): boolean {
    const isMouth = this.mouths.get(port) === endpointKey(source);
    if (isMouth && !this.#ways.has(endpointKey(source))) {
      this.#ways.set(endpointKey(source), port);
    }
    return isMouth || port === this.port || (this.more.web === true && port === WEB_PORT);
  }

  overhear(network: string, from: Person, bytes: Uint8Array): void {
    this.heard.push(bytes);
    const at = { host: from.lanHost, port: LAN_MOUTH_PORT };
    this.#inbox.push({ type: 'lan', network, from: at, bytes });
  }

  /** The disk does at last what it was told to let wait. */
  answerLate(): void {
    for (const { id, request } of this.#late.splice(0)) {
      const reply = this.vault.handle(request);
      this.vault.commit();
      this.#inbox.push({ type: 'vault-reply', id, reply });
    }
  }

  /** Routers send these ports on to them. */
  mapped(maps: readonly PortMap[]): void {
    this.#inbox.push({ type: 'mapped', maps });
  }

  look(): void {
    this.#inbox.push({ type: 'tick' });
  }

  /** Runs a command until it is answered. */
  ask(command: Command): CommandResult {
    const id = this.command(command);
    this.world.run();
    return this.#results.get(id)!;
  }

  say(to: string, text: string, clientId = this.world.clientId()): CommandResult {
    const hex = Array.from(clientId, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return this.ask({ type: 'message-send', to, text, clientId: hex });
  }

  texts(): string[] {
    return this.vault.timeline
      .messages()
      .map(({ text }) => text)
      .filter((text) => text !== undefined);
  }

  wakeAtMs(): number | undefined {
    return this.node?.wakeAtMs();
  }

  tick(): void {
    const dueMs = this.wakeAtMs();
    if (dueMs !== undefined && dueMs <= this.world.nowMs) this.#inbox.push({ type: 'tick' });
  }

  /** One input and all its effects; false where there was none. */
  step(): boolean {
    const input = this.#inbox.shift();
    if (!input || !this.node) return false;
    const wallMs = 1.7e12 + this.world.nowMs + this.wallAheadMs;
    this.node.handle(input, { monoMs: this.world.nowMs, wallMs });
    for (let e = this.node.poll(); e; e = this.node?.poll()) this.#carryOut(e);
    return true;
  }

  #datagram(to: Endpoint, bytes: Uint8Array, port?: number): void {
    this.world.tap(bytes, this, to);
    const reached = this.world.reach(this, to, port);
    if (!reached) return;
    const { far, source: from } = reached;
    far.#inbox.push({ type: 'datagram', from, bytes });
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'vault': {
        const instead = this.disk(effect.request);
        if (instead === 'wait') return void this.#late.push(effect);
        const reply = instead ?? this.vault.handle(effect.request);
        this.vault.commit();
        this.#inbox.push({ type: 'vault-reply', id: effect.id, reply });
        return;
      }
      case 'reply':
        this.#results.set(effect.id, effect.result);
        return;
      case 'datagram':
        if (this.more.proxied) return;
        return this.#datagram(effect.to, effect.bytes);
      case 'mouth': {
        const port = FIRST_MOUTH_PORT + this.mouths.size;
        this.mouths.set(port, endpointKey(effect.to));
        return this.#datagram(effect.to, effect.bytes, port);
      }
      case 'mouths-close':
        for (const [port, to] of this.mouths) {
          const isUsed = [...this.#streams.values()].some((end) => {
            return end.to && endpointKey(end.to) === to && this.#ways.get(to) === port;
          });
          if (!isUsed) this.mouths.delete(port);
        }
        for (const [to, port] of this.#ways) if (!this.mouths.has(port)) this.#ways.delete(to);
        return;
      case 'multicast':
        return this.world.multicast(this, effect.bytes);
      case 'lan-send': {
        const far = this.world.people.find(({ lanHost }) => lanHost === effect.to.host);
        if (far?.networks.includes(effect.network))
          far.overhear(effect.network, this, effect.bytes);
        return;
      }
      case 'tracker-fetch':
        return this.#askTracker(effect);
      case 'stream-open':
        return this.#open(effect);
      case 'stream-write': {
        const end = this.#streams.get(effect.stream);
        const isRouted = end?.to !== undefined && (this.nat ?? end.far.nat) !== undefined;
        const passes = isRouted ? this.world.reach(this, end.to!) : !end?.far.cutOff;
        if (end && passes && !this.cutOff && !this.world.isApart(this, end.far))
          end.far.#inbox.push({ type: 'stream-bytes', stream: end.stream, bytes: effect.bytes });
        this.#inbox.push({ type: 'stream-writable', stream: effect.stream });
        return;
      }
      case 'stream-close': {
        const end = this.#streams.get(effect.stream);
        this.#streams.delete(effect.stream);
        if (!end) return;
        end.far.#streams.delete(end.stream);
        end.far.#inbox.push({ type: 'stream-closed', stream: end.stream, reason: 'closed' });
        return;
      }
      case 'log':
        this.logs.push(`${effect.level} ${effect.message} ${JSON.stringify(effect.fields ?? {})}`);
        return;
      case 'notify':
        this.notices.push(effect.notice);
        return;
      case 'stopped':
        return this.forget();
      default:
    }
  }

  #askTracker({ id, request }: Extract<Effect, { type: 'tracker-fetch' }>): void {
    const body = this.cutOff ? undefined : this.world.tracker(request, this);
    this.#inbox.push({ type: 'tracker-fetched', id, body });
  }

  #open(effect: Extract<Effect, { type: 'stream-open' }>): void {
    this.world.tapStreams(this, effect.to);
    if (effect.transport === 'udx') return this.#openUdx(effect);
    const reached = this.world.reach(this, effect.to);
    if (!reached || (reached.far.nat && reached.far.nat !== this.nat)) {
      this.#inbox.push({ type: 'stream-closed', stream: effect.stream, reason: 'refused' });
      return;
    }
    const { far, source: from } = reached;
    const stream = this.world.nextOdd();
    this.#streams.set(effect.stream, { far, stream });
    far.#streams.set(stream, { far: this, stream: effect.stream });
    far.#inbox.push({ type: 'stream-accepted', stream, from });
    this.#inbox.push({ type: 'stream-opened', stream: effect.stream });
  }

  /** UDX has no listen: both ends open with each other's id; bytes wait for the second. */
  #openUdx(effect: Extract<Effect, { type: 'stream-open' }>): void {
    const { localId, remoteId, stream, to } = effect;
    this.world.udx.set(localId!, { person: this, stream, to });
    const far = this.world.udx.get(remoteId!);
    if (!far) return;
    this.#streams.set(stream, { far: far.person, stream: far.stream, to });
    far.person.#streams.set(far.stream, { far: this, stream, to: far.to });
    this.#inbox.push({ type: 'stream-opened', stream });
    far.person.#inbox.push({ type: 'stream-opened', stream: far.stream });
  }
}

export function data<Type extends string>(
  result: CommandResult,
  type: Type,
): Extract<Extract<CommandResult, { ok: true }>['data'], { type: Type }> {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  if (result.data.type !== type) throw new Error(`${type} was asked, not ${result.data.type}`);
  return result.data as never;
}
