/**
 * Real programs of others that run on the gateways of homes: an HTTP proxy (tinyproxy), and a
 * router that opens ports when asked by UPnP, NAT-PMP or PCP (miniupnpd).
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Room } from '../rooms/internet.ts';

export const PROXY_PORT = 3128;
/** What the proxy that wants a password lets in. */
export const PROXY_USER = 'lab';
export const PROXY_PASSWORD = 'lab-7-secret';
/** A proxy passes a tunnel on to this port alone, as in offices. */
const TUNNEL_PORT = 443;
const UPNP_PORT = 5000;
const STUN_PORT = 3478;
const START_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** Starts an HTTP proxy on the gateway; it passes on what the gateway itself forwards to nobody. */
export async function startProxy(
  gateway: Room,
  address: string,
  wantsPassword: boolean,
  folder: string,
): Promise<void> {
  const lines = [
    `Port ${PROXY_PORT}`,
    `Listen ${address}`,
    'MaxClients 100',
    'Timeout 600',
    'Allow 192.168.1.0/24',
    `ConnectPort ${TUNNEL_PORT}`,
    'LogLevel Critical',
    ...(wantsPassword ? [`BasicAuth ${PROXY_USER} ${PROXY_PASSWORD}`] : []),
  ];
  const path = write(folder, 'tinyproxy.conf', lines);
  await started(gateway, PROXY_PORT, 'tinyproxy', ['-d', '-c', path]);
}

/**
 * Starts miniupnpd. It refuses an outside address of the ranges that are reserved for examples,
 * but where it learns it by STUN; so a mirror must be reachable.
 */
export async function startUpnp(
  gateway: Room,
  address: string,
  stun: string,
  folder: string,
): Promise<void> {
  const leases = write(folder, 'leases', []);
  const lines = [
    'ext_ifname=wan',
    'listening_ip=lan',
    'enable_natpmp=yes',
    'enable_upnp=yes',
    'ext_perform_stun=yes',
    `ext_stun_host=${stun}`,
    `ext_stun_port=${STUN_PORT}`,
    `http_port=${UPNP_PORT}`,
    `lease_file=${leases}`,
    'secure_mode=yes',
    'system_uptime=yes',
    'notify_interval=60',
    'uuid=00000000-0000-4000-8000-000000000001',
    'min_lifetime=120',
    'max_lifetime=86400',
    `allow 1024-65535 ${address}/24 1024-65535`,
    'deny 0-65535 0.0.0.0/0 0-65535',
  ];
  const path = write(folder, 'miniupnpd.conf', lines);
  const words = ['-d', '-f', path, '-P', join(folder, 'miniupnpd.pid')];
  await started(gateway, UPNP_PORT, 'miniupnpd', words);
}

function write(folder: string, name: string, lines: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

/** Starts a program and waits until it listens. */
async function started(
  gateway: Room,
  port: number,
  command: string,
  words: readonly string[],
): Promise<void> {
  const child = gateway.spawn(command, words);
  let complaint = '';
  child.stdout.resume();
  child.stderr.on('data', (text: Buffer) => {
    if (complaint.length < 500) complaint += text.toString();
  });
  const endMs = performance.now() + START_MS;
  while (child.exitCode === null && performance.now() < endMs) {
    if (gateway.run('ss', ['-Hltn', `sport = :${port}`]).stdout !== '') return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error(`${command} does not listen: ${complaint.trim()}`);
}
