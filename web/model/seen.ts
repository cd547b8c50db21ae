/**
 * Whether a person can see this page: one that has been hidden for a while may rest.
 * @module
 */

export function isHidden(): boolean {
  return document.visibilityState === 'hidden';
}

/** Calls `rest` once the page has been hidden for `ms`. @returns what ends the watch. */
export function whenHidden(ms: number, rest: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    clearTimeout(timer);
    if (isHidden()) timer = setTimeout(rest, ms);
  };
  document.addEventListener('visibilitychange', look);
  look();
  return () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', look);
  };
}

/** Resolves once the page is seen, after `ms` at the latest. */
export function untilSeen(ms: number): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
      done();
    };
    const look = (): void => {
      if (!isHidden()) end();
    };
    const timer = setTimeout(end, ms);
    document.addEventListener('visibilitychange', look);
    look();
  });
}
