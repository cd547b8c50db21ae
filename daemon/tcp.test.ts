import { Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { dialTcp } from './tcp.ts';

const TO = { host: '192.0.2.7', port: 443 };

afterEach(() => void vi.restoreAllMocks());

/** A dial to which nobody answers. @returns what was told of it, and its socket. */
function dialNobody() {
  const connect = vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket) {
    (this as { connecting: boolean }).connecting = true;
    return this;
  });
  const events: string[] = [];
  const listener = {
    opened: () => void events.push('opened'),
    bytes: () => undefined,
    writable: () => undefined,
    closed: (reason: string) => void events.push(reason),
  };
  const stream = dialTcp(TO, listener);
  return { stream, events, socket: connect.mock.contexts[0] as Socket };
}

test.each(['close', 'reset'] as const)(
  '[POL-7] ⚑ a dial under way goes no further after %s()',
  async (how) => {
    const { events, socket, stream } = dialNobody();
    stream[how]();
    expect(socket.destroyed).toBe(true);
    await new Promise((done) => setImmediate(done));
    expect(events).toEqual([]);
  },
);
