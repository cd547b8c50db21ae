/**
 * C7: a message is never shown further than it is. Somebody types 2,000 messages into the app
 * while daemons are killed, stopped and started; whenever the page paints a state, the vault of
 * the one who is said to have the message is asked at once whether it is there.
 *
 *   painted      must be committed before, at
 *   Waiting      the sender's vault
 *   Delivered    the recipient's vault
 *
 * @module
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseConversation } from '@sotto/core/people/conversation.ts';
import { readKeyFile } from '@sotto/vault/key-file.ts';
import { VaultReader } from '@sotto/vault/reader.ts';
import { Prng } from '@sotto/core/base/prng.ts';
import { openBrowser, type AppPage } from '../app/browser.ts';
import { pair, type LocalDaemon } from './a7-daemon.ts';
import type { Bar, Report } from './bar.ts';

const PORTS = [41_761, 41_762] as const;
const WORD = 'honest';
const SEED = 7;
/** Between two faults. */
const CALM_MS = 1_500;
const PAUSE_MS = 700;
const SETTLE_MS = 120_000;
const PAGE_ROWS = 500;

/** Tells of every state as it is painted: [number of the message, word, time]. */
const WATCH = `
  (() => {
    const told = new Map();
    const look = () => {
      const news = [];
      for (const row of document.querySelectorAll('article[aria-label]')) {
        const label = row.getAttribute('aria-label');
        const found = /${WORD} (\\d+) .*(Delivered|Waiting|Sending|Not sent)/.exec(label);
        if (!found || told.get(found[1]) === found[2]) continue;
        told.set(found[1], found[2]);
        news.push([Number(found[1]), found[2], Date.now()]);
      }
      if (news.length > 0) window.sottoPainted(news);
    };
    new MutationObserver(look).observe(document, {
      subtree: true, childList: true, attributes: true, attributeFilter: ['aria-label'],
    });
  })();`;

type Painted = readonly [number: number, word: string, atMs: number];

export const bar: Bar = {
  id: 'C7',
  title: 'no message is shown further than it is, whatever is killed meanwhile',
  async run(report, { folder, short }) {
    const [ana, bo] = await pair(folder, PORTS);
    const browser = await openBrowser(undefined, folder);
    try {
      await ana.call('config.set', { key: 'app.welcomed', value: 'true' });
      const { url } = await ana.call('pages.open', {});
      const app = await browser.app('about:blank', { script: WATCH });
      const judge = new Judge(await vaultOf(ana, bo.name), await vaultOf(bo, ana.name));
      await app.page.exposeFunction('sottoPainted', (news: Painted[]) => judge.take(news));
      const chat = await chatWith(ana, bo.name);
      await app.page.goto(url.replace('/#', `/c/${chat}#`));
      await typeAmidFaults(report, { ana, bo, app, judge }, short ? 100 : 2_000);
      await plantedLie(report, { ana, bo, app, judge });
    } finally {
      await browser.close();
      await ana.stop();
      await bo.stop();
    }
  },
};

interface Stage {
  readonly ana: LocalDaemon;
  readonly bo: LocalDaemon;
  readonly app: AppPage;
  readonly judge: Judge;
}

async function typeAmidFaults(report: Report, stage: Stage, count: number): Promise<void> {
  const { app, judge } = stage;
  const composer = app.page.getByRole('textbox', { name: /^Message/ });
  await composer.waitFor();
  const faults = new Faults(stage.ana, stage.bo);
  for (let i = 1; i <= count; i++) {
    await composer.fill(`${WORD} ${i} `);
    await composer.press('Enter');
  }
  await faults.end();
  const giveUpAtMs = performance.now() + SETTLE_MS;
  while (judge.recipientHas() < count && performance.now() < giveUpAtMs) await pause(200);
  // The last receipts, and the last paint.
  await pause(2_000);
  const twice = await app.page.evaluate<string[]>(`(() => {
    const rows = [...document.querySelectorAll('article[aria-label]')];
    const all = rows.map((row) => /${WORD} \\d+ /.exec(row.getAttribute('aria-label'))?.[0]);
    return all.filter((one, i) => one && all.indexOf(one) !== i);
  })()`);
  report.require(
    twice.length === 0,
    `each stands once on the page (${twice.slice(0, 5).join(',')})`,
  );
  const { kills, stops } = faults;
  report.say(`${count} typed; ${kills} kills, ${stops} stops; ${judge.seen} states painted`);
  report.say(`  ${judge.delivered} painted as Delivered, ${judge.recipientHas()} at the recipient`);
  for (const lie of judge.lies.slice(0, 5)) report.say(`  ${lie}`);
  report.require(judge.recipientHas() === count, 'all of them arrive in the end, each once');
  report.require(judge.delivered >= count / 2, 'most were watched as they became Delivered');
  report.require(kills >= 3 && stops >= 3, 'there were faults');
  report.require(judge.lies.length === 0, 'none was shown further than it was');
}

/** Kills and stops both daemons in turn, by a seeded choice, until it is ended. */
class Faults {
  kills = 0;
  stops = 0;
  #ended = false;
  readonly #done: Promise<void>;
  readonly #random = new Prng(SEED);

  constructor(
    private readonly ana: LocalDaemon,
    private readonly bo: LocalDaemon,
  ) {
    this.#done = this.#run();
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    // At least a few of each kind, however fast the typing is.
    while (!this.#ended || this.kills < 3 || this.stops < 3) {
      await pause(CALM_MS * (0.5 + this.#random.unit()));
      const victim = this.#random.unit() < 0.7 ? this.bo : this.ana;
      if (this.#random.unit() < 0.5) {
        this.kills++;
        await victim.stop('SIGKILL');
        await pause(PAUSE_MS * this.#random.unit());
        await victim.start();
      } else {
        this.stops++;
        process.kill(victim.pid, 'SIGSTOP');
        await pause(PAUSE_MS * this.#random.unit());
        process.kill(victim.pid, 'SIGCONT');
      }
    }
  }
}

/** Compares what is painted with what is on disk. */
class Judge {
  seen = 0;
  delivered = 0;
  readonly lies: string[] = [];

  constructor(
    private readonly sender: Rows,
    private readonly recipient: Rows,
  ) {}

  take(news: readonly Painted[]): void {
    for (const [number, word, atMs] of news) {
      this.seen++;
      if (word === 'Delivered') this.delivered++;
      const rows = word === 'Delivered' ? this.recipient : this.sender;
      if (word !== 'Delivered' && word !== 'Waiting') continue;
      const storedMs = rows.storedMs(number);
      if (storedMs !== undefined && storedMs <= atMs) continue;
      this.lies.push(`${number} was painted as ${word} at ${atMs}, and stored at ${storedMs}`);
    }
  }

  recipientHas(): number {
    return this.recipient.count();
  }
}

/** The messages of this bar in one vault, read from its file. */
class Rows {
  readonly #known = new Map<number, number>();
  #upTo = 0;

  constructor(
    private readonly reader: VaultReader,
    private readonly conversation: Uint8Array,
  ) {}

  storedMs(number: number): number | undefined {
    if (!this.#known.has(number)) this.#read();
    return this.#known.get(number);
  }

  count(): number {
    this.#read();
    return this.#known.size;
  }

  #read(): void {
    for (;;) {
      const { conversation } = this;
      const page = this.reader.messages({ conversation, since: this.#upTo, limit: PAGE_ROWS });
      for (const { cursor, storedMs, text } of page) {
        this.#upTo = cursor;
        const number = new RegExp(`^${WORD} (\\d+)`).exec(text ?? '')?.[1];
        if (number !== undefined) this.#known.set(Number(number), storedMs);
      }
      if (page.length < PAGE_ROWS) return;
    }
  }
}

/** A page that says Delivered while the other computer stands still. */
async function plantedLie(report: Report, { app, bo, judge }: Stage): Promise<void> {
  const before = judge.lies.length;
  process.kill(bo.pid, 'SIGSTOP');
  const composer = app.page.getByRole('textbox', { name: /^Message/ });
  await composer.fill(`${WORD} 999999 `);
  await composer.press('Enter');
  await app.page.getByRole('article', { name: /999999/ }).waitFor();
  await app.page.evaluate(`(() => {
    const rows = [...document.querySelectorAll('article')];
    const last = rows.find((row) => /999999/.test(row.getAttribute('aria-label')));
    last.setAttribute('aria-label', 'You: ${WORD} 999999 12:00. Delivered.');
  })()`);
  await pause(500);
  process.kill(bo.pid, 'SIGCONT');
  report.control(judge.lies.length > before, 'a page that says Delivered too early');
}

async function vaultOf(person: LocalDaemon, other: string): Promise<Rows> {
  const key = await readKeyFile(join(person.dataDir, 'key'), undefined);
  const conversation = parseConversation(await chatWith(person, other))!;
  return new Rows(new VaultReader(join(person.dataDir, 'vault.db'), key), conversation);
}

async function chatWith(person: LocalDaemon, name: string): Promise<string> {
  const { conversations } = await person.call('conversations.list', {});
  return conversations.find((one) => one.name === name)!.conversation;
}
