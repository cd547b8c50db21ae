/**
 * Names of people by conversation, as core knows them: remembered until core says that a contact
 * has changed.
 * @module
 */
import type { Command, CommandData, CommandResult, ContactView } from '@sotto/core/commands.ts';
import { refusalOf } from './views.ts';

type Data<T extends CommandData['type']> = Extract<CommandData, { type: T }>;
type Run = (command: Command) => Promise<CommandResult>;

/** Carries out a command whose answer must be of one type. @throws Refusal where core says no. */
export async function ask<T extends CommandData['type']>(
  run: Run,
  command: Command,
  type: T,
): Promise<Data<T>> {
  const result = await run(command);
  if (!result.ok) throw refusalOf(result.error);
  if (result.data.type !== type) throw new Error(`${command.type} answers ${result.data.type}`);
  return result.data as Data<T>;
}

export class People {
  readonly #run: Run;
  #names: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Who a conversation is with; empty where nobody is known by it any more. */
  async nameOf(conversation: string): Promise<string> {
    this.#names ??= this.#load();
    const known = (await this.#names).get(conversation);
    if (known !== undefined) return known;
    // Somebody new, of whom core has not told yet.
    this.#names = this.#load();
    return (await this.#names).get(conversation) ?? '';
  }

  async list(): Promise<readonly ContactView[]> {
    return (await ask(this.#run, { type: 'contact-list' }, 'contacts')).contacts;
  }

  async show(to: string): Promise<ContactView> {
    return (await ask(this.#run, { type: 'contact-show', to }, 'contact')).contact;
  }

  /** By conversation; undefined where they are a contact no more. */
  async find(conversation: string): Promise<ContactView | undefined> {
    const result = await this.#run({ type: 'contact-show', to: conversation });
    return result.ok && result.data.type === 'contact' ? result.data.contact : undefined;
  }

  /** Something about a contact has changed. */
  forget(): void {
    this.#names = undefined;
  }

  async #load(): Promise<ReadonlyMap<string, string>> {
    try {
      return new Map((await this.list()).map(({ conversation, name }) => [conversation, name]));
    } catch (error) {
      this.forget();
      throw error;
    }
  }
}
