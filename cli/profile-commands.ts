/**
 * The commands of the lock and of profiles. What they do is in verbs/lock.ts and verbs/profiles.ts.
 * @module
 */
import type { Command } from 'commander';
import type { Session } from './session.ts';

type RunVerb = (verb: (session: Session) => Promise<void>) => Promise<void>;
type NewFile = { newFile?: string };

const NEW_FILE = ['--new-file <file>', 'the new passphrase; - is standard input'] as const;

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

export function addProfileVerbs(program: Command, run: RunVerb): void {
  const locks = () => import('./verbs/lock.ts');
  program
    .command('lock')
    .description('lock the profile: nothing is received and nothing shown until it is unlocked')
    .action(() => run(async (session) => (await locks()).lock(session)));
  program
    .command('unlock')
    .description('unlock the profile; asks for the passphrase')
    .addHelpText('after', examples('sotto unlock', 'sotto unlock --passphrase-file FILE'))
    .action(() => run(async (session) => (await locks()).unlock(session)));
  const passphrase = program.command('passphrase').description('what opens the locked profile');
  passphrase
    .command('set')
    .description('set the first passphrase; nobody can reset it')
    .option(...NEW_FILE)
    .addHelpText('after', examples('sotto passphrase set', 'sotto passphrase set --new-file FILE'))
    .action((options: NewFile) => run(async (session) => (await locks()).set(session, options)));
  passphrase
    .command('change')
    .description('set another one; --passphrase-file has the present one')
    .option(...NEW_FILE)
    .action((options: NewFile) => run(async (session) => (await locks()).change(session, options)));
  passphrase
    .command('remove')
    .description('need none any more; --passphrase-file has the present one')
    .action(() => run(async (session) => (await locks()).remove(session)));
  const profiles = () => import('./verbs/profiles.ts');
  const group = program.command('profiles').description('who you are here: one identity for each');
  group
    .command('list')
    .description('every profile, and whether it runs')
    .action(() => run(async (session) => (await profiles()).list(session)));
  group
    .command('create')
    .description('make a profile with an identity of its own')
    .argument('<name>', 'letters, digits, - and _')
    .addHelpText('after', examples('sotto profiles create work', 'sotto --profile work open'))
    .action((name: string) => run(async (session) => (await profiles()).create(session, name)));
}
