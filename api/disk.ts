/**
 * Disk: what the doctor says of the room that is left for a profile, whoever measures it.
 * @module
 */
import { checkOf } from './checks.ts';
import type { Check } from './contract.ts';

const MEGA = 1024 * 1024;
const FREE_BYTES_LOW = 512 * MEGA;
const FREE_BYTES_FULL = 32 * MEGA;

/** @param freeBytes undefined where the system does not tell. */
export function diskCheck(freeBytes: number | undefined): Check {
  if (freeBytes === undefined) return checkOf('disk', 'unknown');
  const free = sizeText(freeBytes);
  if (freeBytes < FREE_BYTES_FULL) return checkOf('disk', 'full', { free });
  return checkOf('disk', freeBytes < FREE_BYTES_LOW ? 'low' : 'room', { free });
}

function sizeText(bytes: number): string {
  const mega = bytes / MEGA;
  return mega < 1024 ? `${Math.floor(mega)} MB` : `${(mega / 1024).toFixed(1)} GB`;
}
