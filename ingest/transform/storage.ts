import type { KubernetesObject } from '../../src/model/payloads.js';
import type { Category } from '../../src/model/categories.js';
import type { TransformContext } from './context.js';
import type { Draft } from './draft.js';
import { relationsFrom, type Interpretation, type Observed } from './interpretation.js';
import { each, type Condition } from './kubernetes-objects.js';
import { clause } from './wording.js';

/** Binding and provisioning of a healthy claim end within this time. */
const bindGraceMs = 15_000;

interface Claim extends KubernetesObject {
  readonly spec?: {
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
  };
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

interface Volume extends KubernetesObject {
  readonly spec?: {
    readonly storageClassName?: string;
    readonly claimRef?: { readonly namespace?: string; readonly name?: string };
    readonly capacity?: Readonly<Record<string, string>>;
    readonly persistentVolumeReclaimPolicy?: string;
  };
  readonly status?: { readonly phase?: string; readonly message?: string; readonly reason?: string };
}

export interface ClaimReason {
  readonly category: Category;
  readonly because: string;
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

export function readClaim({ object, entity, k8s }: Observed<Claim>, context: TransformContext): Interpretation {
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
    const found = hint ? classifyClaimReason(hint.reason, hint.message, spec?.storageClassName) : null;
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
          reason: hint!.reason,
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

export function readVolume({ object, entity, k8s }: Observed<Volume>): Interpretation {
  const { spec, status } = object;
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
