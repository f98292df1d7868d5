import { signal } from '@preact/signals';

/** Where we are: path and query of the page. All of what a view shows can be had again from it. */
export const address = signal(new URL(window.location.href));

window.addEventListener('popstate', () => (address.value = new URL(window.location.href)));

/** Links inside of the page do not load it anew. What the browser does with a modifier key or another button stays the browser's. */
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.origin !== window.location.origin || link.target !== '' || link.hash !== '') return;
  event.preventDefault();
  go(link.href);
});

/** To another view: its top is shown and its heading has the focus. */
export function go(href: string): void {
  window.history.pushState(null, '', href);
  address.value = new URL(window.location.href);
  window.scrollTo(0, 0);
  requestAnimationFrame(() => document.querySelector('h1')?.focus({ preventScroll: true }));
}

/** Changes what the view says of itself in its address, without a step back for every key that was pressed. */
export function adjust(changes: Readonly<Record<string, string | null>>): void {
  const url = new URL(window.location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  window.history.replaceState(null, '', url);
  address.value = url;
}

export const incidentHref = (id: string): string => `/incidents/${encodeURIComponent(id)}`;
export const entityHref = (id: string): string => `/entity?id=${encodeURIComponent(id)}`;
export const graphHref = (entity: string, at?: string): string =>
  `/graph?entity=${encodeURIComponent(entity)}${at === undefined ? '' : `&at=${encodeURIComponent(at)}`}`;
