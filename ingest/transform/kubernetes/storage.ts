import { entityRef } from '../../../src/model/entity.js';
import type { KubernetesObject } from '../../../src/model/payloads.js';
import type { Category } from '../../../src/model/categories.js';
import type { TransformContext } from '../context.js';
import type { Draft, DraftAttributes } from '../draft.js';
import { relationsFrom, type Interpretation, type Observed } from '../interpretation.js';
import { each, type Condition } from './kubernetes-objects.js';
import { nearestMisfit, type ClaimSpec } from './volume-fit.js';
import { clause } from '../wording.js';

/** Binding and provisioning of a healthy claim end within this time. */
const bindGraceMs = 15_000;

/** A pod that runs has its file system resized by its kubelet within this; without one it waits for a pod. */
const resizeGraceMs = 10 * 60_000;

interface Claim extends KubernetesObject {
  readonly spec?: ClaimSpec;
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

interface Volume extends KubernetesObject {
  readonly spec?: {
    readonly storageClassName?: string;
    readonly claimRef?: { readonly namespace?: string; readonly name?: string };
    readonly capacity?: Readonly<Record<string, string>>;
    readonly accessModes?: readonly string[];
    readonly persistentVolumeReclaimPolicy?: string;
  };
  readonly status?: { readonly phase?: string; readonly message?: string; readonly reason?: string };
}

export interface ClaimReason {
  readonly category: Category;
  readonly because: string;
  readonly attributes?: DraftAttributes;
}

/** What a ProvisioningFailed or FailedBinding event says of a pending claim. */
export function classifyClaimReason(
  reason: string,
  message: string,
  storageClass: string | undefined,
): ClaimReason | null {
  if (/storageclass\.storage\.k8s\.io "[^"]*" not found/i.test(message)) {
    const name = /storageclass\.storage\.k8s\.io "([^"]*)"/i.exec(message)![1]!;
    return { category: 'pvc.storageclass-not-found', because: `its StorageClass ${name} does not exist` };
  }
  if (reason === 'ProvisioningFailed')
    return { category: 'pvc.provisioning-failed', because: `its volume cannot be provisioned: ${clause(message)}` };
  if (reason === 'FailedBinding') {
    return /no storage class is set/i.test(message)
      ? { category: 'pvc.storageclass-not-found', because: 'no volume fits, and no storage class is set to make one' }
      : { category: 'pvc.pending', because: clause(message) };
  }
  if (reason === 'ExternalProvisioning')
    return { category: 'pvc.pending', because: `it waits for the provisioner of class ${storageClass ?? '(none)'}` };
  if (reason === 'VolumeMismatch') return { category: 'pvc.provisioning-failed', because: clause(message) };
  return null;
}

/** What its events say of a pending claim; where the binder found no volume, what of the nearest one does not fit. */
function whyPending(
  { object, entity }: Observed<Claim>,
  hint: { readonly reason: string; readonly message: string } | undefined,
  { volumes }: TransformContext,
): ClaimReason | null {
  const found = hint ? classifyClaimReason(hint.reason, hint.message, object.spec?.storageClassName) : null;
  if (hint?.reason !== 'FailedBinding') return found;
  const misfit = nearestMisfit(entity.namespace, entity.name, object.spec ?? {}, volumes);
  if (!misfit) return found;
  const { volume, mismatch, wanted, has } = misfit;
  return {
    category: 'pvc.no-matching-volume',
    because: `volume ${volume} does not fit: it has ${has}, and the claim wants ${wanted}`,
    attributes: { volume, mismatch, wanted, has },
  };
}

export function readClaim(observed: Observed<Claim>, context: TransformContext): Interpretation {
  const { object, entity, k8s } = observed;
  const { spec, status, metadata } = object;
  const relations = relationsFrom(entity);
  relations.to('BOUND_TO', 'PersistentVolume', null, spec?.volumeName);
  relations.to('BOUND_TO', 'StorageClass', null, spec?.storageClassName);
  for (const owner of metadata.ownerReferences ?? []) relations.from('OWNS', owner.kind, entity.namespace, owner.name);
  const problems: Draft[] = [];
  const hint = context.reasons.get(`claim ${metadata.uid ?? entity.id}`);
  if (status?.phase === 'Lost') {
    problems.push({
      category: 'pvc.lost',
      entity,
      context: k8s,
      message: `Claim ${entity.name} has lost its volume ${spec?.volumeName ?? ''}.`.replace(' .', '.'),
      attributes: { volume: spec?.volumeName },
    });
  } else if (status?.phase === 'Pending' && metadata.deletionTimestamp === undefined) {
    const found = whyPending(observed, hint, context);
    // Waiting for the first pod that uses it is how such a class is meant to work.
    const waits = hint?.reason === 'WaitForFirstConsumer' || hint?.reason === 'WaitForPodScheduled';
    if (found) {
      problems.push({
        category: found.category,
        entity,
        context: k8s,
        startedAt: metadata.creationTimestamp,
        holdMs: found.category === 'pvc.pending' ? bindGraceMs : 0,
        message: `Claim ${entity.name} stays pending: ${found.because}.`,
        attributes: {
          storageClass: spec?.storageClassName,
          reason: hint?.reason,
          ...found.attributes,
          missing: found.category === 'pvc.storageclass-not-found' ? (spec?.storageClassName ?? null) : null,
        },
      });
    } else if (!waits) {
      problems.push({
        category: 'pvc.pending',
        entity,
        context: k8s,
        startedAt: metadata.creationTimestamp,
        holdMs: bindGraceMs,
        message: `Claim ${entity.name} is not bound to a volume${spec?.storageClassName ? ` (class ${spec.storageClassName})` : ''}.`,
        attributes: { storageClass: spec?.storageClassName },
      });
    }
  }
  for (const condition of each(status?.conditions)) {
    if (condition.type === 'FileSystemResizePending' && condition.status === 'True') {
      problems.push({
        category: 'volume.resize-failed',
        entity,
        context: k8s,
        discriminator: condition.type,
        startedAt: condition.lastTransitionTime,
        holdMs: resizeGraceMs,
        message: `The volume of claim ${entity.name} is larger than its file system: ${clause(condition.message ?? 'no node has resized that')}.`,
      });
      continue;
    }
    if (
      !/ResizeFailed|ResizeError|Infeasible/i.test(`${condition.type}${condition.reason ?? ''}`) ||
      condition.status !== 'True'
    )
      continue;
    problems.push({
      category: 'volume.resize-failed',
      entity,
      context: k8s,
      startedAt: condition.lastTransitionTime,
      message: `The volume of claim ${entity.name} cannot be resized: ${clause(condition.message ?? condition.type)}.`,
    });
  }
  return {
    facts: {
      phase: status?.phase,
      storageClass: spec?.storageClassName,
      volume: spec?.volumeName,
      requested: spec?.resources?.requests?.storage,
    },
    relations: relations.all(),
    problems,
  };
}

export function readVolume({ object, entity, k8s }: Observed<Volume>, context: TransformContext): Interpretation {
  const { spec, status, metadata } = object;
  context.volumes.set(entity.name, {
    storageClass: spec?.storageClassName ?? '',
    capacity: spec?.capacity?.storage ?? null,
    accessModes: each(spec?.accessModes),
    labels: metadata.labels ?? {},
    claim: spec?.claimRef?.name === undefined ? null : `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name}`,
  });
  const relations = relationsFrom(entity);
  relations.to('BOUND_TO', 'StorageClass', null, spec?.storageClassName);
  relations.from('BOUND_TO', 'PersistentVolumeClaim', spec?.claimRef?.namespace ?? null, spec?.claimRef?.name);
  const problems: Draft[] =
    status?.phase === 'Failed'
      ? [
          {
            category: 'pvc.provisioning-failed',
            entity,
            context: k8s,
            message: `Volume ${entity.name} has failed: ${clause(status.message ?? status.reason ?? 'no reason given')}.`,
          },
        ]
      : [];
  return {
    facts: {
      phase: status?.phase,
      storageClass: spec?.storageClassName,
      capacity: spec?.capacity?.storage,
      reclaimPolicy: spec?.persistentVolumeReclaimPolicy,
    },
    relations: relations.all(),
    problems,
  };
}

interface Snapshot extends KubernetesObject {
  readonly spec?: { readonly source?: { readonly persistentVolumeClaimName?: string } };
  readonly status?: {
    readonly readyToUse?: boolean;
    readonly error?: { readonly time?: string; readonly message?: string } | null;
  };
}

/** snapshot.storage.k8s.io: the CSI driver's refusal stands in its status. */
export function readSnapshot({ object, entity, k8s }: Observed<Snapshot>): Interpretation {
  const claim = object.spec?.source?.persistentVolumeClaimName;
  const relations = relationsFrom(entity);
  relations.to('USES', 'PersistentVolumeClaim', entity.namespace, claim);
  const error = object.status?.error;
  return {
    facts: { claim, readyToUse: object.status?.readyToUse },
    relations: relations.all(),
    problems:
      error && object.status?.readyToUse !== true
        ? [
            {
              category: 'snapshot.failed',
              entity,
              context: k8s,
              startedAt: error.time,
              message: `Snapshot ${entity.name} of claim ${claim ?? '?'} cannot be made: ${clause(error.message ?? '')}.`,
              attributes: { claim, error: clause(error.message ?? '') },
            },
          ]
        : [],
  };
}

interface Attachment extends KubernetesObject {
  readonly spec?: { readonly nodeName?: string; readonly source?: { readonly persistentVolumeName?: string } };
}

/** Where a volume is attached: who wants it elsewhere has to wait for that node. */
export function readAttachment({ object, entity }: Observed<Attachment>): Interpretation {
  const { nodeName, source } = object.spec ?? {};
  if (!nodeName || !source?.persistentVolumeName) return {};
  return {
    facts: { node: nodeName, volume: source.persistentVolumeName },
    relations: [
      {
        type: 'BOUND_TO',
        from: entityRef(entity.cluster, 'PersistentVolume', null, source.persistentVolumeName).id,
        to: entityRef(entity.cluster, 'Node', null, nodeName).id,
      },
    ],
  };
}
