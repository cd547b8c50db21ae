/**
 * Leaks: packets of the browser in a room that are not for the room's own loopback. The browser
 * runs with a group of its own, by which the kernel's filter counts them.
 * @module
 */
import type { Room } from '../rooms/internet.ts';

/** The group `nogroup` of Debian; nothing else in a room runs with it. */
export const BROWSER_GROUP = 65_534;

export class Leaks {
  constructor(private readonly room: Room) {
    const rule = `meta skgid ${BROWSER_GROUP} oifname != "lo" counter`;
    for (const line of [
      'add table inet leaks',
      'add chain inet leaks out { type filter hook output priority 0 ; }',
      `add rule inet leaks out ${rule}`,
    ]) {
      const { status, stderr } = room.run('nft', [line]);
      if (status !== 0) throw new Error(`nft: ${stderr}`);
    }
  }

  /** So far. */
  packets(): number {
    const { stdout } = this.room.run('nft', ['list', 'chain', 'inet', 'leaks', 'out']);
    const counted = /counter packets (\d+)/.exec(stdout)?.[1];
    if (counted === undefined) throw new Error('the counter is gone');
    return Number(counted);
  }
}
