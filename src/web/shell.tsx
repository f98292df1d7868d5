import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { address } from './address.js';
import { ConnectionNote } from './connection-note.js';
import { EntityView } from './entity.js';
import { GraphView } from './graph-view.js';
import { announcement, unresolved } from './incidents.js';
import { Incident } from './incident.js';
import { Now } from './now.js';
import { SourcesView } from './sources.js';
import { Empty } from './states.js';
import { theme, toggleTheme, isDark } from './theme.js';

const places = [
  { href: '/', name: 'Now' },
  { href: '/graph', name: 'Graph' },
  { href: '/sources', name: 'Sources' },
];

/** What is around every view, and which view the address asks for. */
export function Shell(): JSX.Element {
  const { pathname } = address.value;
  const count = unresolved.value.length;
  useEffect(() => {
    const heading = document.querySelector('h1')?.textContent ?? '';
    document.title = `${count > 0 ? `(${count}) ` : ''}${heading === '' ? '' : `${heading} · `}Throughline`;
  });
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="/" aria-label="Throughline, to what is broken now">
          <Mark />
          <span>Throughline</span>
        </a>
        <nav aria-label="Views">
          {places.map(({ href, name }) => (
            <a key={href} href={href} aria-current={pathname === href ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <ConnectionNote />
        <button type="button" class="icon-button" onClick={toggleTheme} aria-label={themeLabel()} title={themeLabel()}>
          <ThemeIcon />
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        <View pathname={pathname} />
      </main>
      <div class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </>
  );
}

function View({ pathname }: { readonly pathname: string }): JSX.Element {
  const incident = /^\/incidents\/([^/]+)$/.exec(pathname)?.[1];
  if (incident !== undefined) return <Incident key={incident} id={decodeURIComponent(incident)} />;
  if (pathname === '/') return <Now />;
  if (pathname === '/graph') return <GraphView />;
  if (pathname === '/entity') return <EntityView id={address.value.searchParams.get('id') ?? ''} />;
  if (pathname === '/sources') return <SourcesView />;
  return (
    <Empty title="There is no such view">
      <a href="/">To what is broken now</a>
    </Empty>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function themeLabel(): string {
  return theme.value === 'system'
    ? `Colours follow the system; change to ${isDark() ? 'light' : 'dark'}`
    : `Change to ${isDark() ? 'light' : 'dark'} colours`;
}

function ThemeIcon(): JSX.Element {
  return (
    <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
      <circle cx="10" cy="10" r="7.2" fill="none" stroke="currentColor" stroke-width="1.6" />
      <path d="M10 2.8 a7.2 7.2 0 0 1 0 14.4 z" fill="currentColor" />
    </svg>
  );
}

function Mark(): JSX.Element {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#15324f" />
      <path
        d="M6 22 L13 22 L17 10 L21 22 L26 22"
        fill="none"
        stroke="#7fd0ff"
        stroke-width="2.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
      <circle cx="17" cy="10" r="3" fill="#ff8177" />
    </svg>
  );
}
