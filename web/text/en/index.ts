/**
 * English: every text of the app, by its key. One file for each part of the screen; a key begins
 * with the name of its file. ICU MessageFormat; what is exact in the design is exact here.
 * @module
 */
import { ADD } from './add.ts';
import { APP } from './app.ts';
import { CHATS } from './chats.ts';
import { CONVERSATION } from './conversation.ts';
import { DETAILS } from './details.ts';
import { KEYS } from './keys.ts';
import { NETWORK } from './network.ts';
import { PROFILES } from './profiles.ts';
import { QR } from './qr.ts';
import { REQUESTS } from './requests.ts';
import { ROUTE } from './route.ts';
import { SETTINGS } from './settings.ts';
import { WELCOME } from './welcome.ts';

export const EN = {
  ...ADD,
  ...APP,
  ...CHATS,
  ...CONVERSATION,
  ...DETAILS,
  ...KEYS,
  ...NETWORK,
  ...PROFILES,
  ...QR,
  ...REQUESTS,
  ...ROUTE,
  ...SETTINGS,
  ...WELCOME,
} as const satisfies Readonly<Record<string, string>>;
