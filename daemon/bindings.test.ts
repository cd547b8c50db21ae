import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { Bindings, TRY_EVERY_MS } from './bindings.ts';

/** A computer on which addresses come and go; TCP is the real one of this machine. */
class Computer {
  nowMs = 0;
  readonly absent = new Set<string>();
  readonly tried: string[] = [];
  readonly bindings: Bindings;

  constructor(port = 0, accepts = true) {
    const bind = (host: string): number => {
      this.tried.push(host);
      if (this.absent.has(host)) throw Object.assign(new Error(host), { code: 'EADDRNOTAVAIL' });
      return port;
    };
    this.bindings = new Bindings({
      port,
      udp: { bind, close: async () => undefined },
      accepts,
      onSocket: (socket) => socket.destroy(),
      monoMs: () => this.nowMs,
    });
  }
}

test('[API-11] an address that comes later is listened on, without a restart', async () => {
  const computer = new Computer();
  const { absent, bindings, tried } = computer;
  absent.add('127.0.0.2');
  await bindings.open(['127.0.0.1', '127.0.0.2']);
  expect([bindings.bound, bindings.servers.length]).toEqual([['127.0.0.1'], 1]);
  absent.clear();
  await bindings.retry();
  expect(bindings.bound).toEqual(['127.0.0.1']);
  computer.nowMs += TRY_EVERY_MS;
  await Promise.all([bindings.retry(), bindings.retry()]);
  expect([bindings.bound, bindings.servers.length]).toEqual([['127.0.0.1', '127.0.0.2'], 2]);
  computer.nowMs += TRY_EVERY_MS;
  await bindings.retry();
  expect(tried).toHaveLength(3);
  await bindings.close();
});

test('[API-11] one that is still not there is no fault, and after the end nothing is tried', async () => {
  const computer = new Computer(0, false);
  const { absent, bindings, tried } = computer;
  absent.add('127.0.0.2');
  await bindings.open(['127.0.0.2']);
  computer.nowMs += TRY_EVERY_MS;
  await bindings.retry();
  expect([bindings.bound, tried.length]).toEqual([[], 2]);
  await bindings.close();
  computer.nowMs += TRY_EVERY_MS;
  await bindings.retry();
  expect(tried).toHaveLength(2);
});

test('[API-11] an address is had by both or by neither; one that is taken is said', async () => {
  const { absent, bindings } = new Computer();
  absent.add('127.0.0.1');
  await bindings.open(['127.0.0.1']);
  expect(bindings.servers).toEqual([]);
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const { port } = other.address() as { port: number };
  const opened = new Computer(port).bindings.open(['127.0.0.1']);
  await expect(opened).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await new Promise((done) => other.close(done));
});
