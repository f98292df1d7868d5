import { entityRef } from '../../src/model/entity.js';
import { changeOf, lastingMs, list } from './callee.js';
import type { Deriving } from './deriving.js';
import type { Inventory } from '../inventory.js';
import type { Problem } from '../problems.js';
import { selects } from '../selectors.js';

/** Policies of a service mesh that turn callers away since they were changed, and Ingresses that nothing stands behind. */
export function deriveMesh(given: Deriving): void {
  const { active, inventory } = given;
  for (const problem of active) {
    if (problem.target === -1 || inventory.ref(problem.target).kind !== 'Service') continue;
    const errors = problem.attributes.get('error');
    if (/^call\.(?:reset|refused|failed|timeout)$|^tls\.verification-failed$/.test(problem.category))
      turnedAway(problem, 'PeerAuthentication', given);
    if (
      problem.category === 'call.unauthorized' &&
      (errors?.has('RBAC') || problem.attributes.get('status')?.has('403'))
    )
      turnedAway(problem, 'AuthorizationPolicy', given);
  }
  for (const space of inventory.inNamespace(given.cluster, null, 'Namespace'))
    ingresses(inventory.ref(space).name, given);
}

/** Policies in this namespace hold for the whole mesh. */
const rootNamespace = 'istio-system';

function turnedAway(
  problem: Problem,
  kind: 'PeerAuthentication' | 'AuthorizationPolicy',
  { cluster, inventory, problems, nowMs, say }: Deriving,
): void {
  const { namespace, name: service } = inventory.ref(problem.target);
  const caller = inventory.ref(problem.unit);
  for (const policy of [namespace, rootNamespace].flatMap((space) => inventory.inNamespace(cluster, space, kind))) {
    const { mode, action } = inventory.facts(policy);
    if (kind === 'PeerAuthentication' ? mode !== 'STRICT' : action === 'AUDIT') continue;
    const change = changeOf(policy, /./, problems, nowMs);
    if (!change || change.firstMs > problem.firstMs + lastingMs || !covers(policy, problem.target, inventory)) continue;
    inventory.relate('LIMITS', policy, problem.unit, nowMs);
    const { name } = inventory.ref(policy);
    if (kind === 'PeerAuthentication')
      say(
        inventory.ref(policy),
        'mesh.mtls-required',
        problem.firstMs,
        `PeerAuthentication ${name} takes only mutual TLS for Service ${service}, and the calls of ${caller.kind} ${caller.name} are cut since`,
        { caller: `${caller.kind}/${caller.name}`, callee: `Service/${service}` },
      );
    else
      say(
        inventory.ref(policy),
        'mesh.access-denied',
        problem.firstMs,
        `AuthorizationPolicy ${name} does not let ${caller.kind} ${caller.name} call Service ${service}`,
        { caller: `${caller.kind}/${caller.name}`, callee: `Service/${service}` },
      );
    return;
  }
}

function covers(policy: number, service: number, inventory: Inventory): boolean {
  const selector = inventory.selector(policy) ?? {};
  if (Object.keys(selector).length === 0) return true;
  return inventory
    .out(service, 'SELECTS')
    .some((selected) => inventory.ref(selected).kind === 'Pod' && selects(selector, inventory.labels(selected)));
}

function ingresses(space: string, { cluster, inventory, problems, nowMs, say }: Deriving): void {
  const classes = inventory.inNamespace(cluster, null, 'IngressClass');
  for (const ingress of inventory.inNamespace(cluster, space, 'Ingress')) {
    const { class: wanted, tlsSecrets, hasAddress } = inventory.facts(ingress);
    const { name } = inventory.ref(ingress);
    const since = (): number => changeOf(ingress, /./, problems, nowMs)?.firstMs ?? inventory.createdMs(ingress);
    // Secrets are only known to be missing where Secrets are seen.
    const seesSecrets = inventory.inNamespace(cluster, space, 'Secret').length > 0;
    for (const secret of seesSecrets ? list(tlsSecrets) : []) {
      const index = inventory.indexOf(entityRef(cluster, 'Secret', space, secret).id);
      if (index !== -1 && inventory.exists(index)) continue;
      const gone = index === -1 ? undefined : problems.on(index).find(({ category }) => category === 'change.deleted');
      const sinceMs = gone?.firstMs ?? since();
      if (Number.isNaN(sinceMs)) continue;
      if (index !== -1) inventory.relate('USES', ingress, index, nowMs);
      say(
        inventory.ref(ingress),
        'ingress.certificate-missing',
        sinceMs,
        `Ingress ${name} wants the certificate of Secret ${secret}, which does not exist, so its controller shows a default one`,
        { secret },
      );
    }
    if (classes.length === 0 || hasAddress === true) continue;
    const served =
      typeof wanted === 'string'
        ? classes.some((each) => inventory.ref(each).name === wanted)
        : classes.some((each) => inventory.facts(each).isDefault === true);
    const sinceMs = since();
    if (served || Number.isNaN(sinceMs) || nowMs - sinceMs < classGraceMs) continue;
    say(
      inventory.ref(ingress),
      'ingress.no-controller',
      sinceMs,
      typeof wanted === 'string'
        ? `Ingress ${name} is of class ${wanted}, which does not exist, so no controller takes it`
        : `Ingress ${name} names no class and there is no default one, so no controller takes it`,
      { ...(typeof wanted === 'string' && { class: wanted }) },
    );
  }
}

/** A controller brings its class along; it may come a little later. */
const classGraceMs = 15_000;
