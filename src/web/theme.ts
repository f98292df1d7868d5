import { signal } from '@preact/signals';

/** `system` follows prefers-color-scheme. */
export type Theme = 'system' | 'light' | 'dark';

const key = 'throughline.theme';

function stored(): Theme {
  const value = window.localStorage.getItem(key);
  return value === 'light' || value === 'dark' ? value : 'system';
}

export const theme = signal<Theme>(stored());

/** Counts up when colours change, by whomever: what is drawn on a canvas must be drawn again. */
export const repaint = signal(0);

const system = window.matchMedia('(prefers-color-scheme: dark)');
system.addEventListener('change', () => (repaint.value += 1));

theme.subscribe((value) => {
  if (value === 'system') {
    delete document.documentElement.dataset['theme'];
    window.localStorage.removeItem(key);
  } else {
    document.documentElement.dataset['theme'] = value;
    window.localStorage.setItem(key, value);
  }
  repaint.value = repaint.peek() + 1;
});

/** The other one of what is seen now. */
export function toggleTheme(): void {
  theme.value = isDark() ? 'light' : 'dark';
}

export function isDark(): boolean {
  return theme.value === 'system' ? system.matches : theme.value === 'dark';
}
