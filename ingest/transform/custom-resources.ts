import type { KubernetesObject } from '../../src/model/payloads.js';
import type { Draft } from './draft.js';
import { relationsFrom, type Interpretation, type Observed } from './interpretation.js';
import type { Condition } from './kubernetes-objects.js';
import { clause } from './wording.js';

/** Reconcilers say "not yet" for a while after every change; only what lasts is a failure. */
const reconcileGraceMs = 60_000;
/** Conditions whose False is bad news, by the conventions of Kubernetes, Flux, Argo, Crossplane, cert-manager and the Gateway API. */
const goodTypes =
  /^(?:Ready|Available|Synced|Healthy|Reconciled|Established|NamesAccepted|Accepted|Programmed|ResolvedRefs|Issued|Succeeded|Initialized|Progressing)$/;
/** Conditions whose True is bad news. */
const badTypes = /^(?:Degraded|Failed|Stalled|ReconcileError|Error|InvalidSpec|Denied|NonStructuralSchema)$/;
/** Reasons by which a condition that is not met yet says that work goes on. */
const underWay =
  /^(?:Progressing|ProgressingWithRetry|Creating|Pending|Waiting|Reconciling|Installing|Issuing|DoesNotExist|InProgress)$/;

interface Conditioned extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** Any object that says by conditions how it is: custom resources, APIServices, CustomResourceDefinitions, CertificateSigningRequests. */
export function readConditions(observed: Observed<Conditioned>): Interpretation {
  const { object, entity, k8s } = observed;
  const relations = relationsFrom(entity);
  for (const owner of object.metadata.ownerReferences ?? [])
    relations.from('OWNS', owner.kind, entity.namespace, owner.name);
  const problems: Draft[] = [];
  const facts: Record<string, string> = {};
  const conditions = object.status?.conditions;
  for (const condition of Array.isArray(conditions) ? (conditions as readonly Condition[]) : []) {
    if (typeof condition.type !== 'string' || typeof condition.status !== 'string') continue;
    facts[`condition.${condition.type}`] = condition.status;
    const bad =
      (goodTypes.test(condition.type) && condition.status === 'False') ||
      (badTypes.test(condition.type) && condition.status === 'True');
    if (!bad) continue;
    problems.push({
      category: 'object.condition-failed',
      entity,
      context: k8s,
      discriminator: condition.type,
      startedAt: condition.lastTransitionTime,
      holdMs: underWay.test(condition.reason ?? '')
        ? 5 * reconcileGraceMs
        : entity.kind === 'APIService'
          ? 0
          : reconcileGraceMs / 4,
      message: `${entity.kind} ${entity.name} is ${badTypes.test(condition.type) ? '' : 'not '}${words(condition.type)}: ${clause(condition.message ?? condition.reason ?? 'no reason given')}.`,
      attributes: { condition: condition.type, reason: condition.reason },
    });
  }
  return { facts, relations: relations.all(), problems };
}

function words(type: string): string {
  return type.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
