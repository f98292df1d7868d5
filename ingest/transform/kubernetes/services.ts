import { entityRef } from '../../../src/model/entity.js';
import type { KubernetesObject } from '../../../src/model/payloads.js';
import type { TransformContext } from '../context.js';
import type { Draft } from '../draft.js';
import { relationsFrom, type Interpretation, type Observed } from '../interpretation.js';
import { conditionOf, each, type Condition } from './kubernetes-objects.js';
import { clause } from '../wording.js';

/** A new Service, or one whose pods are just being replaced, is given this long to have an endpoint. */
const newServiceGraceMs = 15_000;

interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly protocol?: string;
}

interface Service extends KubernetesObject {
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly externalName?: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly ServicePort[];
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly object[] };
    readonly conditions?: readonly Condition[];
  };
}

interface EndpointSlice extends KubernetesObject {
  readonly endpoints?: readonly {
    readonly addresses?: readonly string[];
    readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
    readonly targetRef?: { readonly kind?: string; readonly name?: string; readonly namespace?: string };
    readonly nodeName?: string;
  }[];
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[];
}

export function readService(observed: Observed<Service>, context: TransformContext): Interpretation {
  const { object, entity, k8s } = observed;
  const { spec } = object;
  const relations = relationsFrom(entity);
  const selector = spec?.selector && Object.keys(spec.selector).length > 0 ? spec.selector : null;
  const slices = context.endpoints.get(entity.id);
  const total = [...(slices?.values() ?? [])].reduce((sum, slice) => sum + slice.total, 0);
  const ready = [...(slices?.values() ?? [])].reduce((sum, slice) => sum + slice.ready, 0);
  const hadKey = `endpoints ${entity.id}`;
  if (ready > 0) context.reasons.set(hadKey, { reason: '', message: '', at: observed.at });
  const had = context.reasons.has(hadKey);
  const problems: Draft[] = [];
  // Without any slice nothing is known yet: the two kinds are listed one after the other.
  if (spec?.type !== 'ExternalName' && slices !== undefined && ready === 0 && (selector !== null || had)) {
    problems.push({
      category: 'service.no-ready-endpoints',
      entity,
      context: k8s,
      holdMs: had ? 0 : newServiceGraceMs,
      message:
        total === 0
          ? `Service ${entity.name} has no endpoints${selector ? `: no pod serves its selector ${selectorText(selector)}` : ''}.`
          : `Service ${entity.name} has no ready endpoint: none of its ${total} is ready.`,
      attributes: { endpoints: total, selector: selector ? selectorText(selector) : null },
    });
  }
  // Its endpoints are written by the API servers themselves.
  if (entity.namespace === 'default' && entity.name === 'kubernetes')
    relations.to('SELECTS', 'ControlPlane', null, 'kube-apiserver');
  if (spec?.externalName) relations.to('ROUTES_TO', 'ExternalEndpoint', null, spec.externalName);
  return {
    facts: {
      type: spec?.type,
      clusterIP: spec?.clusterIP,
      clusterIPs: each(spec?.clusterIPs).join(',') || null,
      externalName: spec?.externalName,
      ports:
        each(spec?.ports)
          .map((port) => `${port.port}:${port.targetPort ?? port.port}`)
          .join(',') || null,
      targetPorts:
        each(spec?.ports)
          .map((port) => String(port.targetPort ?? port.port))
          .join(',') || null,
      protocols: each(spec?.ports).every(({ protocol }) => (protocol ?? 'TCP') === 'TCP')
        ? null
        : [...new Set(each(spec?.ports).map(({ protocol }) => protocol ?? 'TCP'))].join(','),
      portNames:
        each(spec?.ports)
          .map((port) => port.name ?? '')
          .join(',') || null,
      hasSelector: selector !== null,
      endpointsKnown: slices !== undefined,
      endpoints: total,
      readyEndpoints: ready,
      loadBalancerPending:
        spec?.type === 'LoadBalancer' && each(object.status?.loadBalancer?.ingress).length === 0 ? true : null,
    },
    selector,
    relations: relations.all(),
    problems,
  };
}

export function selectorText(selector: Readonly<Record<string, string>>): string {
  return Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** The Service of an EndpointSlice gets the endpoints, and is read again. */
export function readEndpointSlice(observed: Observed<EndpointSlice>, context: TransformContext): Interpretation {
  const { object, entity } = observed;
  const serviceName = object.metadata.labels?.['kubernetes.io/service-name'];
  const relations = relationsFrom(entity);
  if (!serviceName) return { relations: [] };
  const service = entityRef(context.cluster, 'Service', entity.namespace, serviceName);
  relations.from('OWNS', 'Service', entity.namespace, serviceName);
  let ready = 0;
  const endpoints = each(object.endpoints);
  const selects = endpoints.flatMap((endpoint) => {
    if (endpoint.conditions?.ready !== false) ready += 1;
    const { targetRef } = endpoint;
    if (targetRef?.kind !== 'Pod' || !targetRef.name) return [];
    return [
      {
        type: 'SELECTS' as const,
        from: service.id,
        to: entityRef(context.cluster, 'Pod', targetRef.namespace ?? entity.namespace, targetRef.name).id,
      },
    ];
  });
  const slices = context.endpoints.get(service.id) ?? new Map<string, { ready: number; total: number }>();
  slices.set(entity.name, { ready, total: endpoints.length });
  context.endpoints.set(service.id, slices);
  return {
    facts: {
      service: serviceName,
      endpoints: endpoints.length,
      readyEndpoints: ready,
      ports:
        each(object.ports)
          .map((port) => port.port ?? '')
          .join(',') || null,
      addresses:
        endpoints
          .flatMap((endpoint) => endpoint.addresses ?? [])
          .slice(0, 64)
          .join(',') || null,
    },
    relations: [...relations.all(), ...selects],
    refresh: [service.id],
  };
}

export function forgetEndpointSlice({ entity, object }: Observed, context: TransformContext): string[] {
  const serviceName = object.metadata.labels?.['kubernetes.io/service-name'];
  if (!serviceName) return [];
  const id = entityRef(context.cluster, 'Service', entity.namespace, serviceName).id;
  context.endpoints.get(id)?.delete(entity.name);
  return [id];
}

interface Backend {
  readonly service?: { readonly name?: string; readonly port?: { readonly name?: string; readonly number?: number } };
}

interface Ingress extends KubernetesObject {
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly object[] } };
  readonly spec?: {
    readonly ingressClassName?: string;
    readonly defaultBackend?: Backend;
    readonly tls?: readonly { readonly secretName?: string }[];
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: { readonly paths?: readonly { readonly backend?: Backend }[] };
    }[];
  };
}

export function readIngress({ object, entity }: Observed<Ingress>): Interpretation {
  const { spec } = object;
  const relations = relationsFrom(entity);
  const backends = [
    spec?.defaultBackend,
    ...each(spec?.rules).flatMap((rule) => each(rule.http?.paths).map((path) => path.backend)),
  ];
  for (const backend of backends) relations.to('ROUTES_TO', 'Service', entity.namespace, backend?.service?.name);
  for (const tls of each(spec?.tls)) relations.to('USES', 'Secret', entity.namespace, tls.secretName);
  relations.to('USES', 'IngressClass', null, spec?.ingressClassName);
  const ports = backends.flatMap((backend) =>
    backend?.service?.name
      ? [`${backend.service.name}:${backend.service.port?.name ?? backend.service.port?.number ?? ''}`]
      : [],
  );
  return {
    facts: {
      class: spec?.ingressClassName,
      hosts:
        each(spec?.rules)
          .map((rule) => rule.host ?? '*')
          .join(',') || null,
      backends: [...new Set(ports)].join(',') || null,
      tlsSecrets:
        each(spec?.tls)
          .flatMap(({ secretName }) => secretName ?? [])
          .join(',') || null,
      hasAddress: each(object.status?.loadBalancer?.ingress).length > 0 || null,
    },
    relations: relations.all(),
  };
}

interface Route extends KubernetesObject {
  readonly spec?: {
    readonly parentRefs?: readonly { readonly kind?: string; readonly name: string; readonly namespace?: string }[];
    readonly rules?: readonly {
      readonly backendRefs?: readonly { readonly kind?: string; readonly name: string; readonly namespace?: string }[];
    }[];
  };
  readonly status?: { readonly parents?: readonly { readonly conditions?: readonly Condition[] }[] };
}

/** HTTPRoute, GRPCRoute, TCPRoute … of the Gateway API. */
export function readRoute({ object, entity, k8s }: Observed<Route>): Interpretation {
  const relations = relationsFrom(entity);
  for (const parent of each(object.spec?.parentRefs))
    relations.from('ROUTES_TO', parent.kind ?? 'Gateway', parent.namespace ?? entity.namespace, parent.name);
  for (const rule of each(object.spec?.rules)) {
    for (const backend of each(rule.backendRefs))
      relations.to('ROUTES_TO', backend.kind ?? 'Service', backend.namespace ?? entity.namespace, backend.name);
  }
  const problems: Draft[] = [];
  for (const parent of each(object.status?.parents)) {
    for (const type of ['Accepted', 'ResolvedRefs']) {
      const condition = conditionOf(parent.conditions, type);
      if (condition?.status !== 'False') continue;
      problems.push({
        category: condition.reason === 'BackendNotFound' ? 'ingress.backend-missing' : 'gateway.not-accepted',
        entity,
        context: k8s,
        discriminator: type,
        startedAt: condition.lastTransitionTime,
        message: `${entity.kind} ${entity.name} is not in effect: ${clause(condition.message ?? condition.reason ?? '')}.`,
        attributes: { condition: type, reason: condition.reason },
      });
    }
  }
  return { relations: relations.all(), problems };
}

interface Gateway extends KubernetesObject {
  readonly spec?: { readonly gatewayClassName?: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** A Gateway that no controller takes, or that cannot be set up, carries none of its routes. */
export function readGateway({ object, entity, k8s }: Observed<Gateway>): Interpretation {
  const problems: Draft[] = [];
  for (const type of ['Accepted', 'Programmed']) {
    const condition = conditionOf(object.status?.conditions, type);
    if (condition?.status !== 'False') continue;
    problems.push({
      category: 'gateway.not-accepted',
      entity,
      context: k8s,
      discriminator: type,
      startedAt: condition.lastTransitionTime,
      holdMs: gatewayGraceMs,
      message: `Gateway ${entity.name} is not in effect: ${clause(condition.message ?? condition.reason ?? '')}.`,
      attributes: { condition: type, reason: condition.reason },
    });
  }
  return { facts: { class: object.spec?.gatewayClassName }, problems };
}

/** A new Gateway waits for its load balancer. */
const gatewayGraceMs = 60_000;

export function readIngressClass({ object }: Observed): Interpretation {
  const isDefault = object.metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true';
  return { facts: { isDefault: isDefault || null } };
}

interface MeshPolicy extends KubernetesObject {
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly mtls?: { readonly mode?: string };
    readonly action?: string;
    readonly rules?: readonly unknown[];
  };
}

/** Istio's PeerAuthentication and AuthorizationPolicy: whom they hold for, and what they ask. */
export function readMeshPolicy({ object, entity }: Observed<MeshPolicy>): Interpretation {
  const { spec } = object;
  return {
    facts:
      entity.kind === 'PeerAuthentication'
        ? { mode: spec?.mtls?.mode }
        : { action: spec?.action ?? 'ALLOW', rules: each(spec?.rules).length },
    // Without a selector it holds for the whole namespace.
    selector: spec?.selector?.matchLabels ?? {},
  };
}
