import type { FieldChange } from '../../../src/model/payloads.js';
import type { TransformContext } from '../context.js';
import type { Draft } from '../draft.js';
import type { Observed } from '../interpretation.js';
import { clause, list } from '../wording.js';

/** Kinds that controllers make and remake all day: their changes are consequences, never somebody's decision. */
const controllerMade = new Set([
  'Pod',
  'ReplicaSet',
  'EndpointSlice',
  'Endpoints',
  'Lease',
  'Event',
  'ControllerRevision',
  'PersistentVolume',
  'CertificateSigningRequest',
  'VolumeAttachment',
  'CSINode',
  'CSIStorageCapacity',
  'IPAddress',
  'ReplicationController',
]);
/** Field managers of Kubernetes itself (pkg/controller names, kubelet, scheduler). */
const controllers =
  /^(?:kube-controller-manager|kube-scheduler|kubelet|kube-apiserver|.*-controller|cluster-autoscaler|node-?problem-?detector|vpa-.*)$/;
/** Controllers that carry out what people have committed: their changes are decisions, made elsewhere. */
const gitOps = /^(?:argocd-.*|kustomize-controller|helm-controller|fleetagent|config-sync)$/;
const restartedAt = 'kubectl.kubernetes.io/restartedAt';
/** Bookkeeping in annotations and labels that says nothing about what the object is to be. */
const bookkeeping =
  /(?:last-applied-configuration|deployment\.kubernetes\.io\/|control-plane\.alpha|leader-election|pv\.kubernetes\.io|volume\.(?:beta\.)?kubernetes\.io|node\.alpha\.kubernetes\.io|node\.kubernetes\.io|endpoints\.kubernetes\.io|kubernetes\.io\/change-cause|checksum\/)/;

/** What somebody changed about an object, as events on the object itself. */
export function readChanges(observed: Observed, context: TransformContext): Draft[] {
  const { object, entity, action, changes, changedBy } = observed;
  if (controllerMade.has(entity.kind)) return [];
  const owned = (object.metadata.ownerReferences ?? []).some((owner) => owner.controller);
  const committed = changedBy !== null && gitOps.test(changedBy);
  const automatic = changedBy !== null && !committed && controllers.test(changedBy);
  const undone = action === 'MODIFIED' && !automatic ? undoes(observed, context) : null;
  const by = changedBy === null ? '' : ` by ${changedBy}${undone === null ? '' : `, back from what ${undone} had set`}`;
  const draft = (category: Draft['category'], message: string, attributes: Draft['attributes'] = {}): Draft => ({
    category,
    entity,
    context: observed.k8s,
    message,
    discriminator: object.metadata.resourceVersion ?? '',
    attributes: { changedBy, gitOps: committed || null, undoes: undone, ...attributes },
  });
  const title = `${entity.kind} ${entity.name}`;
  if (owned && action !== 'MODIFIED') return [];
  if (action === 'ADDED') return [draft('change.created', `${title} was created${by}.`)];
  if (action === 'DELETED') return [draft('change.deleted', `${title} was deleted.`)];
  if (action !== 'MODIFIED' || automatic || changes.length === 0) return [];

  const drafts: Draft[] = [];
  const rest: FieldChange[] = [];
  for (const change of changes) {
    const { path } = change;
    if (path.endsWith(restartedAt) || path.includes(`[${restartedAt}]`)) {
      drafts.push(draft('change.restart', `A restart of ${title} was asked for${by}.`));
    } else if (
      bookkeeping.test(path) ||
      path.startsWith('status') ||
      (path.startsWith('metadata.') && entity.kind === 'Node')
    ) {
      continue;
    } else if (/\.image$/.test(path)) {
      const container = /\[([^\]]+)\]\.image$/.exec(path)?.[1] ?? '';
      drafts.push(
        draft(
          'change.image',
          `The image of container ${container} in ${title} was changed from ${value(change.from)} to ${value(change.to)}${by}.`,
          {
            container,
            from: value(change.from),
            to: value(change.to),
            paths: path,
          },
        ),
      );
    } else if (path === 'spec.replicas') {
      drafts.push(
        draft('change.scale', `${title} was scaled from ${value(change.from)} to ${value(change.to)} replicas${by}.`, {
          from: value(change.from),
          to: value(change.to),
        }),
      );
    } else {
      rest.push(change);
    }
  }
  if (rest.length > 0) {
    const config = entity.kind === 'ConfigMap' || entity.kind === 'Secret';
    const keys = rest.map(({ path }) =>
      path.replace(/^(?:data|binaryData|stringData)[.[]"?/, '').replace(/["\]]+$/, ''),
    );
    const paths = rest.map(({ path }) => path);
    const single = rest.length === 1 ? rest[0]! : null;
    const attributes = {
      from: single ? value(single.from) : null,
      to: single ? value(single.to) : null,
      paths: paths.join(',').slice(0, 1024),
    };
    drafts.push(
      config
        ? draft(
            'change.config',
            `${title} was changed${by}: ${single ? describe(single, keys[0]!) : `keys ${list(keys)}`}.`,
            {
              ...attributes,
              ...(entity.kind === 'Secret' ? { from: null, to: null } : {}),
              keys: keys.join(',').slice(0, 1024),
            },
          )
        : draft(
            'change.spec',
            `${title} was changed${by}: ${list(
              rest.map((change) => describe(change, readable(change.path))),
              4,
            )}.`,
            attributes,
          ),
    );
  }
  return drafts;
}

/** `spec.template.spec.containers[cart].resources.limits.memory` → `memory limit of container cart`. */
function readable(path: string): string {
  const container = /(?:initC|c)ontainers\[([^\]]+)\]\.?(.*)$/.exec(path);
  const limit = /resources\.(limits|requests)\.(.+)$/.exec(path);
  const of = container ? ` of container ${container[1]!}` : '';
  if (limit) return `${limit[2]!} ${limit[1] === 'limits' ? 'limit' : 'request'}${of}`;
  const variable = /env\[([^\]]+)\]/.exec(path);
  if (variable) return `variable ${variable[1]!}${of}`;
  if (container)
    return `${container[2]! === '' ? 'container' : container[2]!}${container[2]! === '' ? ` ${container[1]!}` : of}`;
  return path.replace(/^spec\.(?:template\.(?:spec\.)?)?/, '').replace(/^metadata\./, '');
}

function describe(change: FieldChange, name: string): string {
  const from = value(change.from);
  const to = value(change.to);
  if (from === null) return `${name} was set to ${clause(to ?? '', 120)}`;
  if (to === null) return `${name} (was ${clause(from, 120)}) was removed`;
  return `${name} from ${clause(from, 120)} to ${clause(to, 120)}`;
}

/** A change's JSON text as people write it: strings without quotes. */
function value(json: string | null): string | null {
  if (json === null) return null;
  if (!json.startsWith('"')) return json;
  try {
    return String(JSON.parse(json));
  } catch {
    return json; // cut at 256 characters
  }
}

/** Who had set what this change sets back, when it was somebody else within the hour: a controller and a person at odds. */
function undoes({ entity, changes, changedBy, atMs }: Observed, context: TransformContext): string | null {
  let other: string | null = null;
  for (const { path, from, to } of changes) {
    if (bookkeeping.test(path) || path.startsWith('status')) continue;
    const key = `${entity.id} ${path}`;
    const before = context.edits.get(key);
    if (before && atMs - before.atMs < undoneMs && before.by !== changedBy && before.from === to) other = before.by;
    context.edits.delete(key);
    if (changedBy === null) continue;
    context.edits.set(key, { by: changedBy, from, atMs });
    if (context.edits.size > maxEdits) context.edits.delete(context.edits.keys().next().value!);
  }
  return other;
}

const undoneMs = 60 * 60_000;
const maxEdits = 4096;
