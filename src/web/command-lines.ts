import type { IncidentStory } from './queries.js';

export interface CommandLines {
  /** From the recommendation, and the way back of a change. */
  readonly mend: readonly string[];
  /** They change nothing. */
  readonly look: readonly string[];
}

type Told = Pick<IncidentStory, 'recommendation' | 'rootCauseEntity' | 'affected'> & {
  readonly rootCauses: readonly {
    readonly event: Pick<IncidentStory['rootCauses'][number]['event'], 'pod' | 'container' | 'category'>;
    readonly category: string;
    readonly entity: NonNullable<IncidentStory['rootCauseEntity']>;
  }[];
};

/**
 * A recommendation may quote the cluster, and what a log line says must not become a command that somebody pastes. So a command is
 * taken from it only when it is of these, none of which destroys, and names nothing but what the incident is about.
 */
const verbs =
  /^kubectl(?: -n [a-z0-9-]+)? (?:get|describe|logs|edit|top|set resources|rollout (?:undo|restart|status))(?: |$)/;

/** Where the command ends and the sentence goes on. */
const command = /kubectl (?:<[^<>]*>|[^\s;()<>,.?!:]|[,.?!:](?=\S)| (?!(?:shows?|and|or|then|for|to|if|says?)\b))+/g;

const flags =
  /^(?:-[ncAo]|--(?:previous|show-labels|all-namespaces)|--(?:tail|limits|requests|sort-by|field-selector)=[\w.=,:/%-]*)$/;

/** Names of Kubernetes objects are safe in a shell; anything else is not put on a command line. */
const safeName = /^[a-zA-Z0-9](?:[a-zA-Z0-9.:-]*[a-zA-Z0-9])?$/;

/** Kinds whose earlier template Kubernetes keeps. */
const revisioned = ['Deployment', 'StatefulSet', 'DaemonSet'];
const withPods = [...revisioned, 'ReplicaSet', 'Job'];
/** Kinds that only this program knows. */
const virtual = ['Container', 'ExternalEndpoint', 'Registry', 'ClusterDns'];

export function commandLines({ recommendation, rootCauseEntity, rootCauses, affected }: Told): CommandLines {
  const known = new Set(
    [...affected, ...rootCauses].map(({ entity }) => entity).flatMap(({ name, namespace }) => [name, namespace ?? '']),
  );
  for (const { event } of rootCauses)
    for (const name of [event.pod, event.container]) if (name !== null) known.add(name);
  const mend = (recommendation.match(command) ?? [])
    .map((line) => line.trim())
    .filter((line) => verbs.test(line) && namesOnlyKnown(line, known));
  const look: string[] = [];
  const changed = rootCauses.find(
    ({ category, entity }) => category.startsWith('change.') && revisioned.includes(entity.kind) && named(entity),
  );
  if (changed) {
    const undo = `kubectl ${scope(changed.entity.namespace)}rollout undo ${changed.entity.kind}/${changed.entity.name}`;
    if (!mend.includes(undo)) mend.push(undo);
  }
  if (rootCauseEntity && named(rootCauseEntity)) {
    const { kind, namespace, name } = rootCauseEntity;
    const event = rootCauses[0]?.event;
    const target = `${kind}/${name}`;
    if (!virtual.includes(kind)) look.push(`kubectl ${scope(namespace)}describe ${target}`);
    if (kind === 'Node') look.push(`kubectl get pods -A --field-selector spec.nodeName=${name}`);
    if (revisioned.includes(kind)) look.push(`kubectl ${scope(namespace)}rollout history ${target}`);
    if (withPods.includes(kind) || kind === 'Pod') {
      const container = event?.container && safeName.test(event.container) ? ` -c ${event.container}` : '';
      const pod = event?.pod && safeName.test(event.pod) ? event.pod : target;
      look.push(`kubectl ${scope(namespace)}logs ${pod}${container} --previous --tail=50`);
    }
    if (namespace !== null) look.push(`kubectl ${scope(namespace)}get events --sort-by=.lastTimestamp`);
  }
  return { mend: [...new Set(mend)], look: look.filter((line) => !mend.includes(line)) };
}

function named({ namespace, name }: { readonly namespace: string | null; readonly name: string }): boolean {
  return safeName.test(name) && (namespace === null || safeName.test(namespace));
}

function scope(namespace: string | null): string {
  return namespace === null ? '' : `-n ${namespace} `;
}

/**
 * Whether a command has no flags but harmless ones, and names nothing but what the incident is about. Commands that only look may name
 * a kind without a name.
 */
function namesOnlyKnown(line: string, known: ReadonlySet<string>): boolean {
  const changes = /^kubectl(?: -n \S+)? (?:set|rollout)/.test(line);
  const words = line
    .replace(/<[^<>]*>/g, '')
    .replace(verbs, '')
    .split(' ');
  const namespace = /^kubectl -n (\S+)/.exec(line)?.[1];
  if (namespace !== undefined && !known.has(namespace)) return false;
  return words
    .filter((word) => word !== '')
    .every((word) => {
      if (word.startsWith('-')) return flags.test(word);
      const [kind, name, more] = word.split('/');
      if (name !== undefined) return more === undefined && /^[A-Za-z]+$/.test(kind!) && known.has(name);
      return known.has(word) || (!changes && /^[a-z]+(?:,[a-z]+)*$/.test(word));
    });
}
