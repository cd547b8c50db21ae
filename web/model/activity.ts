/**
 * Activity: tells the daemon that a person is at this screen, while it would lock itself otherwise.
 * @module
 */
import type { Model } from './model.ts';

/** As often as the contract allows. */
const TOUCH_MS = 20_000;
const SIGNS = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchstart'] as const;

/** For as long as the page lives. */
export function tellActivity(model: Model): void {
  let toldMs = 0;
  const seen = (): void => {
    const minutes = Number(model.settings.value.get('lock.afterMinutes')?.value ?? 0);
    if (minutes === 0 || model.phase.value !== 'ready') return;
    const nowMs = Date.now();
    if (nowMs - toldMs < TOUCH_MS) return;
    toldMs = nowMs;
    // The next sign of life tells it again.
    model.client.call('lock.touch', {}).catch(() => undefined);
  };
  for (const sign of SIGNS) window.addEventListener(sign, seen, { passive: true });
}
