import type { Category } from '../../src/model/categories.js';
import type { Finding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { ForeignAlert } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { eventFrom } from './draft.js';
import type { TelemetryPlaces } from './telemetry.js';
import { clause } from './wording.js';

export interface AlertReader {
  /** type `alert`, kind `alert`. */
  read(event: RawEvent): Finding[];
}

/** An alert that still fires is sent again after this at the latest (Alertmanager's group_interval, its default). */
const repeatMs = 300_000;

/** What an alert means by what was measured and which way it went; null: nothing that is in the vocabulary. */
const meanings: readonly {
  readonly metric: RegExp;
  readonly direction: 'up' | 'down' | null;
  readonly own: Category;
  readonly node: Category | null;
}[] = [
  { metric: /latency|duration|slow|response.?time/, direction: 'up', own: 'app.slow', node: null },
  { metric: /error|fail|5xx/, direction: 'up', own: 'app.errors-up', node: null },
  { metric: /success|availability/, direction: 'down', own: 'app.errors-up', node: null },
  { metric: /request|traffic|rps|qps|throughput/, direction: 'up', own: 'app.load-up', node: null },
  { metric: /request|traffic|rps|qps|throughput/, direction: 'down', own: 'app.load-lost', node: null },
  { metric: /cpu/, direction: 'up', own: 'app.cpu-saturated', node: 'node.cpu-saturated' },
  { metric: /memory|\bmem\b/, direction: 'up', own: 'app.memory-growth', node: 'node.memory-growth' },
];

/** Judgements of other systems, in the vocabulary where it has a word for them, else as an alert that fires. */
export function createAlertReader(places: TelemetryPlaces): AlertReader {
  return {
    read(event) {
      const alert = event.data as unknown as ForeignAlert;
      if (alert.state !== 'firing') return [];
      const { place, introduced } = places.of(event.metadata, event.timestamp);
      const { entity, k8s } = place;
      const category = categoryOf(alert, entity.kind === 'Node');
      const said = alert.message === null ? '' : `: ${clause(alert.message, 300)}`;
      const draft = {
        category,
        entity,
        context: k8s,
        discriminator: alert.name,
        message: `Alert ${alert.name} fires for ${entity.kind} ${entity.name}${said}.`,
        attributes: { alert: alert.name, metric: alert.metric, direction: alert.direction, intervalMs: repeatMs },
        count: alertCount,
      };
      const id = contentId(entity.id, category, alert.name, event.timestamp);
      const found = eventFrom(draft, 'alert', event.timestamp, id);
      return [...introduced, { kind: 'event', at: event.timestamp, event: found }];
    },
  };
}

/** Who raised it has looked more than once. */
const alertCount = 2;

function categoryOf({ metric, direction }: ForeignAlert, ofNode: boolean): Category {
  const measured = metric?.toLowerCase() ?? '';
  const meaning =
    measured === ''
      ? undefined
      : meanings.find((row) => row.metric.test(measured) && (direction === null || row.direction === direction));
  if (!meaning) return 'alert.firing';
  return (ofNode ? meaning.node : meaning.own) ?? 'alert.firing';
}
