/**
 * Keys that work anywhere. Mod is Ctrl, and the command key on a Mac. Nothing that the browser
 * itself uses is bound.
 *
 *   Mod+K            go to, add, find            F6, Shift+F6   next and previous region
 *   Alt+Up, Down     previous and next chat      Esc            close what is open, then composer
 *
 * What belongs to one part of the screen is bound there.
 * @module
 */
import { useEffect } from 'react';
import { go } from './place.ts';

/** True for Ctrl, or for the command key on a Mac. */
export function hasMod(event: KeyboardEvent | React.KeyboardEvent): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform) ? event.metaKey : event.ctrlKey;
}

export function useKeys(): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === 'F6') nextRegion(event);
      else if (hasMod(event) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        go('/search');
      }
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);
}

/** Regions carry `data-region`; the first thing that can be focused in one is. */
function nextRegion(event: KeyboardEvent): void {
  event.preventDefault();
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter(
    (region) => region.offsetParent !== null,
  );
  if (regions.length === 0) return;
  const at = regions.findIndex((region) => region.contains(document.activeElement));
  const step = event.shiftKey ? -1 : 1;
  const region = regions[(at + step + regions.length) % regions.length]!;
  const target = region.querySelector<HTMLElement>(
    '[tabindex="0"], a[href], button:not(:disabled), input, textarea',
  );
  (target ?? region).focus();
}
