import { contentId } from '../../../src/model/ids.js';
import type { KubernetesObject } from '../../../src/model/payloads.js';
import { ageMs, lineOf, readDescription, readTable, tableOf, valueOf } from './kubectl-text.js';
import { kinds, uidOf } from './objects.js';

const kindOf: Readonly<Record<string, string>> = {
  ...kinds,
  ...Object.fromEntries(Object.values(kinds).map((kind) => [kind.toLowerCase(), kind])),
};

/** What tells the containers of a pod apart in an Event's text, by the pod's name. */
export type PodContainers = ReadonlyMap<string, readonly PodContainer[]>;
interface PodContainer {
  readonly name: string;
  readonly image: string;
  /** Ports of its probes by kind (`Liveness` …); null where the probe has none. */
  readonly probes: ReadonlyMap<string, string | null>;
}

export function containersOf(kubectl: Readonly<Record<string, string>>): PodContainers {
  const pods = new Map<string, PodContainer[]>();
  for (const [command, text] of Object.entries(kubectl)) {
    if (!command.startsWith('kubectl describe pod')) continue;
    const lines = readDescription(text);
    const found = (lineOf(lines, 'Containers')?.below ?? []).map(({ key, below }) => ({
      name: key ?? '',
      image: valueOf(below, 'Image') ?? '',
      probes: new Map(
        ['Liveness', 'Readiness', 'Startup'].flatMap((kind) => {
          const probe = valueOf(below, kind);
          return probe === undefined ? [] : [[kind, /:(\d+)/.exec(probe)?.[1] ?? null] as const];
        }),
      ),
    }));
    pods.set(valueOf(lines, 'Name') ?? '', found);
  }
  return pods;
}

/** The Events table of a description. `printedMs`: what its ages are counted back from. */
export function eventsOfDescription(
  kind: string,
  text: string,
  printedMs: number,
  containers: PodContainers,
): KubernetesObject[] {
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
            containers,
          ),
        ];
  });
}

/** What `kubectl get events` prints: when each was last seen, not how often. */
export function eventsOfTable(
  text: string,
  namespace: string,
  printedMs: number,
  containers: PodContainers,
): KubernetesObject[] {
  return readTable(text.split('\n')).flatMap((row) => {
    const times = timesOf(row['last seen'] ?? '', printedMs);
    const [plural = '', ...rest] = (row.object ?? '').split('/');
    const kind = kindOf[plural];
    const name = rest.join('/');
    if (times === null || kind === undefined || name === '') return [];
    const space = kind === 'Node' ? undefined : namespace;
    return [
      eventOf(
        { kind, namespace: space, name },
        row.type ?? '',
        row.reason ?? '',
        row.message ?? '',
        times,
        '',
        containers,
      ),
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
  containers: PodContainers,
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
      ...fieldPathOf(message, containers.get(name) ?? []),
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

/** kubectl leaves the field path out: the container is the one whose probe, on that port, or whose image the message is about. */
function fieldPathOf(message: string, containers: readonly PodContainer[]): { fieldPath?: string } {
  const killed = /^Container (\S+) failed \w+ probe/.exec(message)?.[1];
  const kind = /^(Liveness|Readiness|Startup) probe /.exec(message)?.[1] ?? '';
  const port = /:(\d+)[/"]/.exec(message)?.[1] ?? /:(\d+): /.exec(message)?.[1];
  const image = /image "([^"]+)"/.exec(message)?.[1];
  const probed = containers.filter(({ probes }) => probes.has(kind));
  const name =
    killed ??
    (probed.find(({ probes }) => probes.get(kind) === port) ?? probed[0])?.name ??
    containers.find((container) => container.image === image)?.name;
  return name === undefined ? {} : { fieldPath: `spec.containers{${name}}` };
}
