/**
 * D5, fail-over: two people whose networks do not reach each other talk through two relays on both
 * their lists. Again and again the one that carries them is killed, while both write: whatever they
 * write is there within 5 s. Then it starts again.
 * @module
 */
import { Internet } from '../rooms/internet.ts';
import { meet, RoomDaemon } from '../rooms/room-daemon.ts';
import { until } from '../rooms/town.ts';
import type { Report } from './bar.ts';

const PORT = 30_000;
const [ANA, BO] = ['198.51.100.11', '203.0.113.12'];
const RELAYS = ['192.0.2.13', '198.18.0.14'] as const;
const KILLS = 20;
const KILLS_SHORT = 1;
const FAIL_OVER_MS = 5_000;
const PATIENCE_MS = 60_000;

export async function failOver(report: Report, folder: string, short: boolean): Promise<void> {
  const internet = new Internet();
  try {
    // The relays' own nodes are all the DHT there is.
    const helpers = RELAYS.map((host) => `${host}:${PORT}`).join();
    const settings = [`dht.bootstrap=${helpers}`, 'net.portMapping=false'];
    const relays = RELAYS.map((host, i) => {
      const room = internet.room(`relay${i}`, [host]);
      return new RoomDaemon(`Relay${i}`, room, folder, PORT, [...settings, 'relay.serve=public']);
    });
    for (const relay of relays) await relay.start();
    const shown = await Promise.all(relays.map((relay) => relay.call('relay.show', {})));
    const list = `relays.list=${shown.map(({ text }) => text!).join()}`;
    const [ana, bo] = (['Ana', 'Bo'] as const).map((name, i) => {
      const room = internet.room(name.toLowerCase(), [[ANA, BO][i]!]);
      return new RoomDaemon(name, room, folder, PORT, [...settings, 'relay.serve=off', list]);
    }) as [RoomDaemon, RoomDaemon];
    await Promise.all([ana.start(), bo.start()]);
    await places(ana, bo);
    await meet(ana, bo);
    for (const [one, other] of [
      [ana, BO],
      [bo, ANA],
    ] as const) {
      const drop = `ip saddr ${other} drop;`;
      const rules = `table ip apart { chain in { type filter hook input priority 0; ${drop} }; }\n`;
      const { status, stderr } = one.room.run('nft', ['-f', '-'], { input: rules });
      if (status !== 0) throw new Error(stderr);
    }
    const ms: number[] = [];
    for (let i = 0; i < (short ? KILLS_SHORT : KILLS); i++) {
      if (i > 0) await places(ana, bo);
      ms.push(...(await killed(relays, ana, bo)));
    }
    report.figures('delivered after the kill', ms, 'ms');
    const most = Math.max(...ms);
    report.require(most <= FAIL_OVER_MS, `another relay within 5 s: ${most.toFixed(0)} ms at most`);
  } finally {
    await internet.close();
  }
}

/** Both have their places at both relays. */
async function places(...people: readonly RoomDaemon[]): Promise<void> {
  await until('places at both relays', PATIENCE_MS, async () => {
    const counts = await Promise.all(people.map((one) => one.stats()));
    return counts.every((all) => all['circuits.reserved'] === RELAYS.length);
  });
}

/** The relay in their path dies. @returns how long what both then write takes. */
async function killed(
  relays: readonly RoomDaemon[],
  ana: RoomDaemon,
  bo: RoomDaemon,
): Promise<number[]> {
  const carrier = await carrierOf(relays, ana);
  process.kill(relays[carrier]!.pid, 'SIGKILL');
  const written = await Promise.all([ana.talk('Bo', 1, 0), bo.talk('Ana', 1, 0)]);
  await relays[carrier]!.start();
  return written.flatMap(({ lost, ms }) => (lost > 0 ? [Infinity] : ms));
}

/** The relay through which what one of them writes goes now. */
async function carrierOf(relays: readonly RoomDaemon[], ana: RoomDaemon): Promise<number> {
  const passed = async (): Promise<number[]> => {
    const counts = await Promise.all(relays.map((relay) => relay.stats()));
    return counts.map((all) => all['relay.relayedBytes']!);
  };
  let carrier = -1;
  await until('a relay carries them', PATIENCE_MS, async () => {
    const before = await passed();
    await ana.talk('Bo', 1, 0);
    const after = await passed();
    const more = after.map((bytes, i) => bytes - before[i]!);
    carrier = more.indexOf(Math.max(...more));
    return more[carrier]! > 0;
  });
  return carrier;
}
