import type { JSX } from 'preact';

export function GraphView(): JSX.Element {
  return <h1 tabIndex={-1}>Graph</h1>;
}
