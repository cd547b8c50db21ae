/**
 * Journeys: what people do with the app, one function each, by what they see: names of buttons
 * and fields, never the structure of the page. An action is a click, or a key beyond the typed
 * content; each journey counts its own, so that a bar can hold them to the design's limits.
 * @module
 */
import { EN } from '../../web/text/en/index.ts';
import type { Page } from 'playwright-core';

/** Counts what a person does. */
export class Hands {
  actions = 0;

  constructor(readonly page: Page) {}

  async click(role: 'button' | 'link' | 'radio', name: string | RegExp): Promise<void> {
    this.actions++;
    await this.page.getByRole(role, { name, exact: true }).first().click();
  }

  async press(key: string): Promise<void> {
    this.actions++;
    await this.page.keyboard.press(key);
  }

  /** Content, not an action: into what is focused. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.insertText(text);
  }
}

/** The first page of a new profile, opened with or without an invite, until it has been left. */
export async function welcome(hands: Hands): Promise<void> {
  const title = hands.page.getByRole('heading', { name: EN['welcome.title'] });
  await title.waitFor();
  await hands.click('button', EN['welcome.start']);
  // Who goes elsewhere before it is stored that they were here comes back here.
  await title.waitFor({ state: 'detached' });
}

export async function sendHere(hands: Hands, text: string): Promise<void> {
  const composer = hands.page.getByRole('textbox', { name: /^Message/ });
  await composer.waitFor();
  // The page puts the focus there itself: nothing is clicked.
  await hands.page.locator('textarea:focus').waitFor();
  await hands.type(text);
  await hands.press('Enter');
}

/** Waits until a text stands in the conversation that is open. */
export async function seen(page: Page, text: string, timeoutMs = 60_000): Promise<void> {
  const found = page.getByRole('feed').getByText(text, { exact: true });
  await found.first().waitFor({ timeout: timeoutMs });
}

/** From the first pages: an invite, made and copied. @returns the text that was copied. */
export async function copyInvite(hands: Hands): Promise<string> {
  await hands.click('button', EN['first.make']);
  await hands.click('button', EN['invite.make']);
  const shown = hands.page.getByRole('textbox', { name: EN['invite.link'] });
  return await shown.inputValue();
}

/** From the list of chats: an ID is pasted, and its owner asked although it may show an address. */
export async function askById(hands: Hands, id: string, name: string): Promise<void> {
  await hands.click('link', EN['chats.add']);
  await hands.page.locator('textarea:focus').waitFor();
  await hands.type(id);
  await hands.page.getByRole('textbox', { name: EN['add.name'] }).fill(name);
  await hands.page.getByRole('textbox', { name: EN['add.hello'] }).fill('Ana here');
  await hands.click('button', EN['add.ask']);
  await hands.click('button', EN['add.held.send']);
}

/** In a conversation: the other person's digits are typed in. */
export async function verifyByDigits(hands: Hands, digits: string): Promise<void> {
  await hands.click('button', EN['conversation.details']);
  await hands.click('link', EN['details.compare']);
  const field = hands.page.getByRole('textbox', { name: /number from the screen/ });
  await field.waitFor();
  hands.actions++;
  await field.fill(digits);
  await hands.press('Enter');
  await hands.page
    .getByText(/Verified on/)
    .first()
    .waitFor();
}

/** From the list of chats: the rule of one of them is set. What is looser is agreed to. */
export async function setRoute(
  hands: Hands,
  name: string,
  policy: 'auto' | 'hidden' | 'direct' | 'lan',
): Promise<void> {
  const words = EN[`route.policy.${policy}`];
  await hands.click('link', new RegExp(`^${name}\\b`));
  await hands.click('link', new RegExp(`^${EN['conversation.route'].replace('{route}', '')}`));
  await hands.click('radio', new RegExp(`^${words}`));
}
