/**
 * Campaign: two people write to each other without pause while their daemons die, at random or at
 * the k-th write or sync of an operation. Each dead one starts again, both must find each other,
 * and every so often the traffic rests and the journal is compared with what both screens show.
 * @module
 */
import { Prng } from '@sotto/core/base/prng.ts';
import type { Message } from '@sotto/api/contract.ts';
import { checkImage, readLogs, type LogCounts } from './image.ts';
import { Journal, type Faults, type Shown } from './journal.ts';
import { inviteOfNobody, isOnline, OPERATIONS, sleep, until } from './operations.ts';
import type { Operation, Scene, Stage } from './operations.ts';
import { Person } from './person.ts';
import { freePorts } from './ports.ts';
import { Traffic } from './traffic.ts';

export const IN_FLIGHT_MIN = 20;
const LINK_MS = 90_000;
const FLIGHT_MS = 20_000;
const DEATH_MS = 8_000;
const RANDOM_MS = 300;
const START_MS = 1_200;
const ROUNDS_TO_REST = 25;
const IMAGE_EVERY = 10;
const WRONG_MAX = 20;
/** Each of the first calls, then further apart: large commits reach their sync late. */
const KS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 24, 28, 34, 42, 52];
const K_MAX = KS.at(-1)!;
const NO_FAULTS: Faults = { lost: 0, doubled: 0, disordered: 0, strange: 0, undelivered: 0 };

export interface CampaignOptions {
  /** On a real disk. */
  readonly folder: string;
  readonly dist: string;
  readonly library: string;
  readonly kills: number;
  readonly operations?: readonly string[];
  /** Of campaigns side by side each takes every `of`-th operation, this one from `index`. */
  readonly share?: { readonly index: number; readonly of: number };
  readonly seed: number;
  /** How long the traffic may take to come to rest. */
  readonly restMs: number;
  /** Rounds between two comparisons. */
  readonly restEvery?: number | undefined;
  readonly say: (line: string) => void;
}

export interface Outcome {
  readonly random: number;
  /** Kills at the k-th call, by operation. */
  readonly kth: ReadonlyMap<string, number>;
  /** What the k-th calls were. */
  readonly where: ReadonlyMap<string, number>;
  readonly acknowledged: number;
  readonly inFlight: readonly number[];
  readonly readyMs: readonly number[];
  readonly linkedMs: readonly number[];
  readonly faults: Faults;
  /** Everything else that is wrong, in words. */
  readonly wrong: readonly string[];
  readonly images: number;
  readonly logs: LogCounts;
}

interface Plan {
  readonly operation: Operation | undefined;
  readonly k: number;
}

type Place = 0 | 1;

export class Campaign {
  readonly journal = new Journal();
  readonly #options: CampaignOptions;
  readonly #random: Prng;
  readonly #people: [Person, Person];
  readonly #third: Person;
  #traffic: Traffic[] = [];
  #pair = '';
  #ghosts: string[] = [];
  /** All messages of the pair, as each of the two shows them. */
  readonly #history: readonly [Message[], Message[]] = [[], []];
  #randomKills = 0;
  #rounds = 0;
  readonly #kth = new Map<string, number>();
  readonly #where = new Map<string, number>();
  readonly #inFlight: number[] = [];
  readonly #readyMs: number[] = [];
  readonly #linkedMs: number[] = [];
  readonly #wrong: string[] = [];
  #images = 0;
  /** As of the last rest. */
  #faults: Faults = NO_FAULTS;

  static async run(options: CampaignOptions): Promise<{ outcome: Outcome; campaign: Campaign }> {
    const campaign = new Campaign(options, await freePorts(3));
    return { campaign, outcome: await campaign.#run() };
  }

  private constructor(options: CampaignOptions, ports: readonly number[]) {
    this.#options = options;
    this.#random = new Prng(options.seed);
    const make = (name: string, i: number): Person => {
      const others = ports.filter((_, j) => j !== i).map((port) => `127.0.0.1:${port}`);
      const settings = [
        'net.allowReserved=true',
        'net.bind=127.0.0.1',
        'echo.enabled=false',
        `net.port=${ports[i]}`,
        `dht.bootstrap=${others.join(',')}`,
      ];
      const { dist, folder, library } = options;
      return new Person({ folder, name, dist, library, settings });
    };
    this.#people = [make('Ana', 0), make('Bo', 1)];
    this.#third = make('Cy', 2);
  }

  async #run(): Promise<Outcome> {
    try {
      await this.#meet();
      const plans = this.#plan();
      for (const plan of plans) {
        await this.#round(plan);
        if (this.#isHopeless) break;
      }
      // Some operations had written everything before their k-th call.
      while (this.#kthKills < this.#options.kills / 2 && !this.#isHopeless) {
        await this.#round({ operation: OPERATIONS[0], k: this.#random.int(1, K_MAX) });
      }
      while (this.#kills < this.#options.kills && !this.#isHopeless) {
        await this.#round({ operation: undefined, k: 0 });
      }
      // At last everything is read anew, from the first message on.
      for (const history of this.#history) history.length = 0;
      await this.#rest();
      await this.#look(true);
      return this.#outcome();
    } finally {
      for (const person of [...this.#people, this.#third]) {
        person.signal('SIGCONT');
        await person.kill();
        person.board.close();
      }
    }
  }

  /** What both screens show of the pair's messages. @param author whose messages. */
  shown(author: Place): { own: Shown[]; far: Shown[] } {
    const of = (place: Place, outgoing: boolean): Shown[] =>
      this.#history[place].filter((m) => m.kind === 'text' && m.outgoing === outgoing);
    return { own: of(author, true), far: of(author === 0 ? 1 : 0, false) };
  }

  get names(): readonly [string, string] {
    return [this.#people[0].name, this.#people[1].name];
  }

  get #kthKills(): number {
    return [...this.#kth.values()].reduce((sum, count) => sum + count, 0);
  }

  get #kills(): number {
    return this.#randomKills + this.#kthKills;
  }

  /** Something acknowledged is gone already: more deaths show nothing new. */
  get #isHopeless(): boolean {
    return this.#faults.lost > 0 || this.#wrong.length > WRONG_MAX;
  }

  async #meet(): Promise<void> {
    const everybody = [...this.#people, this.#third];
    await Promise.all(everybody.map((person) => person.start()));
    const [ana, bo] = this.#people;
    const { link } = await ana.call('invites.create', {});
    const { conversation } = await bo.call('contacts.add', { text: link!, name: ana.name });
    this.#pair = conversation;
    const linked = await until(LINK_MS, () => this.#areLinked());
    if (!linked) throw new Error('the two did not meet');
    for (const [i, person] of this.#people.entries()) {
      const ghost = await person.call('contacts.add', { text: inviteOfNobody(), name: 'Ghost' });
      this.#ghosts.push(ghost.conversation);
      person.onEvent = (event) => {
        if (event.type !== 'state' || event.data.state !== 'delivered') return;
        this.journal.noteDelivered(event.data.event);
      };
      const traffic = new Traffic(person, conversation, this.journal, this.#options.seed + i);
      traffic.failed().catch((error: unknown) => this.#note(`a lane: ${String(error)}`));
      this.#traffic.push(traffic);
    }
  }

  /** Half of the kills: the k-th call of each operation; the other half at random. */
  #plan(): Plan[] {
    const { kills, operations: names, share = { index: 0, of: 1 } } = this.#options;
    const operations = OPERATIONS.filter(({ name }) => !names || names.includes(name));
    const plans: Plan[] = [];
    for (let n = 0; n < Math.floor(kills / 2); n++) {
      const i = n * share.of + share.index;
      const operation = operations[i % operations.length]!;
      plans.push({ operation, k: KS[Math.floor(i / operations.length) % KS.length]! });
      plans.push({ operation: undefined, k: 0 });
    }
    for (let i = plans.length - 1; i > 0; i--) {
      const j = this.#random.int(0, i);
      [plans[i], plans[j]] = [plans[j]!, plans[i]!];
    }
    // A death of both, or one more during the start, counts twice: fewer rounds are needed.
    let spare = Math.round((kills / 2) * (1 - 1 / 1.4));
    return plans.filter(({ operation }) => operation !== undefined || spare-- <= 0);
  }

  async #round({ k, operation }: Plan): Promise<void> {
    const place: Place = this.#rounds++ % 2 === 0 ? 0 : 1;
    if (!operation) await this.#atRandom(place);
    else if (operation.dies === 'start') await this.#atStart(place, k);
    else await this.#atCall(place, operation, k);
    if (this.#rounds % (this.#options.restEvery ?? ROUNDS_TO_REST) === 0) await this.#rest();
  }

  async #atRandom(place: Place): Promise<void> {
    await this.#inTheAir('both', place);
    await sleep(this.#random.int(0, RANDOM_MS));
    const victim = this.#people[place];
    const kind = this.#random.pick(['one', 'one', 'one', 'both', 'again'] as const);
    const dying = kind === 'both' ? this.#people : [victim];
    for (const person of dying) this.#killed(person);
    await Promise.all(dying.map((person) => person.kill()));
    if (kind === 'again') {
      const start = victim.start();
      await sleep(this.#random.int(0, START_MS));
      this.#killed(victim);
      await victim.kill();
      await start;
    }
    this.#hold();
    await this.#comeBack(dying);
  }

  async #atStart(place: Place, k: number): Promise<void> {
    const victim = this.#people[place];
    await this.#inTheAir('both', place);
    this.#killed(victim);
    await victim.kill();
    this.#hold();
    victim.board.arm(k, this.#rounds % 4 < 2);
    const flying = this.journal.inFlight;
    await victim.start();
    await this.#diesOf(victim, 'start', flying);
    await this.#comeBack([victim]);
  }

  async #atCall(place: Place, operation: Operation, k: number): Promise<void> {
    const stage = this.#stage(place);
    await this.#inTheAir(operation.lanes, place);
    let scene: Scene;
    try {
      scene = await operation.begin(stage);
    } catch (error) {
      this.#note(`${operation.name} did not begin: ${String(error)}`);
      return;
    }
    const dying = scene.dying ?? stage.victim;
    const flying = this.journal.inFlight;
    dying.board.arm(k, this.#rounds % 4 < 2);
    let acknowledged = false;
    const act = scene.act().then(
      () => (acknowledged = true),
      () => undefined,
    );
    await this.#diesOf(dying, operation.name, flying);
    const wasAcknowledged = acknowledged;
    stage.peer.signal('SIGCONT');
    this.#hold();
    await this.#comeBack([dying]);
    void act;
    const fault = await scene.check?.(wasAcknowledged).catch((error: unknown) => String(error));
    if (fault !== undefined) this.#note(`${operation.name} at call ${k}: ${fault}`);
  }

  #stage(place: Place): Stage {
    const victim = this.#people[place];
    const peer = this.#people[place === 0 ? 1 : 0];
    const ghost = this.#ghosts[place]!;
    const flow = (who: 'victim' | 'peer', on: boolean): void => {
      const traffic = this.#traffic[(who === 'victim') === (place === 0) ? 0 : 1]!;
      if (on) traffic.flow();
      else traffic.hold();
    };
    return { victim, peer, third: this.#third, pair: this.#pair, ghost, flow };
  }

  /** Waits for the armed death; kills where the operation wrote less than that. */
  async #diesOf(person: Person, name: string, flying: number): Promise<void> {
    const died = await person.endsWithin(DEATH_MS);
    const where = person.board.where();
    person.board.disarm();
    if (!died) {
      this.#killed(person);
      await person.kill();
    } else if (person.end === 'SIGKILL') {
      this.#kth.set(name, (this.#kth.get(name) ?? 0) + 1);
      this.#where.set(where, (this.#where.get(where) ?? 0) + 1);
      this.#inFlight.push(flying);
    } else if (person.end !== 0) {
      this.#note(`${person.name} ended by itself with ${person.end}`);
    }
  }

  #killed(person: Person): void {
    if (!person.lives) return;
    this.#randomKills++;
    this.#inFlight.push(this.journal.inFlight);
  }

  async #inTheAir(lanes: Operation['lanes'], place: Place): Promise<void> {
    const isOn = (i: number): boolean => lanes === 'both' || (lanes === 'victim') === (i === place);
    for (const [i, traffic] of this.#traffic.entries()) if (isOn(i)) traffic.flow();
    await until(FLIGHT_MS, () => this.journal.inFlight >= IN_FLIGHT_MIN);
  }

  #hold(): void {
    for (const traffic of this.#traffic) traffic.hold();
  }

  /** Starts the dead and waits until the two are linked. */
  async #comeBack(dead: readonly Person[]): Promise<void> {
    if (this.#rounds % IMAGE_EVERY === 0) await this.#look(false);
    const startedMs = performance.now();
    await Promise.all(
      dead.map(async (person) => {
        if (!(await person.start())) this.#note(`${person.name} did not start again`);
        this.#readyMs.push(performance.now() - startedMs);
      }),
    );
    if (!(await until(LINK_MS, () => this.#areLinked()))) {
      this.#note('not linked again');
    } else if (!dead.includes(this.#third)) {
      this.#linkedMs.push(performance.now() - startedMs);
    }
  }

  #note(what: string): void {
    this.#wrong.push(what);
    this.#options.say(`  wrong: ${what}`);
  }

  async #areLinked(): Promise<boolean> {
    const [ana, bo] = this.#people;
    return (await isOnline(ana, this.#pair)) && (await isOnline(bo, this.#pair));
  }

  /** Lets everything be delivered, and reads what both show. */
  async #rest(): Promise<void> {
    this.#hold();
    const rests = await until(this.#options.restMs, () => this.#traffic.every((t) => t.isIdle));
    if (!rests) this.#note(`${this.journal.inFlight} letters were never delivered`);
    for (const [i, person] of this.#people.entries()) {
      const history = this.#history[i]!;
      // Read anew from the last rest on: states change, messages do not.
      history.push(...(await person.messagesAfter(this.#pair, history.at(-1)?.cursor)));
    }
    this.#faults = this.#judge();
    const { disordered, doubled, lost, strange, undelivered } = this.#faults;
    const faults = `lost ${lost}, doubled ${doubled}, disordered ${disordered}`;
    const others = `strange ${strange}, undelivered ${undelivered}, wrong ${this.#wrong.length}`;
    const acknowledged = this.journal.acknowledged;
    this.#options.say(`  ${this.#kills} kills, ${acknowledged} acknowledged: ${faults}, ${others}`);
  }

  /** Opens copies of the vaults as they lie on the disk, and reads the logs at the end. */
  async #look(atEnd: boolean): Promise<void> {
    for (const person of this.#people) {
      if (person.lives && !atEnd) continue;
      if (atEnd) await person.kill();
      const fault = await checkImage(person.dataDir, this.#options.folder);
      this.#images++;
      if (fault !== undefined) this.#note(`the vault of ${person.name}: ${fault}`);
    }
  }

  #judge(): Faults {
    const sum = { ...NO_FAULTS };
    for (const author of [0, 1] as const) {
      const { far, own } = this.shown(author);
      const faults = this.journal.judge(this.names[author], own, far);
      for (const key of Object.keys(sum) as (keyof Faults)[]) sum[key] += faults[key];
    }
    for (const person of this.#people) sum.doubled += person.shownTwice.length;
    return sum;
  }

  #outcome(): Outcome {
    return {
      random: this.#randomKills,
      kth: this.#kth,
      where: this.#where,
      acknowledged: this.journal.acknowledged,
      inFlight: this.#inFlight,
      readyMs: this.#readyMs,
      linkedMs: this.#linkedMs,
      faults: this.#faults,
      wrong: this.#wrong,
      images: this.#images,
      logs: readLogs([...this.#people, this.#third].map(({ dataDir }) => dataDir)),
    };
  }
}
