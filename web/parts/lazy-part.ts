/**
 * Lazy part: a piece of the app that is loaded when it is first wanted. One that did not come is
 * asked for anew by whoever wants it next: React alone remembers a failure as long as the page
 * stands.
 *
 *   absent --wanted--> loading --> there
 *      ^                  \--> broken
 *      \----renewBroken()-----/
 *
 * @module
 */
import { createElement, lazy, type ComponentType, type ReactElement } from 'react';

type Load<Props> = () => Promise<{ readonly default: ComponentType<Props> }>;

/** Each makes one part absent again. */
const broken = new Set<() => void>();
const missingStyles = new Set<HTMLLinkElement>();

/** @param load an `import()`; asked once, and once more each time it had failed. */
export function lazyPart<Props extends object>(load: Load<Props>) {
  let hasFailed = false;
  const attempt: Load<Props> = async () => {
    try {
      if (hasFailed) await loadMissingStyles();
      return await load();
    } catch (error) {
      hasFailed = true;
      broken.add(renew);
      throw error;
    }
  };
  const fresh = (): ComponentType<Props> => lazy(attempt);
  let part = fresh();
  const renew = (): void => {
    part = fresh();
  };
  return function LazyPart(props: Props): ReactElement {
    return createElement(part, props);
  };
}

/** Not before the failure stands on the screen: React would ask again and again until it does. */
export function renewBroken(): void {
  for (const renew of broken) renew();
  broken.clear();
}

/** Vite asks for the styles of a part once, whether they come or not. */
async function loadMissingStyles(): Promise<void> {
  await Promise.all([...missingStyles].map(loadAnew));
}

function loadAnew(link: HTMLLinkElement): Promise<void> {
  missingStyles.delete(link);
  const again = link.cloneNode() as HTMLLinkElement;
  return new Promise((resolve, reject) => {
    again.onload = () => resolve();
    again.onerror = () => reject(new Error('a style did not come'));
    link.replaceWith(again);
  });
}

/** The sheet of a link does not say it: a browser may put an empty one there. */
function takeMissing({ target }: Event): void {
  if (target instanceof HTMLLinkElement && target.rel === 'stylesheet') missingStyles.add(target);
}
document.addEventListener('error', takeMissing, { capture: true });
