/**
 * TCP port 443 beside the port of the settings: a relay for everybody listens there too, for who
 * sits in a network that passes only the web (RLY-25). It belongs to the system, or to a web
 * server; so it may be refused, and then the relay goes on without it.
 * @module
 */
import type { Server, Socket } from 'node:net';
import { listenTcp } from './tcp.ts';

export const WEB_PORT = 443;

/**
 * `open`: on every address. `denied`: the system keeps it for who has the right, `taken`: another
 * program has it. `off`: not wanted.
 */
export type WebPort = 'open' | 'denied' | 'taken' | 'off';

/** Listens on all these addresses, or on none. Never throws. */
export async function openWebPort(
  hosts: readonly string[],
  onSocket: (socket: Socket) => void,
  port = WEB_PORT,
): Promise<{ readonly state: WebPort; readonly servers: readonly Server[] }> {
  const servers: Server[] = [];
  for (const host of hosts) {
    try {
      servers.push((await listenTcp(host, port, onSocket)).server);
    } catch (error) {
      for (const server of servers) server.close();
      return { state: stateOf(error as NodeJS.ErrnoException), servers: [] };
    }
  }
  return { state: 'open', servers };
}

/** What the system says to one who may not; what else it says is as if another had it. */
export function stateOf({ code }: NodeJS.ErrnoException): WebPort {
  return code === 'EACCES' || code === 'EPERM' ? 'denied' : 'taken';
}
