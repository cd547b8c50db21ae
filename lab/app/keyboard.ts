/**
 * What people do, by keyboard alone: nothing is clicked, and what has the focus is told by its
 * role and name, as a screen reader would tell it.
 * @module
 */
import type { Page } from 'playwright-core';
import { EN } from '../../web/text/en/index.ts';
import type { Report } from '../bars/bar.ts';
import type { LabBrowser } from './browser.ts';

const TABS_MAX = 60;

/** From the Welcome page of a new profile to settings, with Echo as the partner. */
export async function byKeyboard(report: Report, browser: LabBrowser, link: string): Promise<void> {
  const app = await browser.app(link);
  const { page } = app;
  const done: string[] = [];
  const step = async (what: string, act: () => Promise<void>): Promise<void> => {
    await act().then(
      () => done.push(what),
      (error: Error) => report.say(`  by keyboard, ${what}: ${error.message.split('\n')[0]}`),
    );
  };
  const steps: [string, () => Promise<void>][] = [
    ['start', () => press(page, EN['welcome.start'])],
    ['try Echo', () => press(page, EN['first.echo'])],
    ['write', () => write(page, 'typed, not clicked')],
    ['read the answer', () => page.getByText('You said: typed').first().waitFor()],
    ['act on a message', () => actOnMessage(page)],
    ['find', () => find(page, 'typed, not')],
    ['details', () => press(page, EN['conversation.details'])],
    ['close them', () => page.keyboard.press('Escape')],
    ['regions', () => regions(page)],
    ['add', () => goTo(page, EN['search.command.add'], EN['add.title'])],
    ['network', () => goTo(page, EN['search.command.network'], EN['network.title'])],
    ['settings', () => goTo(page, EN['search.command.settings'], EN['settings.title'])],
  ];
  for (const [what, act] of steps) await step(what, act);
  const every = done.length === steps.length;
  report.require(every, `by keyboard alone: ${done.length} of ${steps.length} steps`);
  await app.close();
}

/** Tabs to what has this name, and presses Enter. */
async function press(page: Page, name: string): Promise<void> {
  await page
    .getByText(name, { exact: true })
    .or(page.getByLabel(name, { exact: true }))
    .first()
    .waitFor();
  for (let i = 0; i < TABS_MAX; i++) {
    if ((await focusedName(page)).startsWith(name)) return page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reaches “${name}”`);
}

function focusedName(page: Page): Promise<string> {
  return page.evaluate<string>(
    `(() => {
      const at = document.activeElement;
      return (at?.getAttribute('aria-label') ?? at?.textContent ?? '').trim();
    })()`,
  );
}

async function write(page: Page, text: string): Promise<void> {
  await page.locator('textarea:focus').waitFor();
  await page.keyboard.insertText(text);
  await page.keyboard.press('Enter');
}

/** From the composer to the newest message, its menu, and back. */
async function actOnMessage(page: Page): Promise<void> {
  await page.keyboard.press('Shift+Tab');
  for (let i = 0; i < TABS_MAX && !(await isArticle(page)); i++)
    await page.keyboard.press('Shift+Tab');
  if (!(await isArticle(page))) throw new Error('no message gets the focus');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem').first().waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('menu').waitFor({ state: 'detached' });
  if (!(await isArticle(page))) throw new Error('the focus is not back on the message');
}

function isArticle(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(`document.activeElement?.localName === 'article'`);
}

async function find(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.locator('input:focus').waitFor();
  await page.keyboard.insertText(text);
  await page
    .getByRole('option', { name: new RegExp(text) })
    .first()
    .waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('feed').waitFor();
}

/** F6 goes round through every region and comes back. */
async function regions(page: Page): Promise<void> {
  const visited = new Set<string>();
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('F6');
    visited.add(
      await page.evaluate<string>(
        `document.activeElement?.closest('[data-region]')?.className ?? 'none'`,
      ),
    );
  }
  if (visited.has('none') || visited.size < 3) throw new Error(`F6 visits ${visited.size} regions`);
}

async function goTo(page: Page, command: string, title: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.locator('input:focus').waitFor();
  await page.keyboard.insertText(command);
  await page.getByRole('option', { name: command }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: title }).waitFor();
}
