/**
 * The contract between the daemon and its screens: every method, every event, as zod schemas.
 *
 *   POST /api/v1/<method>          body: params as JSON        Authorization: Bearer <token>
 *     200  {"v":1,"ok":true,"data":{...}}                      data: result of the method
 *     4xx  {"v":1,"ok":false,"error":{...}}                    error: ApiErrorBody (errors.ts)
 *
 *   GET /api/v1/events?from=<cursor>                           NDJSON, one `StreamEvent` per line
 *     The first line is always a `network` event with the cursor at which the stream stands.
 *     Then, with `from`, what was stored after that cursor; then what happens. `message` and
 *     `state` are stored and carry a cursor; the others say how things are now. Empty lines keep
 *     the connection warm. A client that reads too slowly is dropped and resumes by its cursor.
 *
 * Times are RFC 3339 in UTC, sizes are bytes, durations milliseconds with `Ms` in the name.
 * Within v1 fields are only added. Results mirror the views of core/commands.ts, with times as
 * text; a field that has no value is left out. Spec: docs/spec/cli.md.
 * @module
 */
import * as z from 'zod';
import { PROFILE_METHODS } from './profiles.ts';
import { RELAY_METHODS } from './relay.ts';
import { Asking, Held, Policy, Route, RouteName } from './route.ts';
import {
  API_VERSION,
  INVITE_EXPIRES_MS_DEFAULT,
  INVITE_EXPIRES_MS_MAX,
  INVITE_EXPIRES_MS_MIN,
  LOG_LINES_MAX,
  HITS_MAX,
  MESSAGES_PAGE_MAX,
} from './wire.ts';

export * from './profiles.ts';
export * from './route.ts';
export * from './wire.ts';

const INPUT_CHARS_MAX = 4096;
const HELLO_CHARS_MAX = 480;
const FIND_CHARS_MAX = 256;
/** A path of the app, such as /c/c_7k2/info: no host, no query, no fragment. */
const PAGE_PATH = /^\/[a-z0-9_/-]{0,200}$/;

const time = z.iso.datetime();
const count = z.int().min(0);
const hexId = z.string().regex(/^[0-9a-f]{32}$/);
/** `c_` and the rest of the text form of a conversation id. */
const conversationId = z.string().regex(/^c_[0-9a-z]+$/);
/** Opaque: a place in the feed of messages and states. */
const cursor = z.string().regex(/^[0-9A-Za-z_-]{1,64}$/);
/** A name, an ID text, or a conversation id. */
const to = z.string().min(1).max(INPUT_CHARS_MAX);
const none = z.strictObject({});

export const Status = z.object({
  /** The whole ID, `sotto:` and 56 characters. */
  id: z.string(),
  online: z.boolean(),
  /** Reachable nodes of the network that finds people. */
  helpers: count,
  /** True where the settings say that helpers are asked and none is answered. */
  readOnly: z.boolean(),
  externalAddress: z.string().optional(),
  contacts: count,
  linked: count,
  /** Messages that have not reached their person. */
  waiting: count,
  /** People who knocked and wait to be let in. */
  requests: count,
  /** Can people who have the ID alone ask to be let in? */
  doorOpen: z.boolean(),
  /** This device also runs somewhere else: contacts cannot find this one any more. */
  secondCopy: z.boolean(),
  /** Of the daemon: */
  version: z.string(),
  pid: z.int(),
  startedAt: time,
});
export type Status = z.infer<typeof Status>;

export const Invite = z.object({
  invite: z.string(),
  /** The text to hand over; left out once used up, revoked or expired. A secret: never log it. */
  link: z.string().optional(),
  createdAt: time,
  expiresAt: time,
  reusable: z.boolean(),
  state: z.enum(['open', 'used', 'expired', 'revoked']),
  /** IDs of those who used it. */
  usedBy: z.array(z.string()),
});
export type Invite = z.infer<typeof Invite>;

export const Contact = z.object({
  conversation: conversationId,
  id: z.string(),
  name: z.string(),
  state: z.enum(['added', 'connected', 'blocked']),
  online: z.boolean(),
  route: RouteName,
  /** Directly, through openings that the routers of both made. */
  punched: z.literal(true).optional(),
  /** Whatever leaves for them goes by our proxy: they see no address of ours. */
  proxied: z.literal(true).optional(),
  /** By which ways we let it be reached. */
  policy: Policy,
  waiting: count,
  devices: count,
  lastSeenAt: time.optional(),
  asking: Asking.optional(),
  /** When a person found the safety number the same; left out for never. */
  verifiedAt: time.optional(),
  /** The name of another contact that looks like this one. */
  looksLike: z.string().optional(),
});
export type Contact = z.infer<typeof Contact>;

/** Somebody who has our ID and asks to be let in. */
export const Request = z.object({
  /** The conversation it would become: names the request. */
  conversation: conversationId,
  id: z.string(),
  /** As they call themselves. */
  name: z.string().optional(),
  /** A contact has this name already, and is somebody else. */
  knownName: z.boolean(),
  text: z.string(),
  time,
});
export type Request = z.infer<typeof Request>;

export const Door = z.object({
  open: z.boolean(),
  /** Relays keep the IP address from those who have the ID; of a shut door: they would. */
  hidden: z.boolean(),
  /** Pointers are signed ahead until then. */
  signedUntil: time.optional(),
  /** The last time it reached the network, and how many nodes hold all of it. */
  putAt: time.optional(),
  copies: count,
  /** The last look at who knocked, and how many of the slots are taken. */
  lookedAt: time.optional(),
  slotsTaken: count,
  slots: count,
});
export type Door = z.infer<typeof Door>;

/** `received` is the state of what others wrote; the rest are of what we wrote. */
export const MessageState = z.enum(['waiting', 'delivered', 'cancelled', 'received']);
export type MessageState = z.infer<typeof MessageState>;

export const Message = z.object({
  event: hexId,
  conversation: conversationId,
  cursor,
  outgoing: z.boolean(),
  /** Name of the author as this profile knows it; ours where `outgoing`. */
  author: z.string(),
  /** `text`, or a kind that this version does not know: then `text` is empty. */
  kind: z.string(),
  text: z.string(),
  /** The author's clock: for display only. */
  time,
  /** When this device stored it. */
  storedAt: time,
  state: MessageState,
  deliveredAt: time.optional(),
  /** The route it went by or came by, where known. */
  route: RouteName.optional(),
  /** True for what we wrote, and for what was marked read. */
  read: z.boolean(),
  /** The author's previous message has not arrived: a gap. */
  gapBefore: z.boolean(),
  /** Another message claims the same place of this author. */
  fork: z.boolean(),
});
export type Message = z.infer<typeof Message>;

export const Conversation = z.object({
  conversation: conversationId,
  id: z.string(),
  name: z.string(),
  state: Contact.shape.state,
  online: z.boolean(),
  route: RouteName,
  /** Directly, through openings that the routers of both made. */
  punched: z.literal(true).optional(),
  /** Whatever leaves for them goes by our proxy: they see no address of ours. */
  proxied: z.literal(true).optional(),
  /** By which ways we let it be reached. */
  policy: Policy,
  unread: count,
  waiting: count,
  /** Everything up to and with this cursor is read. */
  readUpTo: cursor,
  /** What was typed here and not sent. */
  draft: z.string().optional(),
  asking: Asking.optional(),
  verifiedAt: time.optional(),
  looksLike: z.string().optional(),
  /** Of a long text only the first LAST_TEXT_CHARS are here. */
  last: Message.optional(),
});
export type Conversation = z.infer<typeof Conversation>;

/** A message that a search found, and the name of the conversation it is in. */
export const Hit = z.object({ message: Message, name: z.string() });
export type Hit = z.infer<typeof Hit>;

/** What a pasted text is, read without any network. `known`: the conversation it would lead to. */
export const Peek = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('invite'),
    /** Of who made it. */
    id: z.string(),
    /** What they are called here, where they are known. */
    name: z.string().optional(),
    expiresAt: time.optional(),
    known: conversationId.optional(),
  }),
  z.object({
    kind: z.literal('id'),
    id: z.string(),
    name: z.string().optional(),
    known: conversationId.optional(),
  }),
]);
export type Peek = z.infer<typeof Peek>;

const ConfigValue = z.union([z.string(), z.number(), z.boolean()]);
export const ConfigEntry = z.object({
  key: z.string(),
  value: ConfigValue,
  /** Where the value comes from; the leftmost that is set wins. */
  source: z.enum(['flag', 'environment', 'file', 'default']),
  default: ConfigValue,
  about: z.string(),
  /** True where a change takes effect at the next start only. */
  restart: z.boolean(),
});
export type ConfigEntry = z.infer<typeof ConfigEntry>;

export const LogLine = z.object({
  time,
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string(),
  fields: z.record(z.string(), ConfigValue).optional(),
});
export type LogLine = z.infer<typeof LogLine>;

/** What the network doctor has found out about one thing; made by checks.ts. */
export const Check = z.object({
  /** Names of checks.ts: which check, and which of its findings. */
  check: z.string(),
  finding: z.string(),
  /** `skipped`: nothing can be said. */
  state: z.enum(['ok', 'warn', 'fail', 'skipped']),
  title: z.string(),
  /** One sentence or two: what is so, and what is safe. */
  message: z.string(),
  /** What to do. */
  hint: z.string().optional(),
  /** Where it is an error of the registry. */
  code: z.string().optional(),
});
export type Check = z.infer<typeof Check>;

function atMostOneBound(bounds: {
  before?: string | undefined;
  after?: string | undefined;
  around?: string | undefined;
}): boolean {
  const { after, around, before } = bounds;
  return [after, around, before].filter((bound) => bound !== undefined).length <= 1;
}

/** Every method: what it takes and what it gives. Commands of core map to them one to one. */
export const METHODS = {
  'status.get': { params: none, result: Status },
  'invites.create': {
    params: z.strictObject({
      expiresInMs: z
        .int()
        .min(INVITE_EXPIRES_MS_MIN)
        .max(INVITE_EXPIRES_MS_MAX)
        .default(INVITE_EXPIRES_MS_DEFAULT),
      reusable: z.boolean().default(false),
    }),
    result: Invite,
  },
  'invites.list': { params: none, result: z.object({ invites: z.array(Invite) }) },
  'invites.revoke': { params: z.strictObject({ invite: to }), result: z.object({}) },
  'contacts.add': {
    /** `text`: an invite or an ID as a person pasted it, other words around it allowed. */
    params: z.strictObject({
      text: to,
      name: z.string().min(1).max(256).optional(),
      /** Of an ID alone: what they read with the request. */
      hello: z.string().max(HELLO_CHARS_MAX).optional(),
      /** Of an ID alone, while no relay hides our IP address: send it all the same. */
      anyway: z.boolean().optional(),
      /**
       * By which ways they may be reached; else as `routes.default` says, or as it was. Refused
       * with `route-looser` where somebody who is there already would see more of our address.
       */
      policy: Policy.optional(),
    }),
    result: Contact,
  },
  /** What a pasted text is: nothing is stored and nothing leaves. Errors as of `contacts.add`. */
  'contacts.peek': { params: z.strictObject({ text: to }), result: Peek },
  /** `look`: look at the door first, which takes some seconds. */
  'requests.list': {
    params: z.strictObject({ look: z.boolean().default(false) }),
    result: z.object({ requests: z.array(Request), doorOpen: z.boolean() }),
  },
  /** Of a contact who knocks the policy stays without one; `route-looser` as of `contacts.add`. */
  'requests.accept': {
    params: z.strictObject({ who: to, policy: Policy.optional() }),
    result: Contact,
  },
  /** They are told nothing. */
  'requests.decline': { params: z.strictObject({ who: to }), result: z.object({}) },
  /** They are told nothing, and nothing of theirs is read again. */
  'requests.block': { params: z.strictObject({ who: to }), result: Contact },
  'door.status': { params: none, result: Door },
  /** Refused without `anyway` where no relay hides the IP address: see `hidden`. */
  'door.open': { params: z.strictObject({ anyway: z.boolean().default(false) }), result: Door },
  'door.shut': { params: none, result: Door },
  'contacts.list': { params: none, result: z.object({ contacts: z.array(Contact) }) },
  'contacts.show': { params: z.strictObject({ to }), result: Contact },
  'contacts.rename': {
    params: z.strictObject({ to, name: z.string().min(1).max(256) }),
    result: Contact,
  },
  'contacts.block': { params: z.strictObject({ to }), result: Contact },
  'contacts.unblock': { params: z.strictObject({ to }), result: Contact },
  /**
   * `digits`: those of the other person's screen; `numbers-differ` where they are not ours.
   * `mark`: remember or forget that they are the same; with `digits`, only where they are.
   */
  'contacts.verify': {
    params: z.strictObject({
      to,
      digits: z.string().max(INPUT_CHARS_MAX).optional(),
      mark: z.boolean().optional(),
    }),
    result: z.object({ contact: Contact, safetyNumber: z.string().regex(/^\d{60}$/) }),
  },
  /** Deletes the person and the conversation on this device. */
  'contacts.remove': { params: z.strictObject({ to }), result: z.object({}) },
  'conversations.list': {
    params: none,
    result: z.object({ conversations: z.array(Conversation) }),
  },
  'messages.send': {
    /**
     * `clientId`: 32 hex characters; the same one twice is the same message. Length in bytes is
     * checked by core (E25), so that the sentence can name both sizes.
     */
    params: z.strictObject({ to, text: z.string(), clientId: hexId }),
    /** Stored for good on this device. `duplicate`: this clientId was there before. */
    result: z.object({ event: hexId, conversation: conversationId, duplicate: z.boolean() }),
  },
  'messages.list': {
    params: z
      .strictObject({
        to,
        limit: z.int().min(1).max(MESSAGES_PAGE_MAX).default(50),
        /** The page that ends right before this cursor; without any bound, the newest page. */
        before: cursor.optional(),
        /** The page that begins right after this cursor. At most one of the three is given. */
        after: cursor.optional(),
        /** The page with this cursor in its middle. */
        around: cursor.optional(),
        /** Only what was stored at or after this time. */
        since: time.optional(),
      })
      .refine(atMostOneBound, 'at most one of before, after and around'),
    /** Oldest first. `more`: older ones exist. `newer`: newer ones exist. */
    result: z.object({
      conversation: conversationId,
      name: z.string(),
      messages: z.array(Message),
      more: z.boolean(),
      newer: z.boolean(),
    }),
  },
  /** Messages whose text has `text` in it, part-words included; newest first. Local only. */
  'messages.find': {
    params: z.strictObject({
      text: z.string().min(1).max(FIND_CHARS_MAX),
      /** Only of this conversation. */
      in: to.optional(),
      from: z.enum(['me', 'them']).optional(),
      /** Only what was stored before, or at or after, this time. */
      before: time.optional(),
      after: time.optional(),
      limit: z.int().min(1).max(HITS_MAX).default(50),
    }),
    /** `more`: not all of them are here. */
    result: z.object({ hits: z.array(Hit), more: z.boolean() }),
  },
  /** What was typed and not sent, kept encrypted across restarts; the empty text forgets it. */
  'drafts.set': { params: z.strictObject({ to, text: z.string() }), result: z.object({}) },
  'messages.cancel': { params: z.strictObject({ event: hexId }), result: z.object({}) },
  /** Everything up to and with `cursor` is read. */
  'messages.markRead': { params: z.strictObject({ to, cursor }), result: z.object({}) },
  'route.show': { params: z.strictObject({ to }), result: Route },
  /**
   * Refused with `route-looser` where it lets them see more of our address than before and `looser`
   * does not say that a person agrees. What is tightened holds before this answers.
   */
  'route.set': {
    params: z.strictObject({ to, policy: Policy, looser: z.literal(true).optional() }),
    result: z.object({ route: Route }),
  },
  'config.list': { params: none, result: z.object({ entries: z.array(ConfigEntry) }) },
  'config.get': { params: z.strictObject({ key: z.string() }), result: ConfigEntry },
  /** Writes the profile's file. `value` as typed; null goes back to the default. */
  'config.set': {
    params: z.strictObject({ key: z.string(), value: z.string().max(4096).nullable() }),
    result: ConfigEntry,
  },
  'logs.tail': {
    /** `after`: the `next` of an earlier answer; then only newer lines come. */
    params: z.strictObject({
      limit: z.int().min(1).max(LOG_LINES_MAX).default(100),
      after: cursor.optional(),
    }),
    result: z.object({ lines: z.array(LogLine), next: cursor }),
  },
  /**
   * What the running app can say of the network, within 7 s (`ask`: 11 s). `with`: also the way to
   * this person, who is called at once. `ask`: the router is asked once more to open a port.
   * Screens add what they see themselves.
   */
  'doctor.run': {
    params: z.strictObject({ with: to.optional(), ask: z.literal(true).optional() }),
    result: z.object({ checks: z.array(Check) }),
  },
  /**
   * A link that opens the app in a browser, once, within a minute. `path` is the page to open.
   * The link holds a secret: it is handed to the browser and never logged.
   */
  'pages.open': {
    params: z.strictObject({ path: z.string().regex(PAGE_PATH).default('/') }),
    result: z.object({ url: z.string() }),
  },
  /** Every browser that was let in must ask again. */
  'pages.forget': { params: none, result: z.object({}) },
  ...PROFILE_METHODS,
  /** This computer as a relay of others. */
  ...RELAY_METHODS,
  'stats.get': { params: none, result: z.object({ stats: z.record(z.string(), z.number()) }) },
  /** Answered first; the daemon then flushes and ends within 2 s. */
  'daemon.stop': { params: none, result: z.object({}) },
} as const;

export type Method = keyof typeof METHODS;
/** What a caller gives: fields with a default may be left out. */
export type Params<M extends Method> = z.input<(typeof METHODS)[M]['params']>;
/** What the server works with: defaults filled in. */
export type ParsedParams<M extends Method> = z.output<(typeof METHODS)[M]['params']>;
export type Result<M extends Method> = z.output<(typeof METHODS)[M]['result']>;

/** What travels in `{"v":1,"ok":false,"error":...}`; made by errors.ts. */
export const ApiErrorBody = z.object({
  code: z.string(),
  /** Key of the registry: tells apart the forms of one code. */
  reason: z.string(),
  message: z.string(),
  hint: z.string(),
  retryable: z.boolean(),
  /** The values in the sentence; for an ambiguous name `candidates`. */
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])).optional(),
});
export type ApiErrorBody = z.infer<typeof ApiErrorBody>;

const v = z.literal(API_VERSION);

/** One line of the event stream, and of `sotto listen --json`. */
export const StreamEvent = z.discriminatedUnion('type', [
  z.object({ v, type: z.literal('message'), cursor, data: Message }),
  z.object({
    v,
    type: z.literal('state'),
    cursor,
    data: z.object({
      event: hexId,
      conversation: conversationId,
      state: MessageState,
      deliveredAt: time.optional(),
      route: RouteName.optional(),
    }),
  }),
  z.object({ v, type: z.literal('contact'), cursor: cursor.optional(), data: Contact }),
  z.object({
    v,
    type: z.literal('route'),
    cursor: cursor.optional(),
    data: z.object({
      conversation: conversationId,
      route: RouteName,
      peerSeesMyIp: z.boolean(),
      policy: Policy,
      theirPolicy: Policy.optional(),
      held: Held.optional(),
    }),
  }),
  z.object({
    v,
    type: z.literal('network'),
    cursor: cursor.optional(),
    data: z.object({ online: z.boolean(), helpers: count }),
  }),
  /** The conversation and the person are gone from this device. */
  z.object({
    v,
    type: z.literal('removed'),
    cursor: cursor.optional(),
    data: z.object({ conversation: conversationId }),
  }),
  /** Read on this device: here, in another window, or by the terminal. */
  z.object({
    v,
    type: z.literal('read'),
    cursor: cursor.optional(),
    data: z.object({ conversation: conversationId, readUpTo: cursor, unread: count }),
  }),
  /** What is typed and not sent, in any window; empty where there is nothing any more. */
  z.object({
    v,
    type: z.literal('draft'),
    cursor: cursor.optional(),
    data: z.object({ conversation: conversationId, text: z.string() }),
  }),
  /** A setting has another value, whoever changed it. */
  z.object({ v, type: z.literal('setting'), cursor: cursor.optional(), data: ConfigEntry }),
  /** How many people wait to be let in. */
  z.object({
    v,
    type: z.literal('requests'),
    cursor: cursor.optional(),
    data: z.object({ requests: count }),
  }),
]);
export type StreamEvent = z.infer<typeof StreamEvent>;

/**
 * What `API_FILE` holds: written whole (rename) once the daemon is ready, removed when it stops.
 * The token is new at every start, so that a file left by a killed daemon opens nothing.
 */
export const ApiFile = z.object({
  v,
  pid: z.int().min(1),
  port: z.int().min(1).max(65_535),
  /** 64 hex characters. */
  token: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ApiFile = z.infer<typeof ApiFile>;

/**
 * What the daemon prints when it starts, one line, then nothing more on stdout and stderr:
 * ready on stdout, or an `ApiErrorBody` envelope on stderr, and then it ends with the exit code
 * of that error.
 */
export const DaemonReady = z.object({
  v,
  ok: z.literal(true),
  data: z.object({ pid: z.int().min(1), port: z.int().min(1).max(65_535) }),
});
export type DaemonReady = z.infer<typeof DaemonReady>;
