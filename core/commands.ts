/**
 * Commands: what a person may ask of the node. The daemon's API maps its methods to these one to
 * one; every command gets exactly one result.
 * @module
 */
import type { Endpoint, Family } from './base/endpoint.ts';
import type { Policy, PolicyChange } from './base/policy.ts';
import type { RouteName } from './effects.ts';
import type { MapVerdict } from './path/mapped.ts';
import type { NatClass } from './path/nat-class.ts';

/** Whom a device serves as a relay. */
export type Serving = 'off' | 'contacts' | 'public';
/** Whose relay it is: named in the settings, of a contact, or a stranger's, found in the DHT. */
export type RelayOrigin = 'own' | 'contact' | 'public';

/**
 * `to` names a conversation partner: a name, an ID text, or a conversation id `c_...`.
 * Ids in results are texts: conversations `c_...`, events and invites hex, identities `sotto:...`.
 */
export type Command =
  | { type: 'status' }
  | { type: 'invite-new'; expiresInMs: number; reusable: boolean }
  | { type: 'invite-list' }
  | { type: 'invite-revoke'; invite: string }
  /**
   * `hint`: a presence record that spares the lookup (Echo, tests). For an ID alone: `hello` is
   * what they read with the request; `anyway` sends it although it may show our IP address. A
   * policy that shows somebody who is there already more of our address is refused.
   */
  | {
      type: 'contact-add';
      text: string;
      name?: string;
      hint?: Uint8Array;
      hello?: string;
      anyway?: boolean;
      policy?: Policy;
    }
  /** What a pasted text is, and whom it names; changes nothing, and refuses what adding would. */
  | { type: 'text-peek'; text: string }
  /** What people whom we added see from now on; the empty name is none. */
  | { type: 'name-set'; name: string }
  | { type: 'contact-list' }
  | { type: 'contact-show'; to: string }
  | { type: 'contact-rename'; to: string; name: string }
  | { type: 'contact-block'; to: string; blocked: boolean }
  /**
   * The safety number. `digits`: what the other person's screen shows, to be compared. `mark`:
   * remember, or forget, that it was the same; with `digits` only where they are.
   */
  | { type: 'contact-verify'; to: string; digits?: string; mark?: boolean }
  | { type: 'contact-remove'; to: string }
  /** People who knocked and wait. `look`: the answer waits for a look at the front door. */
  | { type: 'request-list'; look: boolean }
  /**
   * `who` names a request: a name, an ID text, or the conversation it would become. Without a
   * policy the one that new people get; that of a contact stays, and a looser one is refused.
   */
  | { type: 'request-accept'; who: string; policy?: Policy }
  | { type: 'request-decline'; who: string }
  | { type: 'request-block'; who: string }
  | { type: 'door-status' }
  /** Refused without `anyway` while nothing hides our address (DOR-3). */
  | { type: 'door-open'; anyway: boolean }
  | { type: 'door-shut' }
  /** `clientId`: 32 hex characters; the same one twice is the same message. */
  | { type: 'message-send'; to: string; text: string; clientId: string }
  | { type: 'message-cancel'; event: string }
  /** What was typed and not sent; the empty text forgets it. */
  | { type: 'draft-set'; to: string; text: string }
  | { type: 'mark-read'; to: string; cursor: number }
  | { type: 'route-show'; to: string }
  /** Refused where they would see more of our address, unless a person agrees: `looser`. */
  | { type: 'route-set'; to: string; policy: Policy; looser: boolean }
  /** The policy for people added from now on. */
  | { type: 'policy-default'; policy: Policy }
  /** The relays of our own list, in its place; and whether strangers' may be used. */
  | { type: 'relays-use'; list: readonly string[]; public: boolean }
  /** The trackers to be found by, in place of those before. */
  | { type: 'trackers-use'; list: readonly string[] }
  /** `look`: a person waits, so helpers are looked for now where none answers. */
  | { type: 'health'; look?: boolean }
  /** How this device, and no other, writes down a network to know it again. */
  | { type: 'network-mark'; print: Uint8Array }
  /** How far the way to somebody is; `want` makes us try now. */
  | { type: 'path-show'; to: string; want: boolean }
  | { type: 'stats' };

export type CommandResult = { ok: true; data: CommandData } | { ok: false; error: CommandError };

export interface CommandError {
  readonly code: CommandErrorCode;
  /** Values for the sentence of the error registry: counts, names, candidates. */
  readonly detail?: Readonly<Record<string, string | number | readonly string[]>>;
}
export type CommandErrorCode =
  | 'not-found'
  | 'ambiguous'
  | 'bad-input'
  | 'id-incomplete'
  | 'id-typo'
  | 'not-an-id'
  | 'newer-version'
  | 'invite-expired'
  | 'own-invite'
  | 'already-exists'
  | 'shows-address' // what was asked could show our IP address to people who have an ID
  | 'route-looser' // they would see more of our address, and nobody agreed to that
  | 'blocked'
  | 'not-met-yet' // no device of theirs is known: they cannot have our number either
  | 'numbers-differ'
  | 'text-too-long'
  | 'text-empty'
  | 'outbox-full'
  | 'invites-full'
  | 'contacts-full'
  | 'no-space'
  | 'disk-error'
  | 'too-late' // cancel: already delivered
  | 'stopping';

export type CommandData =
  | { type: 'status'; status: Status }
  | { type: 'invite'; invite: InviteView; hint: Uint8Array }
  | { type: 'invites'; invites: readonly InviteView[] }
  | { type: 'contact'; contact: ContactView }
  | { type: 'peek'; peek: PeekView }
  | { type: 'contacts'; contacts: readonly ContactView[] }
  /** `number`: 60 digits. */
  | { type: 'safety-number'; contact: ContactView; number: string }
  | { type: 'requests'; requests: readonly RequestView[] }
  | { type: 'door'; door: DoorView }
  | { type: 'sent'; event: string; conversation: string; duplicate: boolean }
  | { type: 'route'; route: RouteView }
  | { type: 'health'; health: HealthView }
  | { type: 'network-mark'; mark: string }
  | { type: 'path'; path: PathView }
  | { type: 'stats'; stats: Readonly<Record<string, number>> }
  | { type: 'done' };

export interface Status {
  readonly id: string;
  readonly online: boolean;
  readonly helpers: number;
  readonly readOnly: boolean;
  readonly externalAddress: string | undefined;
  readonly contacts: number;
  readonly linked: number;
  readonly waiting: number;
  /** People who knocked and wait to be let in. */
  readonly requests: number;
  readonly doorOpen: boolean;
  /** This device runs in two places: this one publishes nothing any more (DSC-16). */
  readonly secondCopy: boolean;
}

export interface InviteView {
  readonly invite: string;
  /** The text to hand over; undefined once used up, revoked or expired. */
  readonly link: string | undefined;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly reusable: boolean;
  readonly state: 'open' | 'used' | 'expired' | 'revoked';
  readonly usedBy: readonly string[];
}

export type ContactState = 'added' | 'connected' | 'blocked';
/**
 * How far a request of ours is, by ID alone: `held` until a person agrees that it may show our IP
 * address, `placed` where it lies at their door, `full` where others take all places there.
 */
export type AskingState = 'held' | 'queued' | 'seeking' | 'knocking' | 'placed' | 'full' | 'over';
export interface ContactView {
  readonly conversation: string;
  readonly id: string;
  readonly name: string;
  readonly state: ContactState;
  readonly online: boolean;
  readonly route: RouteName;
  /** Through openings that the routers of both made. */
  readonly punched: boolean;
  /** Whatever leaves for them goes by a proxy of ours: they see no address of ours. */
  readonly proxied: boolean;
  /** By which ways we let them be reached. */
  readonly policy: Policy;
  readonly waiting: number;
  readonly devices: number;
  readonly lastSeenMs: number | undefined;
  /** Set until somebody whom we asked by their ID has let us in. */
  readonly asking: AskingState | undefined;
  /** When a person found the safety number the same; undefined for never. */
  readonly verifiedMs: number | undefined;
  /** The name of another contact that looks like theirs (CON-11). */
  readonly looksLike: string | undefined;
  /** What was typed to them and not sent. */
  readonly draft: string | undefined;
}

/** What a pasted text is. */
export interface PeekView {
  readonly kind: 'invite' | 'id';
  readonly id: string;
  /** Of an invite: until when it may be used. */
  readonly expiresMs: number | undefined;
  /** The contact that it names already. */
  readonly known: ContactView | undefined;
}

/** Somebody who knocked at our door. */
export interface RequestView {
  /** The conversation it would become. */
  readonly conversation: string;
  readonly id: string;
  /** As they call themselves. */
  readonly name: string | undefined;
  /** A contact has this name already, and is somebody else. */
  readonly knownName: boolean;
  readonly text: string;
  readonly readMs: number;
}

export interface DoorView {
  readonly open: boolean;
  /** Relays keep our IP address from those who have our ID; of a shut door: they would. */
  readonly hidden: boolean;
  /** Signed ahead until then, ms since 1970. */
  readonly signedUntilMs: number | undefined;
  /** The last put that reached somebody, and how many nodes hold all of it. */
  readonly putMs: number | undefined;
  readonly copies: number;
  /** The last look at who knocked, and how many of the slots are taken. */
  readonly lookedMs: number | undefined;
  readonly slotsTaken: number;
  readonly slots: number;
}

/**
 * Why nothing can leave under the policies: they have no way in common; we hide and no relay of
 * ours answers; we, or they alone, allow nothing but this network and they are not on it.
 */
export type Held = 'conflict' | 'no-relay' | 'not-here' | 'not-here-theirs';

export interface RouteView {
  readonly conversation: string;
  readonly policy: Policy;
  /** Undefined until they have told. */
  readonly theirPolicy: Policy | undefined;
  readonly held: Held | undefined;
  readonly route: RouteName;
  readonly transport: 'tcp' | 'udx' | undefined;
  readonly endpoint: string | undefined;
  readonly peerSeesMyIp: boolean;
  readonly rttMs: number | undefined;
  /** Relays in the path. */
  readonly hops: 0 | 1 | 2;
  /** They came to us through our relay: whether there is another before it only they know. */
  readonly hopsAtLeast: boolean;
  /** One of these is a stranger's, as far as we know: a public relay. */
  readonly isStrangers: boolean;
  /** Through openings that the routers of both made. */
  readonly punched: boolean;
  /** Of both policies, oldest first. */
  readonly changes: readonly PolicyChange[];
  /** Set while they have not let us in: what the request may show, and to whom. */
  readonly asking: AskingState | undefined;
}

/** What the node knows of its own place in the network. */
export interface HealthView {
  readonly udpPort: number | undefined;
  readonly tcpPort: number | undefined;
  /** Addresses of this computer. */
  readonly addresses: readonly string[];
  readonly reach: Reach;
  /** What the ports are worth that routers send on to us (MAP-15). */
  readonly mapping: MapVerdict;
  /** What routers do with the port of our UDP socket, by family. */
  readonly nat: Readonly<Record<Family, NatClass>>;
  /** Linked people who dialled us from outside this network. */
  readonly fromOutside: number;
  /** Links to people that a relay carries. */
  readonly byRelay: number;
  /** Do relays alone ask the DHT, because there is nobody whom we show our address (DSC-34)? */
  readonly asksByRelays: boolean;
  /** The relays at which others reach us: those that we keep. */
  readonly relays: readonly {
    readonly endpoint: Endpoint;
    readonly source: RelayOrigin;
    /** It answers; so does one that gives us no place. */
    readonly isUp: boolean;
    readonly isReserved: boolean;
    readonly rttMs: number | undefined;
  }[];
  /** Are strangers' relays being looked for, because those of ours do not suffice? */
  readonly isLookingForRelays: boolean;
  /** Whom we serve as a relay ourselves. */
  readonly serving: {
    readonly whom: Serving;
    readonly clients: number;
    /** By which others name us, once our address is known. */
    readonly text?: string;
    /** Do nodes of the DHT tell everybody of us? */
    readonly isListed: boolean;
  };
  /** Trackers in use; how many of them answer, and how many have been asked and do not. */
  readonly trackers: { readonly set: number; readonly answering: number; readonly silent: number };
  /** Sources of network time, and by how much our clock is behind it where there are enough. */
  readonly clockSources: number;
  readonly clockBehindMs: number | undefined;
}

/**
 * Can people dial us? `proven`: somebody did. `open`: we have the address that others see.
 * `mapped`: a router shows everybody the same port of ours. `varied`: each another one.
 */
/** `opened`: a router sends our ports on to us. */
export type Reach = 'proven' | 'opened' | 'open' | 'mapped' | 'varied' | 'unknown';

export interface PathView {
  readonly conversation: string;
  readonly state: PathState;
  /** How they are linked; undefined while they are not. */
  readonly link: LinkedBy | undefined;
  /** How long ago they were last looked for in vain or dialled; undefined for never. */
  readonly lookedAgoMs: number | undefined;
  /** Dials in a row that led nowhere. */
  readonly failures: number;
}

export interface LinkedBy {
  readonly route: Exclude<RouteName, 'waiting'>;
  /** Through openings that the routers of both made. */
  readonly punched: boolean;
  /** Set where a relay carries it. */
  readonly whyRelay: WhyRelay | undefined;
}

/** A rule of one side, what its network lacks, or a router that varies its ports. */
export type WhyRelay =
  | 'ours-hidden'
  | 'theirs-hidden'
  | 'ours-without-udp'
  | 'theirs-without-udp'
  | 'both-varied'
  | 'ours-varied'
  | 'theirs-varied'
  | 'unknown';

/** The first thing that is missing on the way to somebody; `linked` where nothing is. */
export type PathState =
  | 'linked'
  | 'blocked'
  | Held // their policies let nothing leave
  | 'invite-expired' // never met, and nobody can come by the invite any more
  | 'looking'
  | 'not-looked' // nobody to ask, or not their turn yet
  | 'no-record'
  | 'dialling'
  | 'no-route' // their record names no address that we may try
  | 'no-answer'
  | 'other-version'
  | 'busy';
