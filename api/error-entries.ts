/**
 * The entries of the error registry, by name. Rules for writing one: docs/spec/errors.md.
 *
 * Names in kebab case are those of `CommandErrorCode` in core/commands.ts, of the daemon's
 * refusals to start, and of the terminal program. Hints name only commands that exist, and never
 * a less private way, because scripts may run them.
 * @module
 */
import { PROFILE_ENTRIES } from './error-entries-profiles.ts';
import { PROXY_ENTRIES } from './error-entries-proxy.ts';
import { ROUTE_ENTRIES } from './error-entries-routes.ts';
import type { ErrorEntry } from './errors.ts';

const ID_ADVICE = 'Nothing was sent. Copy it again, or ask for code words.';
/** Code words come later; the terminal does not send people after them. */
const TERMINAL_ADVICE = 'Nothing was sent. Copy it again, or ask for an invite.';
const STORE_SAFE = 'Nothing was changed or overwritten.';

/** Wording of the design, forms of E01 to E15. */
const DESIGN = {
  'not-running': {
    code: 'E01',
    exit: 4,
    retryable: true,
    sentence:
      "The app isn't running on this computer. Your messages are safe on disk. " +
      'Start it and this page reconnects by itself.',
    terminal:
      "The app isn't running on this computer. Your messages are safe on disk. " +
      'Start it, then repeat.',
    hint: 'Start it: sotto start',
  },
  offline: {
    code: 'E02',
    exit: 6,
    retryable: true,
    sentence:
      "You're offline. Keep reading and writing; messages wait here and go out when you're back.",
    hint: 'Nothing to do: it reconnects by itself. See: sotto status',
  },
  'network-blocked': {
    code: 'E03',
    exit: 6,
    retryable: true,
    sentence: "You're online, but this network blocks the chat network. Nothing is lost.",
    hint:
      'A relay on port 443 leads past it: sotto config set relays.list sotto-relay:...   ' +
      'Or a proxy: sotto config set proxy.kind socks5',
  },
  'waits-in-mailbox': {
    code: 'E04',
    exit: 0,
    retryable: true,
    sentence: "{name} isn't reachable now. Your message is sealed in their mailbox until {until}.",
    hint: 'Check later: sotto read {name}',
  },
  'waits-here': {
    code: 'E04',
    exit: 0,
    retryable: true,
    sentence: "{name} isn't reachable now. It waits on this device, so keep the app running.",
    hint: 'Check later: sotto read {name}',
  },
  /** `--wait delivered` ran out of time: the message is safe, but the wish was not met. */
  'not-delivered-yet': {
    code: 'E04',
    exit: 6,
    retryable: true,
    sentence: "{name} isn't reachable now. It waits on this device, so keep the app running.",
    hint: 'It goes out by itself; do not send it again. Check later: sotto read {name}',
  },
  'not-picked-up': {
    code: 'E06',
    exit: 6,
    retryable: true,
    sentence: 'Not picked up in {days} days, so mailboxes dropped it. You still have it.',
    hint: 'Send it again when you like: sotto send',
  },
  'id-incomplete': {
    code: 'E07',
    exit: 2,
    retryable: false,
    sentence: `This ID is incomplete: {have} of {want} characters. ${ID_ADVICE}`,
    terminal: `This ID is incomplete: {have} of {want} characters. ${TERMINAL_ADVICE}`,
    hint: 'A whole ID is `sotto:` and 56 characters. Theirs: sotto id',
  },
  'id-typo': {
    code: 'E07',
    exit: 2,
    retryable: false,
    sentence: `This ID has a typing error. ${ID_ADVICE}`,
    terminal: `This ID has a typing error. ${TERMINAL_ADVICE}`,
    hint: 'Copy and paste it rather than type it. Theirs: sotto id',
  },
  'wrong-words': {
    code: 'E08',
    exit: 8,
    retryable: false,
    sentence:
      "These words don't match, so this code is used up. Each code allows one try so nobody " +
      'can guess it. Ask for a new code.',
    hint: 'An invite link works too. They make one: sotto invite new',
  },
  'invite-expired': {
    code: 'E09',
    exit: 3,
    retryable: false,
    sentence: 'This invite has expired or was withdrawn. Nothing was shared. Ask for a new one.',
    hint: 'They make one: sotto invite new',
  },
  'device-lists-disagree': {
    code: 'E10',
    exit: 7,
    retryable: false,
    sentence:
      "Two of {name}'s devices disagree about which devices are theirs. " +
      'Ask them in another way. Your messages are held.',
    hint: 'See them: sotto contacts show {name}',
  },
  'known-name-new-id': {
    code: 'E10',
    exit: 7,
    retryable: false,
    sentence:
      'This is a new ID that says it is {name}. It is not the {name} you know until you compare.',
    hint: 'See whom you know: sotto contacts list',
  },
  'clock-off': {
    code: 'E11',
    exit: 6,
    retryable: true,
    sentence:
      "Your computer's clock is {off} off, so times may look wrong. " + 'Messages still go out.',
    hint: 'Set the clock of this computer.',
  },
  'no-space-for-file': {
    code: 'E12',
    exit: 1,
    retryable: true,
    sentence: 'Not enough space: {needed} needed, {free} free. The file is paused, not lost.',
    hint: 'Free some space; it goes on by itself.',
  },
  'no-space': {
    code: 'E12',
    exit: 1,
    retryable: true,
    sentence:
      'Not enough space on this disk, so nothing was stored or sent. ' +
      'Everything from before is safe. Free some space, then try again.',
    hint: 'See where the profile lies: sotto config list',
  },
  'file-changed': {
    code: 'E13',
    exit: 1,
    retryable: false,
    sentence:
      '{file} changed or moved while sending, so it stopped. {name} got nothing unfinished.',
    hint: 'Choose the file again.',
  },
  'microphone-blocked': {
    code: 'E14',
    exit: 7,
    retryable: false,
    sentence:
      'The browser is blocking your microphone. Click the icon left of the address, ' +
      'choose Allow, then try again.',
    hint: 'You can also join without a microphone.',
  },
  'wrong-passphrase': {
    code: 'E15',
    exit: 5,
    retryable: true,
    sentence:
      "That passphrase doesn't open this profile. Nobody can reset it; a backup is the only " +
      'other way in. {tries} tries before a {pause} s pause.',
    hint: 'Try again: sotto start',
  },
  'passphrase-pause': {
    code: 'E15',
    exit: 5,
    retryable: true,
    sentence:
      'Too many wrong passphrases were tried. Everything in this profile is safe. ' +
      'Wait {seconds} s, then try again.',
    hint: 'Then: sotto start',
  },
} as const satisfies Record<string, ErrorEntry>;

/** Answers to commands: the names of `CommandErrorCode` that the design's codes do not cover. */
const COMMANDS = {
  'not-found': {
    code: 'E16',
    exit: 3,
    retryable: false,
    sentence: 'There is nothing here by the name "{name}". Nothing was changed.',
    hint: 'See whom you know: sotto contacts list',
  },
  ambiguous: {
    code: 'E17',
    exit: 3,
    retryable: false,
    sentence: '"{name}" could be any of: {candidates}. Nothing was done. Say which one you mean.',
    hint: 'Use the whole name, the ID, or the conversation id from: sotto contacts list --json',
  },
  'bad-input': {
    code: 'E18',
    exit: 2,
    retryable: false,
    sentence: "This can't be understood: {what}. Nothing was done. Correct it and try again.",
    hint: 'See: sotto --help',
  },
  'not-an-id': {
    code: 'E19',
    exit: 2,
    retryable: false,
    sentence:
      'There is no ID and no invite in this text. Nothing was sent. ' +
      'Copy the whole invite, from `sotto:` to its end.',
    hint: 'They make an invite: sotto invite new',
  },
  'newer-version': {
    code: 'E20',
    exit: 1,
    retryable: false,
    sentence:
      'This was made by a newer version of the app. Nothing was sent or changed. ' +
      'Update the app on this computer, then try again.',
    hint: 'This version: sotto --version',
  },
  'own-invite': {
    code: 'E21',
    exit: 2,
    retryable: false,
    sentence:
      'This is your own invite or ID. Nothing was sent, and the invite can still be used. ' +
      'Give it to the person you want to talk to.',
    hint: 'To try the app alone: sotto send echo hi',
  },
  'already-exists': {
    code: 'E22',
    exit: 9,
    retryable: false,
    sentence: '"{name}" is already there. Nothing was changed. Use it, or choose another name.',
    hint: 'See whom you know: sotto contacts list',
  },
  'shows-address': {
    code: 'E23',
    exit: 7,
    retryable: false,
    sentence:
      'No relay is there, so someone who has your ID could find your IP address. The door stays ' +
      'shut. Nothing was changed.',
    hint: 'Invites reach you without it: sotto invite new',
  },
  blocked: {
    code: 'E24',
    exit: 7,
    retryable: false,
    sentence: 'You have blocked {name}, so nothing was sent. Unblock first if you want to write.',
    hint: 'Unblock: sotto contacts block --undo {name}',
  },
  'text-too-long': {
    code: 'E25',
    exit: 2,
    retryable: false,
    sentence:
      'This message is too long: {bytes} bytes, and {max} fit. Nothing was sent. ' +
      'Send it in parts.',
    hint: 'Sizes count UTF-8 bytes; many letters take more than one.',
  },
  'text-empty': {
    code: 'E26',
    exit: 2,
    retryable: false,
    sentence: 'The message is empty, so nothing was sent. Write some text.',
    hint: 'Example: sotto send ana "See you at 6"',
  },
  'outbox-full': {
    code: 'E27',
    exit: 1,
    retryable: true,
    sentence:
      'Too much already waits for this person, so this was not taken. ' +
      'What waits is safe and goes out when a way opens. Try again then.',
    hint: 'See what waits: sotto contacts list',
  },
  'invites-full': {
    code: 'E57',
    exit: 1,
    retryable: false,
    sentence:
      'There are {max} open invites already, and no more can be. No new one was made. ' +
      'Revoke one that nobody is to use any more.',
    hint: 'See them: sotto invite list   Revoke one: sotto invite revoke INVITE',
  },
  'contacts-full': {
    code: 'E57',
    exit: 1,
    retryable: false,
    sentence:
      'There are {max} contacts already, and no more can be. Nobody was added. ' +
      'Remove one whom you do not need any more.',
    hint: 'Remove one: sotto contacts remove NAME',
  },
  'disk-error': {
    code: 'E28',
    exit: 1,
    retryable: true,
    sentence:
      'The disk reported an error, so nothing was stored or sent. Everything from before stays ' +
      'as it was. Check the disk, then try again.',
    hint: 'See: sotto logs',
  },
  'too-late': {
    code: 'E29',
    exit: 7,
    retryable: false,
    sentence:
      'It was delivered already, so it cannot be held back. Nothing was changed. ' +
      'Write again to correct it.',
    hint: 'See: sotto read',
  },
  stopping: {
    code: 'E30',
    exit: 4,
    retryable: true,
    sentence:
      'The app is just stopping, so this was not done. Your messages are safe on disk. ' +
      'Start it again, then repeat.',
    hint: 'Start it: sotto start',
  },
} as const satisfies Record<string, ErrorEntry>;

/** Why the daemon refuses to start; in each case nothing is overwritten. */
const START = {
  'store-newer': {
    code: 'E31',
    exit: 1,
    retryable: false,
    sentence:
      'This profile was last used by a newer version of the app, so this one leaves it alone. ' +
      `${STORE_SAFE} Start the newer version.`,
    hint: 'This version: sotto --version',
  },
  'store-damaged': {
    code: 'E32',
    exit: 1,
    retryable: false,
    sentence:
      `The profile's store is damaged and was not opened. ${STORE_SAFE} ` +
      'Copy the folder {folder} to a safe place, then check the disk.',
    hint: 'Another profile works meanwhile: sotto start --profile NAME',
  },
  'already-running': {
    code: 'E33',
    exit: 9,
    retryable: false,
    sentence:
      'This profile is already open in process {pid}, so a second one did not start. ' +
      'Nothing was changed. Use the one that runs, or stop it first.',
    hint: 'See: sotto status   Stop: sotto stop',
  },
  'runs-otherwise': {
    code: 'E33',
    exit: 9,
    retryable: false,
    sentence:
      'The app of this profile runs already, with other settings (process {pid}), so it was not ' +
      'started as a relay. Nothing was changed. Stop it first, or use another profile.',
    hint: '{help}',
  },
  'port-denied': {
    code: 'E34',
    exit: 7,
    retryable: false,
    sentence:
      'The system keeps port {port} for programs that have the right to it, so the app did not ' +
      'start. Your messages are safe on disk. Give it that right, or choose a port from 1024 up.',
    hint: 'See docs/relay/README.md, or for one start: sotto start --set {key}=NUMBER',
  },
  'port-taken': {
    code: 'E34',
    exit: 1,
    retryable: true,
    sentence:
      'Port {port} is used by another program, so the app did not start. ' +
      'Your messages are safe on disk. Choose another port or close that program.',
    hint: 'For one start: sotto start --set {key}=NUMBER',
  },
  'bad-config': {
    code: 'E35',
    exit: 2,
    retryable: false,
    sentence:
      'The setting {key} from {source} is not valid: {what}. Nothing was changed. Correct it.',
    hint: 'Settings and their values: sotto config list',
  },
  'passphrase-needed': {
    code: 'E36',
    exit: 5,
    retryable: true,
    sentence:
      'This profile is locked with a passphrase and none was given. Everything in it is safe. ' +
      'Give the passphrase to open it.',
    hint: 'In a script: sotto start --passphrase-file FILE',
  },
  'folder-unusable': {
    code: 'E37',
    exit: 7,
    retryable: false,
    sentence:
      'The folder {folder} cannot be used: {what}. Nothing was changed. ' +
      'Correct its owner or permissions, or choose another folder.',
    hint: 'Another folder: sotto start --data-dir DIR',
  },
  'key-missing': {
    code: 'E38',
    exit: 5,
    retryable: false,
    sentence:
      `The key file of this profile is missing, so its store stays closed. ${STORE_SAFE} ` +
      'Put the file back into {folder}.',
    hint: 'Another profile works meanwhile: sotto start --profile NAME',
  },
  'start-failed': {
    code: 'E39',
    exit: 1,
    retryable: true,
    sentence:
      'The app ended while starting: {what}. Your messages are safe on disk. ' +
      'Look into the log, then try again.',
    hint: 'See: sotto logs',
  },
} as const satisfies Record<string, ErrorEntry>;

/** The API server and the terminal program. */
const SCREENS = {
  unauthorised: {
    code: 'E40',
    exit: 7,
    retryable: false,
    sentence:
      'This request did not show the key of this profile, so it was refused. Nothing was done. ' +
      'Use the same user account and profile as the app.',
    hint: 'Choose the profile: sotto --profile NAME status',
  },
  'unknown-method': {
    code: 'E41',
    exit: 2,
    retryable: false,
    sentence:
      'The running app does not know "{name}". Nothing was done. ' +
      'The app and this program are of different versions: restart the app.',
    hint: 'Restart: sotto stop, then sotto start',
  },
  internal: {
    code: 'E42',
    exit: 1,
    retryable: false,
    sentence:
      'The app met a fault of its own and did not do this. What was stored before is safe. ' +
      'Please report it with the log.',
    hint: 'See: sotto logs',
  },
  'bad-answer': {
    code: 'E43',
    exit: 1,
    retryable: true,
    sentence:
      'What answers is not this app, or another version of it. Nothing was changed here. ' +
      'Restart the app.',
    hint: 'Restart: sotto stop, then sotto start',
  },
  'no-answer': {
    code: 'E44',
    exit: 6,
    retryable: true,
    sentence:
      'The app gave no answer in time. What it had stored is safe, but it may still do what was ' +
      'asked. Look before you repeat it.',
    hint: 'Give it longer: --timeout 60s   See: sotto logs',
  },
  usage: {
    code: 'E45',
    exit: 2,
    retryable: false,
    sentence: '{what} Nothing was done.',
    hint: '{help}',
  },
  'unknown-command': {
    code: 'E45',
    exit: 2,
    retryable: false,
    sentence: 'Unknown command "{name}". {what}',
    hint: '{help}',
  },
  'needs-confirmation': {
    code: 'E46',
    exit: 2,
    retryable: false,
    sentence:
      'This deletes {what} and needs a yes, but nobody can be asked here. Nothing was deleted. ' +
      'Say --force if you mean it.',
    hint: 'Repeat with: --force',
  },
  declined: {
    code: 'E47',
    exit: 7,
    retryable: false,
    sentence: 'You said no, so nothing was changed.',
    hint: 'Repeat the command if you change your mind.',
  },
  'unreadable-input': {
    code: 'E48',
    exit: 2,
    retryable: false,
    sentence: '{what} could not be read. Nothing was sent. Check it and try again.',
    hint: 'Text must be UTF-8; `-` reads standard input.',
  },
  'still-stopping': {
    code: 'E49',
    exit: 6,
    retryable: true,
    sentence:
      'Process {pid} was asked to stop and has not ended within {seconds} s. ' +
      'Your messages are safe on disk. Wait a little, then look again.',
    hint: 'See: sotto logs',
  },
  interrupted: {
    code: 'E50',
    exit: 130,
    retryable: true,
    sentence: 'Interrupted. What was stored before is safe. Repeat the command if you like.',
    hint: 'See: sotto status',
  },
  cancelled: {
    code: 'E51',
    exit: 1,
    retryable: false,
    sentence:
      'The message was taken back before it was delivered. It stays here and is not sent again. ' +
      'Write it anew if you meant it.',
    hint: 'See: sotto read {name}',
  },
  'second-copy': {
    code: 'E52',
    exit: 1,
    retryable: false,
    sentence:
      'This device also runs somewhere else, from a copy of its folder. Two copies break ' +
      'conversations, so this one tells nobody where it is any more. ' +
      'Your messages are safe here. ' +
      'Stop the other copy for good, then start this one again.',
    hint: 'Here: sotto stop, then sotto start',
  },
} as const satisfies Record<string, ErrorEntry>;

/** Safety numbers. */
const VERIFY = {
  'not-met-yet': {
    code: 'E53',
    exit: 6,
    retryable: true,
    sentence:
      'There is no safety number yet: you and {name} have not been connected so far. ' +
      'Nothing was changed. It is here once you are.',
    hint: 'See how far it is: sotto doctor --with {name}',
  },
  'numbers-differ': {
    code: 'E54',
    exit: 8,
    retryable: false,
    sentence:
      "These digits are not those of {name}, so they don't match. Nothing was changed. " +
      "Don't share anything private here yet: " +
      'you may be talking to someone in the middle. Copy all 60 digits again, or meet.',
    hint: 'Try again: sotto contacts verify {name}   Block: sotto contacts block {name}',
  },
} as const satisfies Record<string, ErrorEntry>;

export const ENTRIES = {
  ...DESIGN,
  ...COMMANDS,
  ...START,
  ...SCREENS,
  ...VERIFY,
  ...PROFILE_ENTRIES,
  ...PROXY_ENTRIES,
  ...ROUTE_ENTRIES,
} as const;
