/**
 * Commands about the program itself: help, completion for shells, the manual page. All three are
 * read off the program, so that none of them can fall behind it.
 * @module
 */
import type { Command } from 'commander';
import { usage } from './failure.ts';
import type { Session } from './session.ts';

type RunVerb = (verb: (session: Session) => Promise<void>) => Promise<void>;

/** Shells that `completion` knows; `complete` speaks to any of them. */
export const SHELLS = ['bash', 'zsh', 'fish', 'pwsh'] as const;
export type Shell = (typeof SHELLS)[number];

export function addShellVerbs(program: Command, run: RunVerb): void {
  program
    .command('help')
    .description('print help on a command')
    .argument('[command...]', 'such as: contacts verify')
    .action((words: string[]) => commandAt(program, words).outputHelp());
  program
    .command('completion')
    .description('print what makes the Tab key complete commands, names and settings')
    .addArgument(program.createArgument('<shell>', 'your shell').choices(SHELLS))
    .addHelpText(
      'after',
      '\nPut it to use, now and in every new shell:\n' +
        '  bash   source <(sotto completion bash)      in ~/.bashrc\n' +
        '  zsh    source <(sotto completion zsh)       in ~/.zshrc, after compinit\n' +
        '  fish   sotto completion fish | source       in ~/.config/fish/config.fish\n' +
        '  pwsh   sotto completion pwsh | Out-String | Invoke-Expression   in $PROFILE\n',
    )
    .action(async (shell: Shell) => {
      const { script } = await import('./completion-scripts.ts');
      process.stdout.write(script(shell));
    });
  program
    .command('man')
    .description('print the manual page')
    .addHelpText('after', '\nExample:\n  sotto man > sotto.1; man -l sotto.1\n')
    .action(async () => {
      const { manualPage } = await import('./manual.ts');
      process.stdout.write(manualPage(program));
    });
  program
    .command('complete', { hidden: true })
    .description('asked by the scripts of `completion`: what may stand next')
    .argument('[words...]')
    .action((words: string[]) =>
      run(async (session) => {
        const { complete } = await import('./verbs/complete.ts');
        await complete(session, program, words);
      }),
    );
}

/** The command that these words name. @throws Failure `usage` */
function commandAt(program: Command, words: readonly string[]): Command {
  let found = program;
  for (const word of words) {
    const next = found.commands.find((command) => command.name() === word);
    if (!next) throw usage(`There is no command "${words.join(' ')}".`);
    found = next;
  }
  return found;
}
