import { contentId } from '../../../src/model/ids.js';
import type { KubernetesObject } from '../../../src/model/payloads.js';
import { ageMs, lineOf, readDescription, readTable, tableOf, valueOf } from './kubectl-text.js';
import { kinds, uidOf } from './objects.js';

const kindOf: Readonly<Record<string, string>> = {
  ...kinds,
  ...Object.fromEntries(Object.values(kinds).map((kind) => [kind.toLowerCase(), kind])),
};

/** Which container of a pod has which probe on which port, by the pod's name. */
export type Probes = ReadonlyMap<string, readonly Probe[]>;
interface Probe {
  readonly container: string;
  readonly kind: string;
  readonly port: string | undefined;
}

export function probesOf(kubectl: Readonly<Record<string, string>>): Probes {
  const probes = new Map<string, Probe[]>();
  for (const [command, text] of Object.entries(kubectl)) {
    if (!command.startsWith('kubectl describe pod')) continue;
    const lines = readDescription(text);
    const found = (lineOf(lines, 'Containers')?.below ?? []).flatMap(({ key, below }) =>
      ['Liveness', 'Readiness', 'Startup'].flatMap((kind) => {
        const probe = valueOf(below, kind);
        return probe === undefined || key === null ? [] : [{ container: key, kind, port: /:(\d+)/.exec(probe)?.[1] }];
      }),
    );
    probes.set(valueOf(lines, 'Name') ?? '', found);
  }
  return probes;
}

/** The Events table of a description. `printedMs`: what its ages are counted back from. */
export function eventsOfDescription(kind: string, text: string, printedMs: number, probes: Probes): KubernetesObject[] {
  const lines = readDescription(text);
  const name = valueOf(lines, 'Name');
  if (name === undefined) return [];
  const namespace = valueOf(lines, 'Namespace');
  return tableOf(lines, 'Events').flatMap((row) => {
    const times = timesOf(row.age ?? '', printedMs);
    return times === null
      ? []
      : [
          eventOf(
            { kind, namespace, name },
            row.type ?? '',
            row.reason ?? '',
            row.message ?? '',
            times,
            row.from ?? '',
            probes,
          ),
        ];
  });
}

/** What `kubectl get events` prints: when each was last seen, not how often. */
export function eventsOfTable(text: string, namespace: string, printedMs: number, probes: Probes): KubernetesObject[] {
  return readTable(text.split('\n')).flatMap((row) => {
    const times = timesOf(row['last seen'] ?? '', printedMs);
    const [plural = '', ...rest] = (row.object ?? '').split('/');
    const kind = kindOf[plural];
    const name = rest.join('/');
    if (times === null || kind === undefined || name === '') return [];
    const space = kind === 'Node' ? undefined : namespace;
    return [
      eventOf({ kind, namespace: space, name }, row.type ?? '', row.reason ?? '', row.message ?? '', times, '', probes),
    ];
  });
}

interface Times {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
}

/** `11s (x3 over 41s)`. */
function timesOf(age: string, printedMs: number): Times | null {
  const match = /^(\S+)(?: \(x(\d+) over (\S+)\))?$/.exec(age);
  const lastAge = ageMs(match?.[1] ?? '');
  if (lastAge === null) return null;
  return {
    firstMs: printedMs - (ageMs(match?.[3] ?? '') ?? lastAge),
    lastMs: printedMs - lastAge,
    count: Number(match?.[2] ?? 1),
  };
}

function eventOf(
  about: { readonly kind: string; readonly namespace: string | undefined; readonly name: string },
  type: string,
  reason: string,
  message: string,
  { firstMs, lastMs, count }: Times,
  component: string,
  probes: Probes,
): KubernetesObject {
  const { kind, namespace, name } = about;
  const namespaced = namespace ?? 'default';
  const uid = contentId('event', kind, namespaced, name, reason, message);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: `${name}.${uid.slice(0, 16)}`,
      namespace: namespaced,
      uid,
      resourceVersion: String(count),
      creationTimestamp: new Date(firstMs).toISOString(),
    },
    involvedObject: {
      kind,
      ...(namespace !== undefined && { namespace }),
      name,
      uid: uidOf(kind, namespace, name),
      ...fieldPathOf(message, probes.get(name) ?? []),
    },
    type,
    reason,
    message,
    count,
    firstTimestamp: new Date(firstMs).toISOString(),
    lastTimestamp: new Date(lastMs).toISOString(),
    source: { component },
  };
}

/** kubectl leaves the field path out: the container is the one whose probe, on the port that the message names, it is. */
function fieldPathOf(message: string, probes: readonly Probe[]): { fieldPath?: string } {
  const killed = /^Container (\S+) failed \w+ probe/.exec(message)?.[1];
  const kind = /^(Liveness|Readiness|Startup) probe /.exec(message)?.[1];
  const port = /:(\d+)[/"]/.exec(message)?.[1] ?? /:(\d+): /.exec(message)?.[1];
  const having = probes.filter((probe) => probe.kind === kind);
  const container = killed ?? (having.find((probe) => probe.port === port) ?? having[0])?.container;
  return container === undefined ? {} : { fieldPath: `spec.containers{${container}}` };
}
