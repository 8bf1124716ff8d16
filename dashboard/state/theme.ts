/** Light or dark: as the system says, until the viewer chooses; light on paper. */
import { computed, effect, signal } from '@preact/signals';

export type Theme = 'light' | 'dark';

const KEY = 'trawl-theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');

const isSystemDark = signal(system.matches);
const isPrinting = signal(false);
const chosen = signal<Theme | null>(stored());

export const theme = computed<Theme>(() => (isPrinting.value ? 'light' : null) ?? chosen.value ?? (isSystemDark.value ? 'dark' : 'light'));

function stored(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : null;
  } catch {
    // Storage may be forbidden: the choice then lasts as long as the page.
    return null;
  }
}

export function chooseTheme(choice: Theme): void {
  chosen.value = choice;
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // See above.
  }
}

export function followTheme(): void {
  system.addEventListener('change', ({ matches }) => (isSystemDark.value = matches));
  window.addEventListener('beforeprint', () => (isPrinting.value = true));
  window.addEventListener('afterprint', () => (isPrinting.value = false));
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
}
