/**
 * Appearance: theme, size of text, density and motion, as the settings say; written to the root
 * element, where tokens.css reads them. The last ones are kept so that a page does not flash.
 * @module
 */
import type { Model, Settings } from '../model/model.ts';

const STORED = 'sotto.appearance';
const dark = matchMedia('(prefers-color-scheme: dark)');

interface Appearance {
  readonly theme: string;
  readonly textSize: number;
  readonly density: string;
  readonly motion: string;
}

const FIRST: Appearance = { theme: 'system', textSize: 100, density: 'normal', motion: 'system' };

/** Follows the settings and the system for as long as the page lives. */
export function followAppearance(model: Model): void {
  let current = stored();
  const draw = (): void => show(current);
  draw();
  dark.addEventListener('change', draw);
  model.settings.watch(() => {
    current = appearanceOf(model.settings.value);
    localStorage.setItem(STORED, JSON.stringify(current));
    draw();
  });
}

function show({ theme, textSize, density, motion }: Appearance): void {
  const root = document.documentElement;
  root.dataset['theme'] = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme;
  root.dataset['density'] = density;
  root.dataset['motion'] = motion;
  root.style.setProperty('--text-size', String(textSize / 100));
}

function appearanceOf(settings: Settings): Appearance {
  const value = (key: string): string | number | boolean | undefined => settings.get(key)?.value;
  return {
    theme: String(value('app.theme') ?? FIRST.theme),
    textSize: Number(value('app.textSize') ?? FIRST.textSize),
    density: String(value('app.density') ?? FIRST.density),
    motion: String(value('app.motion') ?? FIRST.motion),
  };
}

function stored(): Appearance {
  try {
    return { ...FIRST, ...(JSON.parse(localStorage.getItem(STORED) ?? '{}') as object) };
  } catch {
    return FIRST;
  }
}
