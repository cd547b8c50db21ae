import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EVENT, message, NETWORK } from './fake-daemon.suite.ts';
import { ended, Terminal } from './terminal.suite.ts';

let terminal: Terminal;
beforeAll(() => void (terminal = new Terminal()));
afterEach(() => terminal.closeDaemons());
afterAll(() => terminal.close());

describe('[CLI-27] bots of a few lines', () => {
  /** What a bot must answer: hostile text stays data, because it travels by standard input. */
  const texts = ['/time', 'hi "there" $(touch owned); `id` \\ \u001b[31m', 'two\nlines'];

  async function answers(start: (env: Record<string, string>) => ReturnType<Terminal['start']>) {
    const sent: string[] = [];
    const daemon = await terminal.daemon({
      'messages.send': ({ text, to }) => {
        expect(to).toBe('c_7k2');
        sent.push(text);
        return { event: EVENT, conversation: 'c_7k2', duplicate: false };
      },
    });
    daemon.eventLines = (from) =>
      from === undefined
        ? [
            NETWORK,
            ...texts.map((text, i) => {
              const cursor = String(41 + i);
              return { v: 1, type: 'message', cursor, data: message({ cursor, text }) } as const;
            }),
            {
              v: 1,
              type: 'message',
              cursor: '50',
              data: message({ cursor: '50', outgoing: true, state: 'waiting', text: 'own' }),
            },
          ]
        : [NETWORK];
    const bin = join(terminal.root, 'bin');
    mkdirSync(bin, { recursive: true });
    const launcher = `#!/bin/sh\nexec '${process.execPath}' '${terminal.program}' "$@"\n`;
    writeFileSync(join(bin, 'sotto'), launcher, { mode: 0o755 });
    const child = start(terminal.env({ PATH: `${bin}:${process.env['PATH']}` }));
    const run = ended(child);
    await expect.poll(() => sent.length, { timeout: 20_000 }).toBe(texts.length);
    await terminal.closeDaemons();
    await new Promise((done) => setTimeout(done, 10));
    process.kill(-child.pid!, 'SIGTERM');
    await run;
    return sent;
  }

  /** The scripts of docs/spec/cli.md, word by word. */
  const script = (language: string): string => {
    const page = readFileSync(new URL('../docs/spec/cli.md', import.meta.url), 'utf8');
    return page.split(`\`\`\`${language}\n`)[1]!.split('```')[0]!;
  };

  async function run(name: string, program: string, text: string): Promise<string[]> {
    const file = join(terminal.root, name);
    writeFileSync(file, text);
    return answers((env) =>
      spawn(program, [file], {
        cwd: terminal.root,
        env,
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
      }),
    );
  }

  test('in bash with jq', async () => {
    const sent = await run('bot.sh', 'bash', script('sh'));
    expect(sent[0]).toMatch(/UTC/);
    expect(sent.slice(1)).toEqual(texts.slice(1).map((text) => `You said: ${text}`));
  });

  test('in JavaScript', async () => {
    const sent = await run('bot.mjs', process.execPath, script('js'));
    expect(sent[0]).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(sent.slice(1)).toEqual(texts.slice(1).map((text) => `You said: ${text}`));
  });
});
