import type { EntityName, Severity, Source, Status } from './queries.js';

/** Subjects that go without saying beside the thing itself. */
const plainSubjects = ['container', 'pod', 'service', 'node', 'workload'];

/** `service.no-ready-endpoints` as one would say it of the Service: `no ready endpoints`; `call.refused` is `call refused`. */
export function categoryWords(category: string): string {
  const [subject, what] = category.split('.', 2) as [string, string | undefined];
  if (what === undefined) return category;
  return (plainSubjects.includes(subject) ? what : `${subject} ${what}`).replaceAll('-', ' ');
}

/** `Deployment cart`; a container without the name of its pod. */
export function entityWords({ kind, name }: Pick<EntityName, 'kind' | 'name'>): string {
  return `${kind} ${kind === 'Container' ? name.slice(name.indexOf('/') + 1) : name}`;
}

/** A probability as people read it: never 100 %, because nothing is that sure. */
export function percent(probability: number): string {
  if (probability >= 0.995) return '> 99 %';
  if (probability < 0.005) return '< 1 %';
  return `${Math.round(probability * 100)} %`;
}

/** The same in a word, for whoever does not want a number at 3 am. */
export function sureness(probability: number): string {
  if (probability >= 0.9) return 'Almost certain';
  if (probability >= 0.7) return 'Likely';
  if (probability >= 0.4) return 'Plausible';
  return 'Uncertain';
}

export const severityWords: Readonly<Record<Severity, string>> = {
  CRITICAL: 'Critical',
  ERROR: 'Error',
  WARNING: 'Warning',
  INFO: 'Info',
};

export const statusWords: Readonly<Record<Status, string>> = {
  OPEN: 'Open',
  ACKNOWLEDGED: 'Acknowledged',
  RESOLVED: 'Resolved',
};

export const sourceWords: Readonly<Record<Source['state'], string>> = {
  HEALTHY: 'healthy',
  DEGRADED: 'sees less than it could',
  DOWN: 'sees nothing',
};

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** `RUNS_ON` as a verb, or as what the other does to this one. */
export function relationWords(type: string, passive = false): string {
  const [active, suffered] = verbs[type] ?? [
    type.toLowerCase().replaceAll('_', ' '),
    `is where ${type.toLowerCase()} ends`,
  ];
  return passive ? suffered : active;
}

const verbs: Readonly<Record<string, readonly [string, string]>> = {
  OWNS: ['owns', 'is owned by'],
  RUNS_ON: ['runs on', 'runs'],
  SELECTS: ['selects', 'is selected by'],
  MOUNTS: ['mounts', 'is mounted by'],
  BOUND_TO: ['is bound to', 'is bound by'],
  ROUTES_TO: ['routes to', 'is routed to by'],
  CALLS: ['calls', 'is called by'],
  USES: ['uses', 'is used by'],
  SCALES: ['scales', 'is scaled by'],
  LIMITS: ['limits', 'is limited by'],
};

/** `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
