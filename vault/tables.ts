/**
 * Tables: the parts of the database that requests work on, over one connection.
 * @module
 */
import type { Database } from './database.ts';
import { Docs } from './docs.ts';
import { Feed } from './feed.ts';
import { Ledger } from './ledger.ts';
import { Messages } from './messages.ts';
import { Opened } from './opened.ts';
import { OutboxTable } from './outbox.ts';
import { Prekeys } from './prekeys.ts';
import { Search } from './search.ts';
import { Sessions } from './sessions.ts';

export class Tables {
  readonly docs: Docs;
  readonly feed: Feed;
  readonly ledger: Ledger;
  readonly messages: Messages;
  readonly opened: Opened;
  readonly outbox: OutboxTable;
  readonly prekeys: Prekeys;
  readonly search: Search;
  readonly sessions: Sessions;

  constructor(readonly db: Database) {
    this.docs = new Docs(db);
    this.feed = new Feed(db);
    this.ledger = new Ledger(db, this.feed);
    this.outbox = new OutboxTable(db);
    this.messages = new Messages(db, this.feed, this.outbox);
    this.opened = new Opened(db);
    this.prekeys = new Prekeys(db);
    this.search = new Search(db);
    this.sessions = new Sessions(db);
  }

  /** After a rollback: what is kept in memory is read again. */
  reload(): void {
    this.feed.reload();
    this.outbox.reload();
  }
}
