/**
 * Late: shows its children only when they are still wanted after a moment, so that what is quick
 * does not flicker; until then `fallback`.
 * @module
 */
import { useEffect, useState, type ReactNode } from 'react';

const LATE_MS = 150;

export function Late({
  afterMs = LATE_MS,
  fallback = null,
  children,
}: {
  readonly afterMs?: number;
  readonly fallback?: ReactNode;
  readonly children: ReactNode;
}) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setLate(true), afterMs);
    return () => window.clearTimeout(timer);
  }, [afterMs]);
  return isLate ? children : fallback;
}
