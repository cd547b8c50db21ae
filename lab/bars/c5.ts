/**
 * C5: other people's words stay words. Hostile texts through every place where the app shows them,
 * in real Chromium under the page's own policy: bodies, names, search, paste, links. Then names
 * that look like others, and names that would turn the text around them.
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import { Secret } from '@sotto/core/crypto/keys.ts';
import { SigningKey } from '@sotto/core/crypto/sign.ts';
import { formatId } from '@sotto/core/people/id-text.ts';
import { openBrowser, type AppPage } from '../app/browser.ts';
import { HIT, TRAP, lookAlikes, payloads, turning } from '../app/payloads.ts';
import { freshId, pair, type LocalDaemon } from './a7-daemon.ts';
import type { Bar, Report } from './bar.ts';

const PORTS = [41_751, 41_752] as const;
const SEED = 5;
/** So often nothing new may come before the beginning is reached. */
const STILL_MAX = 30;
/** What the app itself is made of. */
const ALLOWED =
  'html head meta title link script body div span main nav aside header footer section article ' +
  'h1 h2 h3 h4 h5 p a bdi b strong em i del s u code pre mark kbd small sub sup br hr q ' +
  'blockquote ul ol li dl dt dd time table thead tbody tr th td figure figcaption label input ' +
  'textarea button form fieldset legend select option dialog details summary output progress ' +
  'img canvas video ' +
  'svg path circle line rect polyline polygon ellipse g defs';
/** Counts calls, and every element, attribute and address that the app has no use for. */
const WATCH = `
  window.sottoHits = [];
  Object.defineProperty(window, '${HIT}', { value: () => window.sottoHits.push('called') });
  document.addEventListener('securitypolicyviolation', (event) =>
    window.sottoHits.push('policy: ' + event.violatedDirective + ' ' + event.blockedURI));
  window.sottoScan = () => {
    const allowed = new Set('${ALLOWED}'.split(' '));
    const bad = [];
    for (const element of document.querySelectorAll('*')) {
      const name = element.localName;
      if (!allowed.has(name)) bad.push('<' + name + '>');
      for (const { name: key, value } of element.attributes) {
        if (/^on/.test(key) || key === 'srcdoc' || key === 'formaction') bad.push(name + ' ' + key);
        if (/^(href|src|action|xlink:href)$/.test(key) &&
          !/^(https?:|mailto:|sotto:|blob:|[#/])/.test(value)) bad.push(key + '=' + value);
        if (key === 'src' && !value.startsWith('/') && !value.startsWith('blob:') &&
          !value.startsWith(location.origin)) bad.push(name + ' src=' + value);
      }
    }
    return bad;
  };`;

interface Amounts {
  readonly bodies: number;
  readonly others: number;
  readonly names: number;
}

export const bar: Bar = {
  id: 'C5',
  title: 'hostile texts and names stay text, in real Chromium',
  async run(report, { folder, short }) {
    const amounts = short
      ? { bodies: 300, others: 60, names: 60 }
      : { bodies: 14_000, others: 2_000, names: 5_000 };
    const [ana, bo] = await pair(folder, PORTS);
    const browser = await openBrowser(undefined, folder);
    try {
      await ana.call('config.set', { key: 'app.welcomed', value: 'true' });
      const { url } = await ana.call('pages.open', {});
      const app = await browser.app(url, { script: WATCH });
      await hostileTexts(report, { ana, bo, app }, amounts);
      await hostileNames(report, { ana, bo, app }, amounts.names);
      await planted(report, app);
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
}

async function hostileTexts(report: Report, stage: Stage, amounts: Amounts): Promise<void> {
  const { ana, app, bo } = stage;
  const { page } = app;
  const hostile = payloads(SEED);
  const next = (): string => hostile.next().value;
  for (let i = 0; i < amounts.bodies; i += 50) {
    const texts = Array.from({ length: Math.min(50, amounts.bodies - i) }, next);
    const send = (text: string) =>
      bo.call('messages.send', { to: ana.name, text: text || '.', clientId: freshId() });
    await Promise.all(texts.map(send));
  }
  const chat = await arrived(ana, bo.name, amounts.bodies);
  await page.goto(new URL(`/c/${chat}`, page.url()).href);
  await page.getByRole('feed').waitFor();
  const found = new Set<string>();
  const shown = await scrollThrough(page, found);
  report.say(`bodies: ${amounts.bodies} sent, ${shown} drawn`);
  report.require(shown >= amounts.bodies, 'every body was on the screen');

  for (let i = 0; i < amounts.others; i++) {
    await ana.call('contacts.rename', { to: chat, name: nameOf(next(), i) });
    if (i % 20 === 0) await scan(page, found);
  }
  await ana.call('contacts.rename', { to: chat, name: bo.name });
  for (let i = 0; i < amounts.others; i++) {
    await ana.call('drafts.set', { to: chat, text: next() });
    if (i % 40 === 0) {
      await page.reload();
      await page.getByRole('feed').waitFor();
      await scan(page, found);
    }
  }
  await paste(page, next, amounts.others, found);
  await page.goto(new URL('/search', page.url()).href);
  const field = page.getByRole('combobox').first();
  for (let i = 0; i < amounts.others; i++) {
    await field.fill(next().slice(0, 250));
    if (i % 20 === 0) await scan(page, found);
  }
  await scan(page, found);
  const sent = amounts.bodies + 4 * amounts.others;
  report.say(`texts: ${sent} (bodies, names, drafts, pastes, searches)`);
  judge(report, app, found);
}

function judge(report: Report, app: AppPage, found: ReadonlySet<string>): void {
  for (const one of [...found].slice(0, 10)) report.say(`  ${one}`);
  for (const one of app.problems.slice(0, 5)) report.say(`  console: ${one}`);
  const trapped = app.requests.filter((url) => url.startsWith(TRAP));
  const origin = new URL(app.page.url()).origin;
  report.require(
    found.size === 0,
    'no script, no element and no address that is not the app’s own',
  );
  report.require(trapped.length === 0, 'no request to where a text wanted');
  report.require(app.foreignRequests(origin).length === 0, 'no request to anywhere else');
  report.require(app.problems.length === 0, 'nothing that the policy had to stop');
}

/** What the core would clean away must not be left to it: the page is judged by what it shows. */
async function hostileNames(report: Report, stage: Stage, count: number): Promise<void> {
  const { ana, app, bo } = stage;
  const { page } = app;
  await page.goto(new URL('/', page.url()).href);
  const list = page.getByRole('listbox').or(page.getByRole('list')).first();
  await list.waitFor();
  const stranger = await strangerOf(ana);
  const known = 'Jason Wexley';
  await ana.call('contacts.rename', { to: bo.name, name: known });
  let unmarked = 0;
  const twins = lookAlikes(known, SEED);
  const turned = turning(known, SEED);
  let raw = 0;
  for (let i = 0; i < count; i++) {
    const isTwin = i % 2 === 0;
    const name = isTwin ? twins.next().value : turned.next().value;
    const contact = await ana
      .call('contacts.rename', { to: stranger, name })
      .catch(() => undefined); // the same name twice
    if (contact === undefined) continue;
    if (isTwin && contact.looksLike === undefined) unmarked++;
    if (i % 25 !== 0) continue;
    await page.getByText(contact.name, { exact: true }).first().waitFor();
    const marks = await page.getByRole('img', { name: /^Looks like/ }).count();
    if (contact.looksLike !== undefined && marks === 0) unmarked++;
    raw += await turningCharacters(page);
  }
  report.require(unmarked === 0, `names that look like another are marked (${count / 2})`);
  report.require(raw === 0, `names that turn the text are never shown raw (${count / 2})`);
}

/** Somebody known by their ID alone, who was never met. */
async function strangerOf(ana: LocalDaemon): Promise<string> {
  const key = new SigningKey(new Secret('identity', randomBytes(32)));
  const text = formatId(key.publicKey);
  return (await ana.call('contacts.add', { text, name: 'Stranger' })).conversation;
}

function turningCharacters(page: Page): Promise<number> {
  return page.evaluate<number>(
    `[...document.body.textContent.matchAll(
      /[\\u202a-\\u202e\\u2066\\u2067\\u061c\\u200f\\u200b]/g)].length`,
  );
}

/** From where it opens to the newest, then to the oldest. @returns how many were drawn. */
async function scrollThrough(page: Page, found: Set<string>): Promise<number> {
  const drawn = new Set<string>();
  const box = await page.getByRole('feed').boundingBox();
  if (!box) throw new Error('the messages are nowhere');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  let step = 0.7 * box.height;
  for (let still = 0; step > 0 || still < STILL_MAX;) {
    if (step > 0 && still >= STILL_MAX) {
      step = -step;
      still = 0;
    }
    const rows = await page.evaluate<string[]>(
      `[...document.querySelectorAll('article')].map((row) => row.dataset.row)`,
    );
    const before = drawn.size;
    for (const row of rows) drawn.add(row);
    still = drawn.size === before ? still + 1 : 0;
    if (drawn.size % 3 === 0 || still > 0) await scan(page, found);
    await page.mouse.wheel(0, step);
    // One frame, so that what was scrolled to is drawn.
    await page.waitForTimeout(still > 2 ? 200 : 25);
  }
  return drawn.size;
}

async function scan(page: Page, found: Set<string>): Promise<void> {
  const seen = await page.evaluate<string[]>('[...window.sottoScan(), ...window.sottoHits]');
  for (const one of seen) found.add(one);
}

async function paste(
  page: Page,
  next: () => string,
  count: number,
  found: Set<string>,
): Promise<void> {
  const composer = page.getByRole('textbox', { name: /^Message/ });
  await composer.focus();
  for (let i = 0; i < count; i++) {
    const text = JSON.stringify(next());
    await page.evaluate(`(() => {
      const data = new DataTransfer();
      data.setData('text/plain', ${text});
      data.setData('text/html', ${text});
      const paste = new ClipboardEvent('paste',
        { clipboardData: data, bubbles: true, cancelable: true });
      const field = document.activeElement;
      if (field.dispatchEvent(paste)) field.setRangeText(${text});
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    })()`);
    if (i % 20 === 0) await scan(page, found);
    if (i % 20 === 0) await composer.fill('');
  }
  await composer.fill('');
}

/** The same eyes on a page that is built carelessly. */
async function planted(report: Report, app: AppPage): Promise<void> {
  await app.page.evaluate(`(() => {
    const careless = document.createElement('x-careless');
    careless.setAttribute('formaction', 'javascript:1');
    document.body.append(careless);
    window['${HIT}'](1);
  })()`);
  const found = new Set<string>();
  await scan(app.page, found);
  report.control(found.size >= 3, 'an element, an attribute and a call that are not its own');
}

async function arrived(ana: LocalDaemon, from: string, count: number): Promise<string> {
  for (;;) {
    const { conversations } = await ana.call('conversations.list', {});
    const chat = conversations.find(({ name }) => name === from);
    if (chat && chat.unread >= count) return chat.conversation;
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** Names cannot be empty, and no two are the same. */
function nameOf(text: string, i: number): string {
  return `${i} ${text}`.slice(0, 250);
}
