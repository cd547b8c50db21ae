/**
 * Schema version 1. Committed: a change of the schema is a new file beside this one (VLT-24).
 *
 * `events` is the heart: everything anybody said, as its author encoded it. An author is a device
 * in one conversation. `shown_from` is the first sequence that counts as missing when it is not
 * there; `next` is the first sequence not yet shown in order. `waiting` counts the outbox rows of
 * an event.
 *
 * Every index is one more page in every commit, and a page costs more than a statement: there are
 * none for what only `cancel` and `forget` look up.
 * @module
 */
export const V1 = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;

CREATE TABLE docs (
  space TEXT NOT NULL,
  key BLOB NOT NULL,
  value BLOB NOT NULL,
  UNIQUE (space, key)
) STRICT;

CREATE TABLE sessions (address TEXT NOT NULL UNIQUE, record BLOB NOT NULL) STRICT;

CREATE TABLE prekeys (
  id INTEGER PRIMARY KEY,
  created_ms INTEGER NOT NULL,
  retired_ms INTEGER,
  ec BLOB NOT NULL,
  kyber BLOB NOT NULL
) STRICT;

CREATE TABLE base_keys (
  prekey INTEGER NOT NULL,
  base_key BLOB NOT NULL,
  PRIMARY KEY (prekey, base_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
  id INTEGER PRIMARY KEY,
  conversation BLOB NOT NULL UNIQUE,
  read_cursor INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE devices (id INTEGER PRIMARY KEY, device BLOB NOT NULL UNIQUE) STRICT;

CREATE TABLE authors (
  id INTEGER PRIMARY KEY,
  conversation INTEGER NOT NULL,
  device INTEGER NOT NULL,
  shown_from INTEGER NOT NULL DEFAULT 1,
  next INTEGER NOT NULL DEFAULT 1,
  head BLOB,
  UNIQUE (conversation, device)
) STRICT;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  event BLOB NOT NULL UNIQUE,
  conversation INTEGER NOT NULL,
  author INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  kind TEXT NOT NULL,
  bytes BLOB NOT NULL,
  stored_ms INTEGER NOT NULL,
  ours INTEGER NOT NULL,
  held INTEGER NOT NULL,
  applied INTEGER NOT NULL,
  fork INTEGER NOT NULL DEFAULT 0,
  state INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  receipts INTEGER NOT NULL DEFAULT 0,
  delivered_ms INTEGER,
  route TEXT,
  client BLOB,
  cursor INTEGER
) STRICT;
CREATE INDEX events_by_author ON events (author, sequence);
CREATE INDEX events_by_cursor ON events (conversation, cursor, ours) WHERE cursor IS NOT NULL;
CREATE UNIQUE INDEX events_by_client ON events (client) WHERE client IS NOT NULL;
CREATE INDEX events_held ON events (author, sequence) WHERE held = 1;
CREATE INDEX events_unapplied ON events (id) WHERE applied = 0;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  event INTEGER NOT NULL,
  device INTEGER,
  bytes INTEGER NOT NULL,
  envelope BLOB,
  kind TEXT,
  ciphertext BLOB
) STRICT;
CREATE INDEX outbox_by_device ON outbox (device, event);
CREATE UNIQUE INDEX outbox_by_envelope ON outbox (envelope) WHERE envelope IS NOT NULL;

CREATE TABLE opened (
  device INTEGER NOT NULL,
  envelope BLOB NOT NULL,
  age INTEGER NOT NULL,
  PRIMARY KEY (device, envelope)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed (
  cursor INTEGER PRIMARY KEY,
  type TEXT NOT NULL,
  event INTEGER NOT NULL
) STRICT;

CREATE VIRTUAL TABLE search USING fts5(
  text, tokenize = 'trigram', content = '', contentless_delete = 1
);
`;
