/**
 * Every decoder of bytes that somebody else may have made.
 * @module
 */
import { BASE } from './targets-base.ts';
import { DISCOVERY } from './targets-discovery.ts';
import { DOOR } from './targets-door.ts';
import { HANDSHAKE } from './targets-handshake.ts';
import { LAN } from './targets-lan.ts';
import { LINK } from './targets-link.ts';
import { deviceList } from './targets-list.ts';
import { PEOPLE } from './targets-people.ts';
import { PROXY } from './targets-proxy.ts';
import { RELAY_LINKS } from './targets-relay-links.ts';
import { RELAY } from './targets-relay.ts';
import { ROUTERS } from './targets-routers.ts';
import { TRACKERS } from './targets-tracker.ts';
import { VAULT } from './targets-vault.ts';
import type { Target } from './target.ts';

export const TARGETS: readonly Target[] = [
  ...BASE,
  ...DISCOVERY,
  ...DOOR,
  ...PEOPLE,
  ...VAULT,
  ...LAN,
  ...LINK,
  ...HANDSHAKE,
  ...RELAY,
  ...RELAY_LINKS,
  ...ROUTERS,
  ...PROXY,
  ...TRACKERS,
  deviceList,
];
