import { layout as dagreLayout, graphlib } from '@dagrejs/dagre';
import cytoscape, { type Core, type ElementDefinition, type StylesheetJson } from 'cytoscape';

/** What a node stands out by. */
export type Tone = 'root' | 'critical' | 'error' | 'warning' | 'info' | 'plain' | 'gone' | 'focus';

export interface GraphNode {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  readonly tone: Tone;
}

export interface GraphEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Pixels. */
  readonly width: number;
  readonly label: string;
  readonly dashed: boolean;
  /** Drawn as cause and effect rather than as a relation. */
  readonly cause: boolean;
}

export interface GraphContent {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export interface CanvasOptions extends GraphContent {
  readonly container: HTMLElement;
  /** Id of a node or an edge; null for the ground. */
  readonly onSelect: (id: string | null) => void;
  /** Most pixels in height; less is taken when less is needed. */
  readonly maxHeight: number;
}

export interface GraphCanvas {
  /** Other content; what stays keeps its place unless `arrange` asks for a new layout. */
  show(content: GraphContent, arrange: boolean): void;
  select(id: string | null): void;
  /** Everything in view. */
  fit(): void;
  zoomBy(factor: number): void;
  /** After colours have changed. */
  repaint(): void;
  destroy(): void;
}

const nodeWidth = 164;
const nodeHeight = 46;
const padding = 16;
/** Below it the words cannot be read: then the graph begins at its root and is moved by hand. */
const leastReadableZoom = 0.55;
const leastHeight = 200;
/** Nodes from which on speed comes before beauty. */
const largeFrom = 120;
/** Letters smaller than this, in pixels, are not drawn: nobody can read them. */
const leastLetter = 4.5;

/** Draws a directed graph from left to right and lets one look around in it. Everything in it is told as text elsewhere on the page. */
export function createGraphCanvas(options: CanvasOptions): GraphCanvas {
  const { container, onSelect, maxHeight } = options;
  const large = options.nodes.length > largeFrom;
  const cy: Core = cytoscape({
    container,
    style: styles(container, large),
    elements: [],
    layout: { name: 'preset' },
    minZoom: 0.08,
    maxZoom: 2.5,
    autoungrabify: true,
    boxSelectionEnabled: false,
    selectionType: 'single',
    // The wheel scrolls the page; with Ctrl, as everywhere, it zooms.
    userZoomingEnabled: false,
    pixelRatio: large ? 1 : Math.min(2, window.devicePixelRatio),
    // Moving a large graph moves a picture of it instead of drawing every label.
    textureOnViewport: large,
    hideEdgesOnViewport: false,
  });
  cy.on('tap', (event) => {
    onSelect(event.target === cy ? null : ((event.target as { id(): string }).id() ?? null));
  });
  const wheel = (event: WheelEvent): void => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const { left, top } = container.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 300), { x: event.clientX - left, y: event.clientY - top });
  };
  container.addEventListener('wheel', wheel, { passive: false });
  const resized = new ResizeObserver(() => {
    cy.resize();
    place();
  });
  let width = 0;

  function show({ nodes, edges }: GraphContent, arrange: boolean): void {
    const wanted = new Map<string, ElementDefinition>();
    for (const { id, title, subtitle, tone } of nodes)
      wanted.set(id, { group: 'nodes', data: { id, label: `${cut(title)}\n${cut(subtitle)}`, tone } });
    for (const { id, from, to, width: thick, label, dashed, cause } of edges)
      wanted.set(id, {
        group: 'edges',
        data: { id, source: from, target: to, width: thick, label, line: dashed ? 'dashed' : 'solid', cause },
      });
    const fresh: ElementDefinition[] = [];
    cy.batch(() => {
      cy.elements().forEach((element) => {
        const next = wanted.get(element.id());
        if (!next) element.remove();
        else element.data(next.data as Record<string, unknown>);
      });
      for (const [id, element] of wanted) if (cy.getElementById(id).empty()) fresh.push(element);
      cy.add(fresh);
    });
    if (arrange || fresh.some(({ group }) => group === 'nodes')) {
      place(arrangement(nodes, edges));
    }
  }

  function place(positions?: ReadonlyMap<string, { readonly x: number; readonly y: number }>): void {
    if (positions) cy.batch(() => cy.nodes().forEach((node) => void node.position(positions.get(node.id())!)));
    else if (container.clientWidth === width) return;
    width = container.clientWidth;
    const box = cy.elements().boundingBox();
    if (!(box.w > 0) || width === 0) return;
    const fits = Math.min(1, (width - 2 * padding) / box.w, (maxHeight - 2 * padding) / box.h);
    const zoomed = Math.max(leastReadableZoom, fits);
    const height = Math.min(maxHeight, Math.max(leastHeight, box.h * zoomed + 2 * padding));
    container.style.height = `${Math.round(height)}px`;
    cy.resize();
    const chief = cy.nodes('[tone = "root"], [tone = "focus"]');
    const { x, y } = (chief.empty() ? cy.nodes() : chief).first().position();
    cy.viewport({
      zoom: zoomed,
      pan: { x: begin(box.x1, box.w, x, width, zoomed), y: begin(box.y1, box.h, y, height, zoomed) },
    });
  }

  function fit(): void {
    cy.fit(undefined, padding);
  }

  function zoom(factor: number, at = { x: container.clientWidth / 2, y: container.clientHeight / 2 }): void {
    cy.zoom({ level: cy.zoom() * factor, renderedPosition: at });
  }

  show(options, true);
  resized.observe(container);
  return {
    show,
    select(id) {
      cy.batch(() => {
        cy.elements().removeClass('chosen near');
        if (id === null) return;
        const chosen = cy.getElementById(id);
        chosen.addClass('chosen');
        chosen.connectedEdges().union(chosen.connectedNodes()).addClass('near');
      });
    },
    fit,
    zoomBy: (factor) => zoom(factor),
    repaint: () => cy.style(styles(container, large)),
    destroy() {
      resized.disconnect();
      container.removeEventListener('wheel', wheel);
      cy.destroy();
    },
  };
}

/** Where to put the graph along one axis: in the middle when it fits, else from its edge on, unless its chief node would be out of view. */
function begin(from: number, size: number, chief: number, room: number, zoomed: number): number {
  if (size * zoomed <= room) return room / 2 - (from + size / 2) * zoomed;
  const fromEdge = padding - from * zoomed;
  return chief * zoomed + fromEdge < room - nodeWidth ? fromEdge : room / 2 - chief * zoomed;
}

function cut(text: string): string {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}

function arrangement(
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
): ReadonlyMap<string, { x: number; y: number }> {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: edges.some(({ label }) => label !== '') ? 90 : 44 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) graph.setNode(id, { width: nodeWidth, height: nodeHeight });
  for (const { id, from, to } of edges) graph.setEdge(from, to, {}, id);
  dagreLayout(graph);
  return new Map(
    nodes.map(({ id }) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return [id, { x, y }] as const;
    }),
  );
}

/** The colours of the page, as they are now: a canvas knows no custom properties. */
function styles(container: HTMLElement, large: boolean): StylesheetJson {
  const probe = document.createElement('span');
  container.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const font = getComputedStyle(container).fontFamily;
  const sheet: StylesheetJson = [
    {
      selector: 'node',
      style: {
        shape: 'round-rectangle',
        width: nodeWidth,
        height: nodeHeight,
        label: 'data(label)',
        'text-wrap': 'wrap',
        'text-valign': 'center',
        'text-halign': 'center',
        'font-family': font,
        'font-size': 12,
        'line-height': 1.25,
        'min-zoomed-font-size': leastLetter,
        color: colour('text'),
        'background-color': colour('surface'),
        'border-width': 1.5,
        'border-color': colour('line-strong'),
      },
    },
    ...(['critical', 'error', 'warning', 'info'] as const).map((tone) => ({
      selector: `node[tone = "${tone}"]`,
      style: { 'border-color': colour(tone), 'background-color': colour(`${tone}-soft`) },
    })),
    {
      selector: 'node[tone = "root"]',
      style: {
        'background-color': colour('root'),
        'border-color': colour('root'),
        color: colour('on-root'),
        'font-weight': 'bold',
      },
    },
    { selector: 'node[tone = "focus"]', style: { 'border-color': colour('accent'), 'border-width': 3 } },
    {
      selector: 'node[tone = "gone"]',
      style: { 'border-style': 'dashed', color: colour('muted'), 'background-color': colour('ground') },
    },
    {
      selector: 'edge',
      style: {
        width: 'data(width)',
        'line-style': 'data(line)' as 'solid',
        'line-color': colour('edge'),
        'curve-style': large ? 'straight' : 'bezier',
        'target-arrow-shape': 'triangle',
        'target-arrow-color': colour('edge'),
        'arrow-scale': 0.9,
        label: 'data(label)',
        'font-family': font,
        'font-size': 10,
        'min-zoomed-font-size': leastLetter,
        color: colour('muted'),
        'text-background-color': colour('surface'),
        'text-background-opacity': 0.85,
        'text-background-padding': '2px',
      },
    },
    {
      selector: 'edge[?cause]',
      style: { 'line-color': colour('cause'), 'target-arrow-color': colour('cause'), color: colour('cause') },
    },
    {
      selector: '.near',
      style: {
        'border-color': colour('accent'),
        'line-color': colour('accent'),
        'target-arrow-color': colour('accent'),
      },
    },
    {
      selector: 'node.chosen',
      style: { 'border-color': colour('accent'), 'border-width': 3.5 },
    },
    {
      selector: 'edge.chosen',
      style: { 'line-color': colour('accent'), 'target-arrow-color': colour('accent'), 'z-index': 10 },
    },
  ];
  probe.remove();
  return sheet;
}
