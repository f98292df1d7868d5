import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { GraphCanvas, GraphContent } from './graph-canvas.js';
import { repaint } from './theme.js';

export interface GraphPanelProperties extends GraphContent {
  /** What is drawn, for whoever does not see it; the same must be on the page as text. */
  readonly label: string;
  readonly selected: string | null;
  readonly onSelect: (id: string | null) => void;
  readonly maxHeight: number;
  /** Another value asks for another layout; while it is the same, what stays keeps its place. */
  readonly arrangement: string;
}

/** A graph, drawn by code that is loaded when the first one is looked at. */
export function GraphPanel(properties: GraphPanelProperties): JSX.Element {
  const { nodes, edges, label, selected, onSelect, maxHeight, arrangement } = properties;
  const container = useRef<HTMLDivElement>(null);
  const canvas = useRef<GraphCanvas | null>(null);
  const latest = useRef(properties);
  const [state, setState] = useState<'loading' | 'drawn' | 'failed'>('loading');
  latest.current = properties;

  useEffect(() => {
    let left = false;
    import('./graph-canvas.js').then(
      ({ createGraphCanvas }) => {
        if (left || !container.current) return;
        const now = latest.current;
        canvas.current = createGraphCanvas({
          container: container.current,
          nodes: now.nodes,
          edges: now.edges,
          maxHeight,
          onSelect: (id) => latest.current.onSelect(id),
        });
        canvas.current.select(now.selected);
        setState('drawn');
      },
      () => setState('failed'),
    );
    return () => {
      left = true;
      canvas.current?.destroy();
      canvas.current = null;
    };
  }, [maxHeight]);

  const arranged = useRef(arrangement);
  useEffect(() => {
    canvas.current?.show({ nodes, edges }, arranged.current !== arrangement);
    arranged.current = arrangement;
    canvas.current?.select(selected);
  }, [nodes, edges, arrangement]);
  useEffect(() => canvas.current?.select(selected), [selected, state]);
  useEffect(() => repaint.subscribe(() => canvas.current?.repaint()), []);

  return (
    <div class="graph">
      <div
        ref={container}
        class="graph-canvas"
        role="img"
        aria-label={label}
        data-state={state}
        onKeyDown={(event) => event.key === 'Escape' && onSelect(null)}
      />
      {state === 'failed' && (
        <p class="graph-failed" role="alert">
          The drawing could not be loaded. The same is in the list.
        </p>
      )}
      <div class="graph-buttons" role="group" aria-label="Look around in the graph">
        <button type="button" onClick={() => canvas.current?.zoomBy(1.25)} aria-label="Nearer" title="Nearer">
          +
        </button>
        <button type="button" onClick={() => canvas.current?.zoomBy(0.8)} aria-label="Farther" title="Farther">
          −
        </button>
        <button type="button" onClick={() => canvas.current?.fit()}>
          All
        </button>
      </div>
    </div>
  );
}
