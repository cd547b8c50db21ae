/**
 * Every command with its arguments, options and examples. What a command does is in verbs/, and
 * is loaded when it is run.
 * @module
 */
import type { Command } from 'commander';
import type { Policy } from '@sotto/api/contract.ts';
import type { Session } from './session.ts';
import type { AddOptions } from './verbs/contacts.ts';
import type { OpenOptions } from './verbs/open.ts';
import type { RelayOptions } from './verbs/relay-start.ts';
import type { SearchOptions } from './verbs/search.ts';
import type { VerifyOptions } from './verbs/verify.ts';

/** Runs a verb with everything it needs; the program turns what it throws into an exit code. */
type RunVerb = (verb: (session: Session) => Promise<void>) => Promise<void>;

const POLICIES: readonly Policy[] = ['auto', 'hidden', 'direct', 'lan'];

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

/** The app itself, and who you are. */
export function addLifeVerbs(program: Command, run: RunVerb): void {
  const life = () => import('./verbs/life.ts');
  program
    .command('start')
    .description('start the app in the background; returns when it is ready')
    .option('--locked', 'ask for no passphrase: the page does')
    .addHelpText('after', examples('sotto start', 'sotto start --set net.port=20000'))
    .action((options: { locked?: true }) =>
      run(async (session) => (await life()).start(session, options)),
    );
  program
    .command('stop')
    .description('stop the app; returns when it has ended')
    .action(() => run(async (session) => (await life()).stop(session)));
  program
    .command('open')
    .description('open the app in your browser; starts it where it does not run')
    .argument('[file]', 'an invite to open it with, or a file that holds one; - is standard input')
    .option('--print-url', 'print the link and open nothing; it works once, within a minute')
    .addHelpText('after', examples('sotto open', 'sotto open invite.txt', 'sotto open --print-url'))
    .action((file: string | undefined, options: OpenOptions) =>
      run(async (session) => (await import('./verbs/open.ts')).open(session, file, options)),
    );
  program
    .command('status')
    .description('who you are, whether the network is there, what waits')
    .action(() => run(async (session) => (await import('./verbs/status.ts')).status(session)));
  addRelayVerbs(program, run);
  program
    .command('id')
    .description('print your ID')
    .option('--qr', 'as a QR code too')
    .addHelpText('after', examples('sotto id', 'sotto id --qr'))
    .action((options: { qr?: true }) =>
      run(async (session) => (await import('./verbs/status.ts')).id(session, options)),
    );
}

function addRelayVerbs(program: Command, run: RunVerb): void {
  const relay = program.command('relay').description('this computer as a relay of others');
  relay
    .command('show', { isDefault: true })
    .description('whom this computer serves as a relay, and the text by which others name it')
    .addHelpText('after', examples('sotto relay', 'sotto config set relay.serve public'))
    .action(() => run(async (session) => (await import('./verbs/relay.ts')).relay(session)));
  relay
    .command('start')
    .description('run a relay and nothing else, as the profile "relay" or the one you name')
    .option('--port <number>', 'its port, UDP and TCP: 443, or one from 1024 up', '443')
    .addOption(
      program
        .createOption('--whom <people>', 'whom it serves')
        .choices(['public', 'contacts'])
        .default('public'),
    )
    .addHelpText('after', examples('sotto relay start', 'sotto relay start --port 20000'))
    .action((options: RelayOptions) =>
      run(async (session) => (await import('./verbs/relay-start.ts')).start(session, options)),
    );
}

/** Invites, contacts, and people who have an ID alone. */
export function addPeopleVerbs(program: Command, run: RunVerb): void {
  addInviteVerbs(program, run);
  addDoorVerbs(program, run);
  const people = () => import('./verbs/contacts.ts');
  program
    .command('add')
    .description('add the person who gave you an invite, or ask somebody by their ID')
    .argument('<invite...>', 'the invite or ID, as you got it; - reads standard input')
    .option('--name <name>', 'what you call them')
    .option('--hello <text>', 'of an ID alone: what they read with your request')
    .option('--anyway', 'of an ID alone: send it, also where no relay hides your IP address')
    .addOption(
      program
        .createOption('--route <policy>', 'by which ways they may be reached')
        .choices(POLICIES),
    )
    .addHelpText('after', examples('sotto add sotto:... --name Ana', 'sotto add - < invite.txt'))
    .action((words: string[], options: AddOptions) =>
      run(async (session) => (await people()).add(session, words, options)),
    );
  addContactVerbs(program, run);
}

function addContactVerbs(program: Command, run: RunVerb): void {
  const people = () => import('./verbs/contacts.ts');
  const contacts = program.command('contacts').description('the people you know');
  contacts
    .command('list')
    .description('everyone, with the route to them')
    .action(() => run(async (session) => (await people()).list(session)));
  contacts
    .command('show')
    .description('one person')
    .argument('<who>', 'name, ID, or conversation id')
    .action((who: string) => run(async (session) => (await people()).show(session, who)));
  contacts
    .command('rename')
    .description('change what you call someone')
    .argument('<who>', 'name, ID, or conversation id')
    .argument('<name>', 'the new name')
    .action((who: string, name: string) =>
      run(async (session) => (await people()).rename(session, who, name)),
    );
  contacts
    .command('verify')
    .description('the safety number you share with someone, to compare with their screen')
    .argument('<who>', 'name, ID, or conversation id')
    .option('--qr', 'as a QR code too')
    .option('--compare <digits>', 'compare with what their screen shows; - reads standard input')
    .option('--mark', 'they match: remember it')
    .option('--unmark', 'forget that they matched')
    .addHelpText(
      'after',
      examples('sotto contacts verify ana --qr', 'sotto contacts verify ana --mark'),
    )
    .action((who: string, options: VerifyOptions) =>
      run(async (session) => (await import('./verbs/verify.ts')).verify(session, who, options)),
    );
  contacts
    .command('block')
    .description('take nothing from someone any more, and send nothing')
    .argument('<who>', 'name, ID, or conversation id')
    .option('--undo', 'unblock')
    .action((who: string, options: { undo?: true }) =>
      run(async (session) => (await people()).block(session, who, options)),
    );
  contacts
    .command('remove')
    .description('delete someone and the messages with them from this device')
    .argument('<who>', 'name, ID, or conversation id')
    .option('-f, --force', 'do not ask')
    .option('-n, --dry-run', 'tell what would be deleted, and delete nothing')
    .action((who: string, options: { force?: true; dryRun?: true }) =>
      run(async (session) => (await people()).remove(session, who, options)),
    );
}

function addDoorVerbs(program: Command, run: RunVerb): void {
  const asked = () => import('./verbs/requests.ts');
  const requests = program.command('requests').description('people who have your ID and ask');
  requests
    .command('list')
    .description('who asks to chat; looks at the door first')
    .option('--no-look', 'only what is known already')
    .action((options: { look: boolean }) =>
      run(async (session) => (await asked()).list(session, options)),
    );
  requests
    .command('accept')
    .description('chat with them from now on')
    .argument('<who>', 'name, ID, or conversation id')
    .addOption(
      program
        .createOption('--route <policy>', 'by which ways they may be reached')
        .choices(POLICIES),
    )
    .action((who: string, options: { route?: Policy }) =>
      run(async (session) => (await asked()).accept(session, who, options)),
    );
  for (const [verb, about] of [
    ['decline', 'do not; they are not told'],
    ['block', 'do not, and never hear of them again; they are not told'],
  ] as const) {
    requests
      .command(verb)
      .description(about)
      .argument('<who>', 'name, ID, or conversation id')
      .action((who: string) => run(async (session) => (await asked())[verb](session, who)));
  }
  const doors = () => import('./verbs/door.ts');
  const door = program.command('door').description('who can ask by your ID alone: nobody, if shut');
  door
    .command('open')
    .description('let people who have your ID ask to chat')
    .option('--anyway', 'also where no relay hides your IP address from those who have your ID')
    .action((options: { anyway?: true }) =>
      run(async (session) => (await doors()).open(session, options)),
    );
  door
    .command('shut')
    .description('let nobody ask any more')
    .action(() => run(async (session) => (await doors()).shut(session)));
  door
    .command('status')
    .description('open or shut, and when it was last looked at')
    .action(() => run(async (session) => (await doors()).status(session)));
}

function addInviteVerbs(program: Command, run: RunVerb): void {
  const invites = () => import('./verbs/invite.ts');
  const invite = program.command('invite').description('invites for people who want to reach you');
  invite
    .command('new')
    .description('make an invite for one person, and print its link')
    .option('--link', 'as a link (this is the default)')
    .option('--qr', 'as a QR code too')
    .option('--expires <duration>', 'how long it can be used', '7d')
    .option('--reusable', 'several people may use it')
    .addHelpText('after', examples('sotto invite new', 'sotto invite new --qr --expires 10m'))
    .action((options: { qr?: true; link?: true; expires: string; reusable?: true }) =>
      run(async (session) => (await invites()).create(session, options)),
    );
  invite
    .command('list')
    .description('every invite and who used it')
    .action(() => run(async (session) => (await invites()).list(session)));
  invite
    .command('revoke')
    .description('make an invite useless')
    .argument('<invite>', 'its id, from: sotto invite list')
    .action((id: string) => run(async (session) => (await invites()).revoke(session, id)));
}

/** Messages, and the ways they take. */
export function addMessageVerbs(program: Command, run: RunVerb): void {
  program
    .command('send')
    .description('send a message; prints its id')
    .argument('<to>', 'name, ID, or conversation id')
    .argument('[text...]', 'the message; - or nothing reads standard input')
    .addOption(
      program
        .createOption('--wait <state>', 'when to return')
        .choices(['queued', 'delivered'])
        .default('queued'),
    )
    .addHelpText(
      'after',
      examples('sotto send ana "See you at 6" --wait delivered', 'date | sotto send ana -'),
    )
    .action((to: string, words: string[], options: { wait: 'queued' | 'delivered' }) =>
      run(async (session) => (await import('./verbs/send.ts')).send(session, to, words, options)),
    );
  program
    .command('cancel')
    .description('hold back a message that has not been delivered')
    .argument('<message>', 'its id, as send printed it')
    .addHelpText('after', examples('sotto cancel 5f3a09c4d1e27b8860a1b2c3d4e5f607'))
    .action((event: string) =>
      run(async (session) => (await import('./verbs/cancel.ts')).cancel(session, event)),
    );
  program
    .command('read')
    .description('print the messages of a conversation, newest last')
    .argument('<conversation>', 'name, ID, or conversation id')
    .option('-n <count>', 'how many', '50')
    .option('--since <time>', 'not older than, such as 2h or 2026-11-21')
    .option('--mark-read', 'count what is printed as read')
    .addHelpText('after', examples('sotto read ana', 'sotto read ana -n 10 --since 2h --json'))
    .action((to: string, options: { n: string; since?: string; markRead?: true }) =>
      run(async (session) => (await import('./verbs/read.ts')).read(session, to, options)),
    );
  program
    .command('search')
    .description('find messages by a part of their text, newest first')
    .argument('<words...>', 'what is to be found, and filters: from: in: before: after:')
    .option('--in <who>', 'of one conversation only')
    .addOption(program.createOption('--from <side>', 'whose messages').choices(['me', 'them']))
    .option('--before <time>', 'older than, such as 2026-11-21 or 2h')
    .option('--after <time>', 'not older than')
    .option('-n <count>', 'how many', '50')
    .addHelpText(
      'after',
      examples('sotto search "see you" in:ana', 'sotto search plan from:me after:2026-11'),
    )
    .action((words: string[], options: SearchOptions) =>
      run(async (session) => (await import('./verbs/search.ts')).search(session, words, options)),
    );
  addWatchVerbs(program, run);
}

/** What happens, and how it travels. */
function addWatchVerbs(program: Command, run: RunVerb): void {
  program
    .command('listen')
    .description('print what happens, until Ctrl-C')
    .option('--conv <who>', 'of one conversation only')
    .option(
      '--type <types>',
      'only these, separated by commas; removed, read, requests, setting, draft come only so',
    )
    .option('--from <cursor>', 'go on after this cursor of an earlier line')
    .addHelpText('after', examples('sotto listen', 'sotto listen --json --type message'))
    .action((options: { conv?: string; type?: string; from?: string }) =>
      run(async (session) => (await import('./verbs/listen.ts')).listen(session, options)),
    );
  const way = () => import('./verbs/route.ts');
  const route = program.command('route').description('the way messages take');
  route
    .command('show')
    .description('the route of a conversation, and who can see what on it')
    .argument('<conversation>', 'name, ID, or conversation id')
    .action((to: string) => run(async (session) => (await way()).show(session, to)));
  route
    .command('set')
    .description('choose how a conversation connects; asks before they see more of your address')
    .argument('<conversation>', 'name, ID, or conversation id')
    .addArgument(program.createArgument('<policy>', 'by which ways it may go').choices(POLICIES))
    .option('-f, --force', 'do not ask')
    .addHelpText('after', examples('sotto route set ana hidden'))
    .action((to: string, policy: Policy, options: { force?: true }) =>
      run(async (session) => (await way()).set(session, to, policy, options)),
    );
}

/** Settings and logs. */
export function addSettingVerbs(program: Command, run: RunVerb): void {
  const settings = () => import('./verbs/config.ts');
  const config = program.command('config').description('settings of this profile');
  config
    .command('list')
    .description('every setting, its value, and where the value comes from')
    .action(() => run(async (session) => (await settings()).list(session)));
  config
    .command('get')
    .description('print one value')
    .argument('<key>')
    .action((key: string) => run(async (session) => (await settings()).get(session, key)));
  config
    .command('set')
    .description('change one value')
    .argument('<key>')
    .argument('[value]')
    .option('--default', 'go back to the default')
    .addHelpText(
      'after',
      examples('sotto config set log.level debug', 'sotto config set proxy.password -'),
    )
    .action((key: string, value: string | undefined, options: { default?: true }) =>
      run(async (session) => (await settings()).set(session, key, value, options)),
    );
  program
    .command('doctor')
    .description('is everything well, and if not, what to do')
    .option('--with <who>', 'also the way to this person; calls them')
    .option('--fix', 'put right what can be put right without harm')
    .addHelpText('after', examples('sotto doctor', 'sotto doctor --with ana', 'sotto doctor --fix'))
    .action((options: { with?: string; fix?: true }) =>
      run(async (session) => (await import('./verbs/doctor.ts')).doctor(session, options)),
    );
  program
    .command('logs')
    .description('what the app wrote down about itself; no names, no texts, no keys')
    .option('-f', 'go on as lines come, until Ctrl-C')
    .option('-n <count>', 'how many lines', '50')
    .action((options: { f?: true; n: string }) =>
      run(async (session) => (await import('./verbs/logs.ts')).logs(session, options)),
    );
}
