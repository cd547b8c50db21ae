/**
 * Today: changes at midnight, so that times become weekdays on a page that stays open.
 * @module
 */
import { useEffect, useState } from 'react';

/** A computer that slept wakes up on another day. */
const LOOK_EVERY_MS = 60_000;

export function useToday(): Date {
  const [today, setToday] = useState(() => new Date());
  useEffect(() => {
    const timer = window.setInterval(() => {
      setToday((before) => {
        const now = new Date();
        return now.toDateString() === before.toDateString() ? before : now;
      });
    }, LOOK_EVERY_MS);
    return () => window.clearInterval(timer);
  }, []);
  return today;
}
