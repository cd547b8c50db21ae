/**
 * A pause after wrong passphrases, counted down second by second.
 * @module
 */
import { useEffect, useState } from 'react';

/** @returns seconds that are left, and how to begin a pause. */
export function usePause(): readonly [number, (seconds: number) => void] {
  const [left, setLeft] = useState(0);
  const isOn = left > 0;
  useEffect(() => {
    if (!isOn) return;
    const timer = window.setInterval(() => setLeft((before) => Math.max(0, before - 1)), 1_000);
    return () => window.clearInterval(timer);
  }, [isOn]);
  return [left, setLeft];
}
