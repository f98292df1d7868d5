import { entityRef } from '../../src/model/entity.js';
import type { EntityFinding, Finding } from '../../src/model/finding.js';
import { contentId } from '../../src/model/ids.js';
import type { ForeignAlert } from '../../src/model/payloads.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import type { Severity } from '../../src/model/unified-event.js';
import { readAlertMeaning } from '../detect/alert-meaning.js';
import { readSecurityAlert } from '../detect/security-rules.js';
import { eventFrom } from './draft.js';
import type { TelemetryPlaces } from './telemetry.js';
import { clause } from './wording.js';

export interface AlertReader {
  /** type `alert`, kind `alert`. */
  read(event: RawEvent): Finding[];
}

const maxFiring = 20_000;
/** Who raised it has looked more than once. */
const alertCount = 2;
const severityOf: Readonly<Record<string, Severity>> = {
  info: 'INFO',
  warning: 'WARNING',
  error: 'ERROR',
  critical: 'CRITICAL',
};
/** Labels that say where, which the event's place already does, and how bad. */
const placing = new Set(
  'alertname cluster namespace pod container node instance workload deployment severity value typical'.split(' '),
);
/** The full name of a gRPC method, `/package.Service/Method`; packages are named after who serves them. */
const grpcMethod = /^\/([a-z][a-z0-9_]*)(?:\.\w+)*\.\w+\/\w+$/;

/**
 * An alert is an object with a state of its own: what it says of a thing holds from when it fires until it is resolved. Repetitions
 * of a firing alert (Alertmanager's repeat_interval) change nothing.
 */
export function createAlertReader(places: TelemetryPlaces): AlertReader {
  /** Alert by entity id, with when it began to fire. */
  const firing = new Map<string, string>();

  return {
    read(event) {
      const alert = event.data as unknown as ForeignAlert;
      const { place, introduced } = places.of(placeOf(event.metadata, alert.labels), event.timestamp);
      const { entity, k8s } = place;
      const identity = identityOf(alert);
      const object = entityRef(
        entity.cluster,
        'Alert',
        entity.namespace,
        `${alert.name}-${contentId(entity.id, identity).slice(0, 10)}`,
      );
      const since = firing.get(object.id);
      if (alert.state === 'resolved') {
        firing.delete(object.id);
        return since === undefined ? [] : [stateOf(object, event.timestamp, since, null)];
      }
      if (since !== undefined) return [];
      firing.set(object.id, event.timestamp);
      if (firing.size > maxFiring) firing.delete(firing.keys().next().value!);
      const security = readSecurityAlert(alert);
      const { category, signal, about } = security
        ? { category: security.category, signal: null, about: null }
        : readAlertMeaning(alert, entity.kind === 'Node');
      const value = numberOf(alert.labels.value);
      const typical = numberOf(alert.labels.typical);
      const { caller, operation, service } = alert.labels;
      const severity = alert.severity === null ? undefined : severityOf[alert.severity];
      const told = eventFrom(
        {
          // A little of next to nothing is no load, whoever is alarmed by it.
          category: category === 'app.cpu-saturated' && isSlight(value, typical) ? 'alert.firing' : category,
          entity,
          context: service === undefined ? k8s : { ...k8s, service },
          discriminator: identity,
          message: sentence(entity, alert, identity),
          template: identity,
          count: alertCount,
          ...(severity !== undefined && { severity }),
          attributes: {
            alert: alert.name,
            metric: alert.metric,
            direction: alert.direction,
            signal,
            about,
            value,
            typical,
            caller,
            operation,
            callee:
              operation === undefined || caller !== undefined ? null : calleeOf(operation, service ?? place.service),
            ...security?.attributes,
          },
        },
        'alert',
        event.timestamp,
      );
      return [...introduced, stateOf(object, event.timestamp, event.timestamp, told)];
    },
  };
}

/** Where the alert's labels say it is, as Prometheus' service discovery names them; what the sender says goes before. */
function placeOf(metadata: RawEvent['metadata'], labels: ForeignAlert['labels']): RawEvent['metadata'] {
  const { namespace, pod, container, node, deployment } = labels;
  return {
    ...(namespace !== undefined && { namespace }),
    ...(pod !== undefined && { pod }),
    ...(container !== undefined && { container }),
    ...(node !== undefined && { node }),
    ...(deployment !== undefined && { workload: deployment }),
    ...metadata,
  };
}

/** As for metrics without a known limit: several times what it needs is load. */
function isSlight(value: number | null, typical: number | null): boolean {
  return value !== null && typical !== null && value < 3 * typical;
}

/** What was measured and what is usual, where the sender says. */
function numberOf(label: string | undefined): number | null {
  const value = label === undefined || label === '' ? NaN : Number(label);
  return Number.isFinite(value) ? value : null;
}

/** What tells the alerts on one thing apart. */
function identityOf({ name, metric, direction, labels }: ForeignAlert): string {
  const told = Object.keys(labels)
    .filter((label) => !placing.has(label) && label !== 'service')
    .sort()
    .map((label) => `${label}=${labels[label]}`);
  return [
    name,
    ...(metric === null || metric === name ? [] : [metric]),
    ...(direction === null ? [] : [direction]),
    ...told,
  ].join(' ');
}

function calleeOf(operation: string, caller: string): string | null {
  const callee = grpcMethod.exec(operation)?.[1] ?? null;
  return callee === caller ? null : callee;
}

function sentence(
  { kind, name }: { readonly kind: string; readonly name: string },
  alert: ForeignAlert,
  identity: string,
): string {
  if (alert.message !== null) return `Alert ${alert.name} on ${kind} ${name}: ${clause(alert.message, 300)}.`;
  return `Alert on ${kind} ${name}: ${identity}.`;
}

function stateOf(
  entity: EntityFinding['entity'],
  at: string,
  createdAt: string,
  told: EntityFinding['problems'][number] | null,
): EntityFinding {
  return {
    kind: 'entity',
    at,
    entity,
    deleted: told === null,
    createdAt,
    labels: {},
    facts: {},
    selector: null,
    relations: [],
    problems: told === null ? [] : [told],
  };
}
