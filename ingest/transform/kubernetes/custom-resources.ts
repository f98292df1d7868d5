import type { KubernetesObject } from '../../../src/model/payloads.js';
import { entityRef } from '../../../src/model/entity.js';
import type { TransformContext } from '../context.js';
import type { Draft } from '../draft.js';
import { fluxReleaseProblem } from './helm.js';
import { relationsFrom, type Interpretation, type Observed } from '../interpretation.js';
import type { Condition } from './kubernetes-objects.js';
import { clause } from '../wording.js';

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
  readonly status?: { readonly conditions?: readonly Condition[]; readonly observedGeneration?: number };
}

/** A controller that works takes up a new generation within seconds; one that waits for others says so in its status. */
const unreconciledGraceMs = 5 * 60_000;

/**
 * The newest generation is not taken up: what reconciles this kind does not run, or hangs. All objects of a kind have one controller, so
 * that it is told of their CustomResourceDefinition where that is known.
 */
function unreconciled({ object, entity, k8s }: Observed<Conditioned>, context: TransformContext): Draft[] {
  const { generation } = object.metadata;
  const observed = object.status?.observedGeneration;
  if (typeof observed !== 'number' || generation === undefined) return [];
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/', 1)[0]! : '';
  const kind = `${entity.kind}.${group}`;
  // Some controllers write the field once and never again: only one that has kept up before can lag.
  if (observed >= generation && generation > 1) context.keepUp.add(kind);
  if (observed >= generation || !context.keepUp.has(kind)) return [];
  const definition = context.definitions.get(kind);
  return [
    {
      category: 'object.not-reconciled',
      entity:
        definition === undefined ? entity : entityRef(context.cluster, 'CustomResourceDefinition', null, definition),
      context: k8s,
      discriminator: entity.id,
      holdMs: unreconciledGraceMs,
      message: `${entity.kind} ${entity.name} was changed, and its controller has not taken that up: generation ${generation}, observed ${observed}.`,
      attributes: {
        object: `${entity.kind}/${entity.name}`,
        objectKind: entity.kind,
        group,
        generation,
        observedGeneration: observed,
      },
    },
  ];
}

interface Definition extends Conditioned {
  readonly spec?: { readonly group?: string; readonly names?: { readonly kind?: string } };
}

export function readDefinition(observed: Observed<Definition>, context: TransformContext): Interpretation {
  const { group, names } = observed.object.spec ?? {};
  if (names?.kind) context.definitions.set(`${names.kind}.${group ?? ''}`, observed.entity.name);
  const read = readConditions(observed, context);
  return { ...read, facts: { ...read.facts, group, definesKind: names?.kind } };
}

/** Any object that says by conditions how it is: custom resources, APIServices, CustomResourceDefinitions, CertificateSigningRequests. */
export function readConditions(observed: Observed<Conditioned>, context: TransformContext): Interpretation {
  const { object, entity, k8s } = observed;
  const relations = relationsFrom(entity);
  for (const owner of object.metadata.ownerReferences ?? [])
    relations.from('OWNS', owner.kind, entity.namespace, owner.name);
  const release = fluxReleaseProblem(observed);
  const problems: Draft[] = [...(release ? [release] : []), ...unreconciled(observed, context)];
  const facts: Record<string, string> = {};
  const conditions = object.status?.conditions;
  for (const condition of Array.isArray(conditions) ? (conditions as readonly Condition[]) : []) {
    if (typeof condition.type !== 'string' || typeof condition.status !== 'string') continue;
    facts[`condition.${condition.type}`] = condition.status;
    const bad =
      (goodTypes.test(condition.type) && condition.status === 'False') ||
      (badTypes.test(condition.type) && condition.status === 'True');
    if (!bad || release) continue;
    problems.push({
      category: 'object.condition-failed',
      entity,
      context: k8s,
      discriminator: condition.type,
      startedAt: condition.lastTransitionTime,
      holdMs: underWay.test(condition.reason ?? '') ? 5 * reconcileGraceMs : reconcileGraceMs / 4,
      message: `${entity.kind} ${entity.name} is ${badTypes.test(condition.type) ? '' : 'not '}${words(condition.type)}: ${clause(condition.message ?? condition.reason ?? 'no reason given')}.`,
      attributes: { condition: condition.type, reason: condition.reason },
    });
  }
  return { facts, relations: relations.all(), problems };
}

function words(type: string): string {
  return type.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
