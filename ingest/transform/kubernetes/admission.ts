import type { Category } from '../../../src/model/categories.js';
import { entityRef, type EntityRef } from '../../../src/model/entity.js';
import type { TransformContext } from '../context.js';
import { controlPlaneRef } from './control-plane.js';
import type { DraftAttributes } from '../draft.js';
import { clause } from '../wording.js';

export interface Refusal {
  readonly category: Category;
  /** What refuses, when the text names it; null: the object that was to be created is itself at fault. */
  readonly refuser: EntityRef | null;
  /** A clause about the object that could not be created: "quota shop allows 8 pods, all in use". */
  readonly because: string;
  readonly attributes: DraftAttributes;
}

type Reader = (match: RegExpExecArray, namespace: string, context: TransformContext) => Refusal;

/** Texts of the admission chain (ResourceQuota, LimitRanger, webhooks, PodSecurity, ServiceAccount, Priority, RuntimeClass). */
const table: readonly (readonly [RegExp, Reader])[] = [
  [
    /etcdserver: mvcc: database space exceeded/,
    (_match, _namespace, { cluster }) => ({
      category: 'etcd.space-exceeded',
      refuser: controlPlaneRef(cluster, 'etcd'),
      because: 'the database of the cluster is full, and nothing can be written any more',
      attributes: {},
    }),
  ],
  [
    /exceeded quota: ([^,]+), requested: (.+?), used: (.+?), limited: (.+?)(?:$|[;"])/,
    (match, namespace, { cluster }) => ({
      category: 'quota.exceeded',
      refuser: entityRef(cluster, 'ResourceQuota', namespace, match[1]!),
      because: `quota ${match[1]!} is used up: ${match[2]!} was asked for, ${match[3]!} is used of ${match[4]!}`,
      attributes: {
        quota: match[1]!,
        resource: match[4]!.split('=', 1)[0]!,
        requested: match[2]!,
        used: match[3]!,
        limited: match[4]!,
      },
    }),
  ],
  [
    /failed quota: ([^:]+): must specify ([^"]+)/,
    (match, namespace, { cluster }) => {
      // `requests.cpu for: cart; requests.memory for: cart`, before 1.25 `cpu,memory`.
      const resource = match[2]!
        .split(';')
        .map((each) => each.replace(/ for:.*$/, '').trim())
        .join(', ');
      return {
        category: 'quota.requests-missing',
        refuser: entityRef(cluster, 'ResourceQuota', namespace, match[1]!),
        because: `quota ${match[1]!} wants every pod to say ${resource}`,
        attributes: { quota: match[1]!, resource, containers: / for: ([^;]+)/.exec(match[2]!)?.[1] },
      };
    },
  ],
  [
    /((?:maximum|minimum) (\S+) usage per (\w+) is (\S+?),? but (?:limit|request|no limit is specified).*|(\S+) max limit to request ratio per \w+ is .*)/,
    (match) => ({
      category: 'limitrange.violated',
      refuser: null,
      because: `a LimitRange of the namespace forbids it: ${clause(match[1]!)}`,
      attributes: { resource: match[2] ?? match[5], bound: match[4] },
    }),
  ],
  [
    /failed calling webhook "([^"]+)": (.*)/s,
    (match, _namespace, context) => {
      const peer = /https?:\/\/([^/?"\s]+)/.exec(match[2]!)?.[1];
      const slow = /deadline exceeded|Client\.Timeout|timed out/i.test(match[2]!) && hasBackend(peer, context);
      return {
        category: slow ? 'admission.webhook-slow' : 'admission.webhook-unavailable',
        refuser: context.webhooks.get(match[1]!) ?? entityRef(context.cluster, 'AdmissionWebhook', null, match[1]!),
        because: `admission webhook ${match[1]!} does not answer${slow ? ' in time' : ''}: ${clause(match[2]!)}`,
        attributes: {
          webhook: match[1]!,
          error: clause(match[2]!),
          peer,
          timeout: /[?&]timeout=(\w+)/.exec(match[2]!)?.[1],
        },
      };
    },
  ],
  [
    /admission webhook "([^"]+)" denied the request(?:: (.*))?/s,
    (match, _namespace, context) => ({
      category: 'admission.webhook-denied',
      refuser: context.webhooks.get(match[1]!) ?? entityRef(context.cluster, 'AdmissionWebhook', null, match[1]!),
      because: `admission webhook ${match[1]!} denies it${match[2] ? `: ${clause(match[2])}` : ''}`,
      attributes: { webhook: match[1]! },
    }),
  ],
  [
    /ValidatingAdmissionPolicy '([^']+)'.* denied request(?:: (.*))?/s,
    (match, _namespace, { cluster }) => ({
      category: 'admission.webhook-denied',
      refuser: entityRef(cluster, 'ValidatingAdmissionPolicy', null, match[1]!),
      because: `admission policy ${match[1]!} denies it${match[2] ? `: ${clause(match[2])}` : ''}`,
      attributes: { policy: match[1]! },
    }),
  ],
  [
    /violates PodSecurity "([^"]+)": (.*)/s,
    (match) => ({
      category: 'admission.pod-security',
      refuser: null,
      because: `it violates pod security level ${match[1]!}: ${clause(match[2]!)}`,
      attributes: { level: match[1]! },
    }),
  ],
  [
    /error looking up service account ([^/]+)\/([^:]+): serviceaccounts? .*not found/,
    (match, _namespace, { cluster }) => ({
      category: 'admission.serviceaccount-missing',
      refuser: entityRef(cluster, 'ServiceAccount', match[1]!, match[2]!),
      because: `the ServiceAccount ${match[2]!} does not exist`,
      attributes: { missing: match[2]! },
    }),
  ],
  [
    /no PriorityClass with name (\S+) was found/,
    (match) => ({
      category: 'admission.priorityclass-missing',
      refuser: null,
      because: `the PriorityClass ${match[1]!} does not exist`,
      attributes: { missing: match[1]! },
    }),
  ],
  [
    /RuntimeClass "?([^"\s]+)"? not found|no runtime for "?([^"\s]+)"? is configured/i,
    (match) => ({
      category: 'admission.runtimeclass-missing',
      refuser: null,
      because: `the RuntimeClass ${match[1] ?? match[2]!} does not exist`,
      attributes: { missing: match[1] ?? match[2] },
    }),
  ],
  [
    /(?:Pod|\S+) "[^"]*" is invalid: (.*)/s,
    (match) => ({
      category: 'admission.invalid-object',
      refuser: null,
      because: `the object is not valid: ${clause(match[1]!)}`,
      attributes: {},
    }),
  ],
];

/** Reads a FailedCreate text; null when the text names no refusal known here. */
export function classifyRefusal(message: string, namespace: string, context: TransformContext): Refusal | null {
  for (const [pattern, read] of table) {
    const match = pattern.exec(message);
    if (match) return read(match, namespace, context);
  }
  return null;
}

/** True when the Service that a webhook's URL names (`name.namespace.svc:443`) has a ready endpoint: then it is there, and slow. */
function hasBackend(peer: string | undefined, context: TransformContext): boolean {
  const [name, namespace, svc] = (peer ?? '').replace(/:\d+$/, '').split('.');
  if (!name || !namespace || svc !== 'svc') return false;
  const slices = context.endpoints.get(entityRef(context.cluster, 'Service', namespace, name).id);
  return [...(slices?.values() ?? [])].some(({ ready }) => ready > 0);
}
