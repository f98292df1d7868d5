import type { KubernetesObject } from '../../../src/model/payloads.js';
import { toEpochMs } from '../../../src/model/time.js';
import type { TransformContext } from '../context.js';
import type { Draft } from '../draft.js';
import { hookOf } from './helm.js';
import { relationsFrom, type Interpretation, type Observed } from '../interpretation.js';
import { conditionOf, each, type Condition, type PodSpec } from './kubernetes-objects.js';
import { specRelations } from './pod-spec.js';
import { clause, count } from '../wording.js';

/** A Job that failed longer ago than this when it is first seen is history. */
const historyMs = 60 * 60_000;

interface Job extends KubernetesObject {
  readonly spec?: {
    readonly backoffLimit?: number;
    readonly suspend?: boolean;
    readonly activeDeadlineSeconds?: number;
    readonly template?: { readonly spec?: PodSpec };
  };
  readonly status?: {
    readonly active?: number;
    readonly failed?: number;
    readonly succeeded?: number;
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly conditions?: readonly Condition[];
  };
}

interface CronJob extends KubernetesObject {
  readonly spec?: {
    readonly schedule?: string;
    readonly suspend?: boolean;
    readonly concurrencyPolicy?: string;
    readonly jobTemplate?: { readonly spec?: { readonly template?: { readonly spec?: PodSpec } } };
  };
  readonly status?: {
    readonly lastScheduleTime?: string;
    readonly lastSuccessfulTime?: string;
    readonly active?: readonly { readonly name: string }[];
  };
}

export function readJob(observed: Observed<Job>, context: TransformContext): Interpretation {
  const { object, entity, atMs, action, k8s } = observed;
  const { spec, status } = object;
  const relations = relationsFrom(entity);
  const owner = (object.metadata.ownerReferences ?? [])[0];
  if (owner) relations.from('OWNS', owner.kind, entity.namespace, owner.name);
  if (owner && object.metadata.uid) context.owners.set(object.metadata.uid, { kind: owner.kind, name: owner.name });
  const optional = specRelations(relations, entity.namespace, spec?.template?.spec);

  const hook = hookOf(observed, relations);
  const drafts: Draft[] = [];
  const failed = conditionOf(status?.conditions, 'Failed') ?? conditionOf(status?.conditions, 'FailureTarget');
  const recent = action !== 'SYNC' || atMs - toEpochMs(failed?.lastTransitionTime ?? '') < historyMs;
  if (failed?.status === 'True' && recent) {
    const category =
      failed.reason === 'BackoffLimitExceeded'
        ? 'job.backoff-limit-exceeded'
        : failed.reason === 'DeadlineExceeded'
          ? 'job.deadline-exceeded'
          : 'job.failed';
    const attempts = count(status?.failed ?? 0, 'failed attempt');
    const because =
      category === 'job.backoff-limit-exceeded'
        ? `its backoff limit of ${spec?.backoffLimit ?? 6} is reached after ${attempts}`
        : category === 'job.deadline-exceeded'
          ? `it ran longer than its deadline${spec?.activeDeadlineSeconds ? ` of ${spec.activeDeadlineSeconds} s` : ''}`
          : clause(failed.message ?? failed.reason ?? 'no reason given');
    drafts.push({
      category: hook ? 'helm.hook-failed' : category,
      entity,
      context: k8s,
      startedAt: failed.lastTransitionTime,
      message: hook
        ? `Job ${entity.name}, the ${hook.hook} hook of Helm release ${hook.release ?? '?'}, failed for good: ${because}.`
        : `Job ${entity.name} failed for good: ${because}.`,
      attributes: {
        reason: failed.reason,
        failed: status?.failed,
        backoffLimit: spec?.backoffLimit,
        hook: hook?.hook,
        release: hook?.release,
      },
    });
  }
  const byCronJob = owner?.kind === 'CronJob';
  return {
    facts: {
      active: status?.active ?? 0,
      failed: status?.failed ?? 0,
      succeeded: status?.succeeded ?? 0,
      suspended: spec?.suspend,
      complete: conditionOf(status?.conditions, 'Complete')?.status === 'True',
      ...optional,
    },
    relations: relations.all(),
    // The next run of a CronJob may do better; a Job by itself stays failed until somebody removes it.
    problems: byCronJob ? [] : drafts,
    events: byCronJob ? drafts : [],
  };
}

export function readCronJob(observed: Observed<CronJob>): Interpretation {
  const { object, entity } = observed;
  const relations = relationsFrom(entity);
  const optional = specRelations(relations, entity.namespace, object.spec?.jobTemplate?.spec?.template?.spec);
  for (const active of each(object.status?.active)) relations.to('OWNS', 'Job', entity.namespace, active.name);
  return {
    facts: {
      schedule: object.spec?.schedule,
      suspended: object.spec?.suspend,
      concurrencyPolicy: object.spec?.concurrencyPolicy,
      active: each(object.status?.active).length,
      lastScheduleTime: object.status?.lastScheduleTime,
      lastSuccessfulTime: object.status?.lastSuccessfulTime,
      ...optional,
    },
    relations: relations.all(),
  };
}
