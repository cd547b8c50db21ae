/**
 * Keys that work anywhere. Mod is Ctrl, and the command key on a Mac. Nothing that the browser
 * itself needs is bound: no Mod with N, T, W, L, R, Tab or a digit.
 *
 *   Mod+K            go to, add, find        Mod+/         the list of keys
 *   Alt+Up, Down     previous, next chat     F6, Shift+F6  next, previous region
 *   ... with Shift   ... unread chat         Esc           close what is open
 *
 * What belongs to one part of the screen is bound there, as Mod+F, Mod+; and Mod+' are by an open
 * chat. A key that a part has taken (`preventDefault`) is left alone here.
 * @module
 */
import { useEffect } from 'react';
import { chatFilter, neighbour, orderedChats, shownChats, unreadNeighbour } from './chats.ts';
import { useModel } from './context.ts';
import type { Model } from './model.ts';
import { go, goBack, place, type Place } from './place.ts';
import { Store } from './store.ts';
import type { Text } from '../text/text.ts';

/** Whether the list of keys is shown. */
export const keyList = new Store(false);

function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}

/** True for Ctrl, or for the command key on a Mac. */
export function hasMod(event: KeyboardEvent | React.KeyboardEvent): boolean {
  return isMac() ? event.metaKey : event.ctrlKey;
}

/** What stands on that key. */
export function modName(t: Text): string {
  return t(isMac() ? 'keys.mod.mac' : 'keys.mod');
}

export function useKeys(): void {
  const model = useModel();
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing || isDialogOpen()) return;
      if (keyPressed(model, event)) event.preventDefault();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [model]);
}

/** The browser's own dialog takes Esc, and what is behind it is out of reach. */
function isDialogOpen(): boolean {
  return document.querySelector('dialog[open]') !== null;
}

/** Does what the key stands for. @returns false where it stands for nothing here. */
function keyPressed(model: Model, event: KeyboardEvent): boolean {
  const { key, altKey, shiftKey } = event;
  if (key === 'F6') return nextRegion(shiftKey ? -1 : 1);
  if (key === 'Escape') return close(place.value);
  if (altKey && !hasMod(event) && (key === 'ArrowUp' || key === 'ArrowDown')) {
    return goAlong(model, key === 'ArrowUp' ? -1 : 1, shiftKey);
  }
  if (!hasMod(event) || altKey) return false;
  switch (key.toLowerCase()) {
    case 'k':
      return find();
    case '/':
      keyList.set(!keyList.value);
      return true;
    default:
      return false;
  }
}

function goAlong(model: Model, step: 1 | -1, isUnread: boolean): boolean {
  const at = place.value;
  const open = at.page === 'conversation' ? at.conversation : undefined;
  const chats = shownChats(orderedChats(model.conversations.value), chatFilter.value, open);
  const next = (isUnread ? unreadNeighbour : neighbour)(chats, open, step);
  if (next) go(`/c/${next.conversation}`);
  return true;
}

function find(): boolean {
  go('/search');
  const field = document.querySelector<HTMLInputElement>('[data-search]');
  field?.focus();
  field?.select();
  return true;
}

function close(at: Place): boolean {
  if (at.page === 'search') {
    goBack('/');
    return true;
  }
  if (at.page !== 'conversation') return false;
  if (at.panel === undefined && at.cursor === undefined) return false;
  goBack(`/c/${at.conversation}`);
  return true;
}

/** Regions carry `data-region`; the first thing that can be focused in one is. */
function nextRegion(step: 1 | -1): boolean {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter(
    (region) => region.offsetParent !== null,
  );
  if (regions.length === 0) return true;
  const at = regions.findIndex((region) => region.contains(document.activeElement));
  const from = at === -1 && step === -1 ? 0 : at;
  const region = regions[(from + step + regions.length) % regions.length]!;
  const target = region.querySelector<HTMLElement>(
    '[tabindex="0"], a[href]:not([tabindex="-1"]), button:not(:disabled, [tabindex="-1"]), ' +
      'input:not([type="hidden"], [hidden]), textarea',
  );
  (target ?? region).focus();
  return true;
}
