import { afterEach, beforeEach, expect, test, vi } from 'vitest';

class FakeElement {
  isConnected = true;
  focus(): void {
    page.activeElement = this;
  }
}
const page: { activeElement: FakeElement | null } = { activeElement: null };
const location = { pathname: '/' };
const browser = new EventTarget();
/** As browsers keep it: what stands after the present entry goes when one is added. */
const entries: { state: unknown; path: string }[] = [{ state: null, path: '/' }];
let at = 0;
const history = {
  pushState(state: unknown, _title: string, path: string) {
    entries.splice(++at, entries.length, { state, path });
    location.pathname = path;
  },
  replaceState(state: unknown, _title: string, path: string) {
    entries[at] = { state, path };
    location.pathname = path;
  },
  move(by: number) {
    at += by;
    location.pathname = entries[at]!.path;
    browser.dispatchEvent(Object.assign(new Event('popstate'), { state: entries[at]!.state }));
  },
};
Object.assign(globalThis, {
  HTMLElement: FakeElement,
  document: page,
  history,
  location,
  requestAnimationFrame: (draw: () => void) => draw(),
  window: browser,
});
const { go, place } = await import('./place.ts');

beforeEach(() => {
  if (at > 0) history.move(-at);
  page.activeElement = null;
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Goes to a page from one on which something new has the focus. */
function goFrom(path: string): FakeElement {
  const focused = new FakeElement();
  page.activeElement = focused;
  go(path);
  page.activeElement = null;
  return focused;
}

test('what was focused before is focused again on the way back', () => {
  const first = goFrom('/c/c_a');
  const second = goFrom('/c/c_a/info');
  history.move(-1);
  expect(page.activeElement).toBe(second);
  history.move(-1);
  expect(page.activeElement).toBe(first);
  expect(place.value).toEqual({ page: 'home' });
});

test('an entry that another one took the place of is forgotten', () => {
  goFrom('/c/c_a');
  goFrom('/c/c_a/info');
  history.move(-2);
  goFrom('/settings');
  page.activeElement = null;
  go('/network');
  history.move(-1);
  expect(page.activeElement).toBeNull();
});

test('what left the page is not kept for the way back', () => {
  const held: FakeElement[] = [];
  class Collected {
    constructor(element: FakeElement) {
      held.push(element);
    }
    deref(): undefined {
      return undefined;
    }
  }
  vi.stubGlobal('WeakRef', Collected);
  const focused = goFrom('/c/c_a');
  expect(held).toHaveLength(1);
  expect(held[0]).toBe(focused);
  history.move(-1);
  expect(page.activeElement).toBeNull();
});
