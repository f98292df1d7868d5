import { isCategory } from '../src/model/categories.js';
import { relationTypes } from '../src/model/entity.js';
import { rawEventTypes } from '../src/model/raw-event.js';
import { toEpochMs } from '../src/model/time.js';
import { severities } from '../src/model/unified-event.js';

type Check = (value: unknown, path: string) => string | null;

/**
 * What keeps a parsed value from being a Finding, naming the field and what it may be; null when nothing does. The unified stream is
 * written by transform alone; but anyone who may publish can write there, and the correlator trusts what it is given.
 */
export function findingProblem(value: unknown): string | null {
  if (!isObject(value)) return 'a finding must be a JSON object';
  const check = finding[value['kind'] as keyof typeof finding];
  if (!Object.hasOwn(finding, String(value['kind'])) || !check)
    return 'kind must be one of event, entity, call, health';
  return check(value, '');
}

const text: Check = (value, path) => (typeof value === 'string' ? null : `${path} must be a text`);
const flag: Check = (value, path) => (typeof value === 'boolean' ? null : `${path} must be true or false`);
const time: Check = (value, path) =>
  typeof value === 'string' && value.length === 30 && !Number.isNaN(toEpochMs(value))
    ? null
    : `${path} must be a time such as 2026-11-24T17:30:41.123456789Z`;
const count: Check = (value, path) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? null : `${path} must be a whole number, not negative`;
const nullable =
  (check: Check): Check =>
  (value, path) =>
    value === null ? null : check(value, path);
const oneOf = (values: readonly string[]): Check => {
  const allowed = new Set<unknown>(values);
  return (value, path) => (allowed.has(value) ? null : `${path} must be one of ${values.join(', ')}`);
};
const listOf =
  (check: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return `${path} must be an array`;
    for (let index = 0; index < value.length; index++) {
      const problem = check(value[index], `${path}[${index}]`);
      if (problem !== null) return problem;
    }
    return null;
  };
const mapOf =
  (check: Check): Check =>
  (value, path) => {
    if (!isObject(value)) return `${path} must be a JSON object`;
    for (const key of Object.keys(value)) {
      const problem = key === '__proto__' ? `${path} must not have a field __proto__` : check(value[key], path);
      if (problem !== null) return problem;
    }
    return null;
  };
const shape = (fields: Readonly<Record<string, Check>>): Check => {
  const checks = Object.entries(fields);
  return (value, path) => {
    if (!isObject(value)) return `${path} must be a JSON object`;
    for (const [name, check] of checks) {
      const problem = check(value[name], path === '' ? name : `${path}.${name}`);
      if (problem !== null) return problem;
    }
    return null;
  };
};

const scalar: Check = (value, path) =>
  ['string', 'number', 'boolean'].includes(typeof value) ? null : `${path} must hold texts, numbers and booleans`;
const category: Check = (value, path) =>
  typeof value === 'string' && isCategory(value) ? null : `${path} must be a known category`;
const source = { cluster: text, node: nullable(text), reason: nullable(text), lastSeen: time };

const ref = shape({ id: text, cluster: text, kind: text, namespace: nullable(text), name: text, uid: nullable(text) });
const event = shape({
  id: text,
  timestamp: time,
  type: oneOf(rawEventTypes),
  entity: ref,
  k8sContext: mapOf(nullable(text)),
  traceContext: nullable(shape({ traceId: text, spanId: nullable(text) })),
  semantic: shape({
    category,
    message: text,
    template: nullable(text),
    fingerprint: text,
    attributes: mapOf(scalar),
  }),
  impact: shape({
    severity: oneOf(severities),
    scope: oneOf(['container', 'pod', 'workload', 'service', 'node', 'namespace', 'cluster']),
  }),
  count,
  firstSeen: time,
  lastSeen: time,
});
const relation = shape({ type: oneOf(relationTypes), from: text, to: text });
const labels = mapOf(text);

const finding = {
  event: shape({ at: time, event }),
  entity: shape({
    at: time,
    entity: ref,
    deleted: flag,
    createdAt: nullable(time),
    labels,
    facts: mapOf(scalar),
    selector: nullable(labels),
    relations: listOf(relation),
    problems: listOf(event),
  }),
  call: shape({ at: time, caller: ref, peer: text }),
  health: shape({
    at: time,
    source: shape({ ...source, source: text, state: oneOf(['healthy', 'degraded', 'down']), lost: count }),
  }),
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
