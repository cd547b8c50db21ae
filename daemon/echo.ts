/**
 * Echo, a partner inside this computer with whom anyone can try everything alone: a second node
 * with an identity, a vault and a link of its own, on the real pipeline. It listens on 127.0.0.1
 * only, dials nowhere else and takes no part in the DHT. `hi` it answers with `You said: hi`.
 *
 *   first start    Echo makes an invite; our node adds it as any other, with Echo's address
 *   later starts   our node is told Echo's address of today
 *   removed        who removes Echo from the contacts is rid of it: it is not added again
 *
 * An answer carries an id made from the message it answers, and the message counts as read only
 * then: so a crash in between makes neither a second answer nor none (API-20).
 * @module
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { hex, utf8 } from '@sotto/core/base/bytes.ts';
import { scopeOf } from '@sotto/core/base/endpoint.ts';
import { TEXT_BYTES_MAX } from '@sotto/core/base/limits.ts';
import type { Command, CommandResult } from '@sotto/core/commands.ts';
import { sha256 } from '@sotto/core/crypto/hash.ts';
import type { Notice } from '@sotto/core/effects.ts';
import { Node } from '@sotto/core/node.ts';
import { conversationText } from '@sotto/core/people/conversation.ts';
import { parseId } from '@sotto/core/people/id-text.ts';
import { hasPassphrase, wrapKey } from '@sotto/vault/vault.ts';
import type { Message } from '@sotto/vault/view.ts';
import { API_HOST } from './api-server.ts';
import { Driver, random } from './driver.ts';
import type { Log } from './logs.ts';
import { ask } from './people.ts';
import type { Store, Stores } from './store.ts';
import { listenTcp } from './tcp.ts';
import { refusalOf } from './views.ts';

export const ECHO_NAME = 'Echo';
/** Long enough for our node to dial, however slow the computer. */
const INVITE_MS = 60 * 60 * 1000;
const ROWS_PER_READ = 100;
/** Written once our node has Echo among its contacts. */
const MARK = 'introduced';

export interface EchoParts {
  /** Folder of Echo's vault; made where it is missing. */
  readonly folder: string;
  readonly stores: Stores;
  /** The profile's own store. */
  readonly store: Store;
  /** Has the profile a passphrase? Then Echo's vault opens with the profile's alone. */
  readonly isWrapped: boolean;
  readonly log: Log;
  /** Our own node. */
  readonly driver: Driver;
  readonly onFault: (error: unknown) => void;
}

export interface Echo {
  stats(): Record<string, number>;
  stop(): Promise<void>;
}

/** Was Echo ever introduced? If not, it must be before anyone can write to it. */
export function isIntroduced(folder: string): boolean {
  return existsSync(join(folder, MARK));
}

/** Starts Echo and makes it known to our node; undefined where a person has removed it. */
export async function startEcho(parts: EchoParts): Promise<Echo | undefined> {
  mkdirSync(parts.folder, { recursive: true, mode: 0o700 });
  const store = await openBeside(parts);
  const running = await EchoNode.start(parts, store);
  try {
    if (await running.meet()) return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
  await running.stop();
  return undefined;
}

/**
 * What people wrote to Echo is kept as well as all else, also where it does not run any more: its
 * key is wrapped where the profile's is (API-47).
 */
export async function keepBeside(
  folder: string,
  store: Pick<Store, 'passphraseBeside'>,
  isWrapped: boolean,
): Promise<void> {
  const beside = store.passphraseBeside();
  await wrapKey(folder, beside, isWrapped).finally(() => beside.fill(0));
}

async function openBeside({ folder, isWrapped, store, stores }: EchoParts): Promise<Store> {
  const beside = store.passphraseBeside();
  const opening = stores.open(folder, isWrapped || hasPassphrase(folder) ? beside : undefined);
  return opening.finally(() => beside.fill(0));
}

class EchoNode implements Echo {
  readonly #parts: EchoParts;
  readonly #store: Store;
  readonly #driver: Driver;
  #server: Server | undefined;
  #answering = false;
  #again = false;
  /** Rows of the feed before this have been looked at since the start. */
  #cursor = 0;

  private constructor(parts: EchoParts, store: Store) {
    this.#parts = parts;
    this.#store = store;
    this.#driver = new Driver({
      node: new Node({ random, profile: PROFILE }),
      vault: store,
      udp: undefined,
      mayDial: ({ host }) => scopeOf(host) === 'loopback',
      log: parts.log,
      onNotice: (notice) => this.#notice(notice),
      onFault: parts.onFault,
    });
  }

  static async start(parts: EchoParts, store: Store): Promise<EchoNode> {
    const echo = new EchoNode(parts, store);
    const accept = echo.#driver.streams;
    const { server, port } = await listenTcp(API_HOST, 0, (socket) => accept.accept(socket));
    echo.#server = server;
    echo.#driver.start({ udpPort: undefined, tcpPort: port, addresses: [API_HOST] });
    return echo;
  }

  /** False where our node knew Echo once and does not any more. */
  async meet(): Promise<boolean> {
    const { driver, folder } = this.#parts;
    const ours = (command: Command): Promise<CommandResult> => driver.command(command);
    const own = (command: Command): Promise<CommandResult> => this.#driver.command(command);
    const { id } = (await ask(own, { type: 'status' }, 'status')).status;
    const { contacts } = await ask(ours, { type: 'contact-list' }, 'contacts');
    const isKnown = contacts.some((contact) => contact.id === id);
    if (!isKnown && isIntroduced(folder)) return false;
    const wish = { type: 'invite-new', expiresInMs: INVITE_MS, reusable: false } as const;
    const { invite, hint } = await ask(own, wish, 'invite');
    // Where a kill or a lock cut the first meeting in the middle, a new invite mends it.
    const wanted = { text: invite.link ?? '', name: ECHO_NAME, hint };
    const added = await ours({ type: 'contact-add', ...wanted });
    const read = parseId(id);
    if (!added.ok && isKnown && read.ok) {
      driver.input({ type: 'hint', identity: read.identity, record: hint });
    } else if (!added.ok) throw refusalOf(added.error);
    if (!isIntroduced(folder)) writeFileSync(join(folder, MARK), '', { mode: 0o600 });
    this.#answer();
    return true;
  }

  stats(): Record<string, number> {
    return Object.fromEntries(
      Object.entries(this.#driver.stats()).map(([name, value]) => [`echo.${name}`, value]),
    );
  }

  async stop(): Promise<void> {
    await this.#driver.stop();
    this.#server?.close();
    await this.#store.close();
  }

  #notice(notice: Notice): void {
    if (notice.topic === 'feed') this.#answer();
  }

  #answer(): void {
    this.#again = true;
    if (this.#answering) return;
    this.#answering = true;
    this.#answerAll().catch(this.#parts.onFault);
  }

  async #answerAll(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const rows = this.#store.reader.feedAfter(this.#cursor, ROWS_PER_READ);
      for (const { cursor, message, type } of rows) {
        if (type === 'message' && !(await this.#answerOne(message))) break;
        this.#cursor = cursor;
        this.#again = true;
      }
    }
    this.#answering = false;
  }

  /** False where it could not be answered now; it is tried again when something happens. */
  async #answerOne(message: Message): Promise<boolean> {
    const { conversation, cursor, id, outgoing, text } = message;
    if (outgoing || cursor <= this.#store.reader.readUpTo(conversation)) return true;
    const to = conversationText(conversation);
    if (text !== undefined) {
      const clientId = hex(sha256(utf8('echo'), id).subarray(0, 16));
      const answer = `You said: ${text}`;
      const fits = utf8(answer).length <= TEXT_BYTES_MAX;
      const wish = { type: 'message-send', to, text: fits ? answer : text, clientId } as const;
      const sent = await this.#driver.command(wish);
      // An empty text cannot be said back; everything else can wait.
      if (!sent.ok && sent.error.code !== 'text-empty') return false;
    }
    return (await this.#driver.command({ type: 'mark-read', to, cursor })).ok;
  }
}

const PROFILE = {
  bootstrap: [],
  dht: false,
  readOnly: true,
  allowReserved: true,
  displayName: ECHO_NAME,
} as const;
