import type { KubernetesObject } from '../../../src/model/payloads.js';
import { entityRef } from '../../../src/model/entity.js';
import type { Draft } from '../draft.js';
import type { Observed, relationsFrom } from '../interpretation.js';
import { conditionOf, type Condition } from './kubernetes-objects.js';
import { clause } from '../wording.js';

/** Helm's storage driver keeps each revision of a release in a Secret of this type, and what became of it in its labels. */
export const releaseSecretType = 'helm.sh/release.v1';

/** An install or upgrade that waits for its hooks and pods longer than `--timeout` (5 min by default) has been given up or was killed. */
const pendingGraceMs = 6 * 60_000;

/** A release as a thing of its own: its revisions are many Secrets, and who installed it may be Helm itself or a controller. */
function releaseRef({ cluster, namespace }: Draft['entity'], name: string): Draft['entity'] {
  return entityRef(cluster, 'HelmRelease', namespace, name);
}

/** `failed`, or pending for ever: the next upgrade is refused with "another operation is in progress". */
export function releaseProblems({ object, entity, k8s }: Observed<KubernetesObject>): Draft[] {
  const { name, status, version, modifiedAt } = object.metadata.labels ?? {};
  if (!name || !status || !/^(?:failed|pending-(?:install|upgrade|rollback))$/.test(status)) return [];
  const failed = status === 'failed';
  return [
    {
      category: 'helm.release-failed',
      entity: releaseRef(entity, name),
      context: k8s,
      discriminator: `${version ?? ''} ${status}`,
      startedAt:
        modifiedAt === undefined
          ? object.metadata.creationTimestamp
          : new Date(Number(modifiedAt) * 1000).toISOString(),
      holdMs: failed ? 0 : pendingGraceMs,
      message: failed
        ? `Revision ${version ?? '?'} of Helm release ${name} failed, and what it had changed by then stays changed.`
        : `Revision ${version ?? '?'} of Helm release ${name} is stuck as ${status}.`,
      attributes: { release: name, revision: version, status },
    },
  ];
}

interface FluxRelease extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** Flux's HelmRelease: what Helm said stands in its conditions. Null where it has nothing to do with Helm. */
export function fluxReleaseProblem({ object, entity, k8s }: Observed<FluxRelease>): Draft | null {
  if (!object.apiVersion.startsWith('helm.toolkit.fluxcd.io/')) return null;
  const ready = conditionOf(object.status?.conditions, 'Ready');
  if (ready?.status !== 'False' || !/^(?:Install|Upgrade|Rollback|Uninstall|Test)Failed$/.test(ready.reason ?? ''))
    return null;
  return {
    category: 'helm.release-failed',
    entity,
    context: k8s,
    startedAt: ready.lastTransitionTime,
    message: `Helm release ${entity.name} failed: ${clause(ready.message ?? ready.reason ?? '')}.`,
    attributes: { release: entity.name, status: ready.reason, error: clause(ready.message ?? '') },
  };
}

/** The hook that a Job is (`pre-upgrade`, `post-install` …), null when it is none. A hook that fails fails its release. */
export function hookOf(
  { object, entity }: Observed,
  relations: ReturnType<typeof relationsFrom>,
): { readonly hook: string; readonly release: string | null } | null {
  const hook = object.metadata.annotations?.['helm.sh/hook'];
  if (hook === undefined) return null;
  const labels = object.metadata.labels ?? {};
  // Helm itself leaves no name on hooks; charts do, by the labels that Helm's own guide recommends.
  const release = labels['app.kubernetes.io/instance'] ?? labels.release ?? null;
  if (release !== null) relations.to('LIMITS', 'HelmRelease', entity.namespace, release);
  return { hook, release };
}
