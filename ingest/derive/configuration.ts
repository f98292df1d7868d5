import { list } from './callee.js';
import type { Deriving } from './deriving.js';
import type { Inventory } from '../inventory.js';
import type { Problem } from '../problems.js';
import { editDistanceAtMost, selects } from '../selectors.js';
import { quantity } from '../transform/wording.js';

/**
 * What was configured so that it cannot work: an address that names no port of the Service, a Service that speaks another protocol than
 * its callers, and objects that are wanted and that a quota keeps from being made.
 */
export function deriveConfiguration(given: Deriving): void {
  wrongAddresses(given);
  wrongRoutes(given);
  for (const problem of given.active) {
    if (problem.target !== -1 && /^(?:call\.|dns\.failed$)/.test(problem.category)) {
      otherProtocol(problem, given);
      refusedService(problem, given);
    }
    if (problem.category === 'pvc.not-found') refusedClaim(problem, given);
    if (problem.category === 'service.no-ready-endpoints') scaledAway(problem, given);
  }
}

const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet'];

interface Declared {
  readonly setting: string;
  readonly host: string;
  readonly port: string;
}

/** Addresses that workloads are given as settings (`SETTING=host:port`), where the Service that is meant has no such port. */
function wrongAddresses({ cluster, inventory, say }: Deriving): void {
  for (const space of inventory.inNamespace(cluster, null, 'Namespace').map((index) => inventory.ref(index).name)) {
    for (const kind of workloadKinds) {
      for (const workload of inventory.inNamespace(cluster, space, kind)) {
        const { addresses } = inventory.facts(workload);
        if (typeof addresses !== 'string') continue;
        for (const declared of addressesOf(addresses)) {
          const service = serviceNamed(declared.host, space, cluster, inventory);
          if (service === -1) tellMisspelt(workload, space, declared, { cluster, inventory, say });
          else if (lacksPort(service, declared.port, inventory))
            tellWrongAddress(workload, service, declared, { inventory, say });
        }
      }
    }
  }
}

function addressesOf(text: string): Declared[] {
  return list(text).flatMap((entry) => {
    const match = /^([^=]*)=([^:]+):(\d+)$/.exec(entry);
    return match ? [{ setting: match[1]!, host: match[2]!, port: match[3]! }] : [];
  });
}

/** By the rules of cluster DNS; -1 when there is no such Service. */
function serviceNamed(host: string, namespace: string, cluster: string, inventory: Inventory): number {
  const [name = '', space = namespace] = host.split('.');
  const services = inventory.inNamespace(cluster, space, 'Service');
  return services.find((service) => inventory.ref(service).name === name) ?? -1;
}

/** No Service has this name, and one has nearly that name and that port. */
function tellMisspelt(
  workload: number,
  namespace: string,
  { setting, host, port }: Declared,
  { cluster, inventory, say }: Pick<Deriving, 'cluster' | 'inventory' | 'say'>,
): void {
  const [name = '', space = namespace] = host.split('.');
  const meant = inventory.inNamespace(cluster, space, 'Service').find((service) => {
    const other = inventory.ref(service).name;
    const near = editDistanceAtMost(name, other, 2) || name.startsWith(`${other}-`) || other.startsWith(`${name}-`);
    return near && list(inventory.facts(service).ports).some((pair) => pair.split(':')[0] === port);
  });
  const sinceMs = inventory.createdMs(workload);
  if (meant === undefined || !sinceMs) return;
  const ref = inventory.ref(workload);
  say(
    ref,
    'config.wrong-address',
    sinceMs,
    `${ref.kind} ${ref.name} is told to call ${host}:${port} (${setting}), and there is no such Service, but ${inventory.ref(meant).name}`,
    { setting, peer: `${name}:${port}`, meant: inventory.ref(meant).name },
  );
}

/** Headless Services and those without a selector serve whatever port is called. */
function lacksPort(service: number, port: string, inventory: Inventory): boolean {
  const { ports, clusterIP, type } = inventory.facts(service);
  if (typeof ports !== 'string' || clusterIP === 'None' || type === 'ExternalName') return false;
  if (inventory.selector(service) === null) return false;
  return !list(ports).some((pair) => pair.split(':')[0] === port);
}

/** Where the pods themselves serve that port, it is the Service that leads elsewhere; else whoever was given the address. */
function tellWrongAddress(
  workload: number,
  service: number,
  { setting, host, port }: Declared,
  { inventory, say }: Pick<Deriving, 'inventory' | 'say'>,
): void {
  const { name, kind } = inventory.ref(workload);
  const { ports, clusterIP } = inventory.facts(service);
  const has = list(ports).map((pair) => pair.split(':')[0]!);
  const sinceMs = Math.max(inventory.createdMs(workload) || 0, inventory.createdMs(service) || 0);
  if (sinceMs === 0) return;
  const served = inventory
    .out(service, 'SELECTS')
    .some((pod) => list(inventory.facts(pod).ports).some((declared) => declared.split(':').at(-1) === port));
  if (served) {
    say(
      inventory.ref(service),
      'service.port-mismatch',
      sinceMs,
      `Service ${inventory.ref(service).name} has port ${has.join(', ')}, while its pods serve ${port} and ${kind} ${name} calls it on that`,
      { port: has.join(','), containerPorts: port, caller: `${kind}/${name}` },
    );
    return;
  }
  say(
    inventory.ref(workload),
    'config.wrong-address',
    sinceMs,
    `${kind} ${name} is told to call ${host} on port ${port} (${setting}), and Service ${inventory.ref(service).name} has port ${has.join(', ')}`,
    {
      setting,
      peer: `${host}:${port}`,
      ports: has.join(','),
      ...(typeof clusterIP === 'string' && { peerAddress: `${clusterIP}:${port}` }),
    },
  );
}

/** A table of fewer routes has no custom of its own. */
const leastRoutes = 5;
/** Share of a table's routes that are named for what they lead to, so that one that is not stands out. */
const customary = 0.8;

/**
 * Routing tables in ConfigMaps whose routes are named for the Services that they lead to, all but one: and there is a Service that it
 * is named for.
 */
function wrongRoutes({ cluster, inventory, nowMs, say }: Deriving): void {
  for (const space of inventory.inNamespace(cluster, null, 'Namespace').map((index) => inventory.ref(index).name)) {
    for (const table of inventory.inNamespace(cluster, space, 'ConfigMap')) {
      const { routes } = inventory.facts(table);
      if (typeof routes !== 'string') continue;
      const all = list(routes).map((entry) => {
        const [route = '', target = ''] = entry.split('>');
        return { route, target, named: shared(route, target) > 0 };
      });
      const odd = all.filter(({ named }) => !named);
      if (all.length < leastRoutes || odd.length === 0 || all.length - odd.length < customary * all.length) continue;
      const services = inventory.inNamespace(cluster, space, 'Service');
      for (const { route, target } of odd) {
        const meant = services.filter(
          (service) => shared(route, inventory.ref(service).name) === wordsOf(route).length,
        );
        const nearest = meant.sort((a, b) => inventory.ref(a).name.length - inventory.ref(b).name.length)[0];
        if (nearest === undefined) continue;
        const { name } = inventory.ref(nearest);
        inventory.relate('LIMITS', table, nearest, nowMs);
        say(
          inventory.ref(table),
          'config.wrong-route',
          inventory.createdMs(table) || nowMs,
          `ConfigMap ${inventory.ref(table).name} routes ${route} to ${target}, and there is a Service ${name}`,
          { route, target, meant: name },
        );
      }
    }
  }
}

function wordsOf(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** How many of the words of one name the other has. */
function shared(name: string, other: string): number {
  const words = new Set(wordsOf(other));
  return wordsOf(name).filter((word) => words.has(word)).length;
}

/** A Service that is called in vain, and whose workload was given no replicas. */
function scaledAway({ unit, firstMs }: Problem, { cluster, inventory, active, say }: Deriving): void {
  if (!active.some(({ target, category }) => target === unit && /^(?:call\.|dns\.)/.test(category))) return;
  const selector = inventory.selector(unit);
  if (selector === null) return;
  const { namespace, name } = inventory.ref(unit);
  for (const kind of ['Deployment', 'StatefulSet']) {
    for (const workload of inventory.inNamespace(cluster, namespace, kind)) {
      const { replicas } = inventory.facts(workload);
      if (replicas !== 0 || !selects(selector, inventory.selector(workload) ?? {})) continue;
      inventory.relate('LIMITS', workload, unit, inventory.createdMs(workload) || firstMs);
      say(
        inventory.ref(workload),
        'workload.scaled-to-zero',
        firstMs,
        `${kind} ${inventory.ref(workload).name} has 0 replicas, and Service ${name}, which is called, leads to nothing else`,
        { to: 0, service: name },
      );
    }
  }
}

/** Connections fail to a Service whose every port is for datagrams, while its pods listen for connections. */
export function isOtherProtocol(service: number, inventory: Inventory): boolean {
  const protocols = list(inventory.facts(service).protocols);
  if (protocols.length === 0 || protocols.includes('TCP')) return false;
  return inventory
    .out(service, 'SELECTS')
    .some((pod) => inventory.facts(pod).protocols === undefined && inventory.facts(pod).ports !== undefined);
}

function otherProtocol({ target, firstMs, unit }: Problem, { inventory, say }: Deriving): void {
  if (inventory.ref(target).kind !== 'Service' || !isOtherProtocol(target, inventory)) return;
  const { name } = inventory.ref(target);
  const protocol = String(inventory.facts(target).protocols);
  const caller = inventory.ref(unit);
  say(
    inventory.ref(target),
    'service.protocol-mismatch',
    firstMs,
    `Service ${name} forwards ${protocol} only, while its pods serve TCP and ${caller.kind} ${caller.name} calls it over TCP`,
    { protocol, port: String(inventory.facts(target).ports ?? '') },
  );
}

/** A Service that is called and was never seen, in a namespace that may have no more Services. */
function refusedService({ target, unit, firstMs }: Problem, { cluster, inventory, nowMs, say }: Deriving): void {
  const { kind, namespace, name } = inventory.ref(target);
  if (kind !== 'Service' || inventory.exists(target)) return;
  for (const quota of inventory.inNamespace(cluster, namespace, 'ResourceQuota')) {
    const facts = inventory.facts(quota);
    for (const resource of ['services', 'count/services']) {
      const hard = quantity(facts[`hard.${resource}`]);
      const used = quantity(facts[`used.${resource}`]);
      if (hard === null || used === null || used < hard) continue;
      inventory.relate('LIMITS', quota, unit, nowMs);
      say(
        inventory.ref(quota),
        'quota.exceeded',
        firstMs,
        `Quota ${inventory.ref(quota).name} allows ${hard} Services, all of them are used, and Service ${name} that is called does not exist`,
        { quota: inventory.ref(quota).name, resource: 'services', used, limited: hard, refused: `Service/${name}` },
      );
    }
  }
}

/** A claim that a pod mounts and nobody has seen, in a namespace whose quota has no room for it. */
function refusedClaim({ unit, firstMs, attributes }: Problem, { cluster, inventory, nowMs, say }: Deriving): void {
  const { namespace } = inventory.ref(unit);
  const claim = [...(attributes.get('missing') ?? [])][0]?.replace(/^PersistentVolumeClaim\//, '');
  if (claim === undefined) return;
  /** Volumes that wait for a claim: as much as one of them has would be asked for. */
  const waiting = inventory
    .inNamespace(cluster, null, 'PersistentVolume')
    .filter((volume) => inventory.facts(volume).phase === 'Available')
    .flatMap((volume) => quantity(inventory.facts(volume).capacity) ?? []);
  for (const quota of inventory.inNamespace(cluster, namespace, 'ResourceQuota')) {
    const facts = inventory.facts(quota);
    const left = (resource: string): number | null => {
      const hard = quantity(facts[`hard.${resource}`]);
      return hard === null ? null : hard - (quantity(facts[`used.${resource}`]) ?? 0);
    };
    const claims = left('persistentvolumeclaims');
    const storage = left('requests.storage');
    const resource =
      claims !== null && claims <= 0
        ? 'persistentvolumeclaims'
        : storage !== null && (storage <= 0 || waiting.some((capacity) => capacity > storage))
          ? 'requests.storage'
          : null;
    if (resource === null) continue;
    inventory.relate('LIMITS', quota, unit, nowMs);
    say(
      inventory.ref(quota),
      'quota.exceeded',
      firstMs,
      `Quota ${inventory.ref(quota).name} leaves no room for claim ${claim}: ${String(facts[`used.${resource}`] ?? '0')} of ${String(facts[`hard.${resource}`])} ${resource} is used`,
      {
        quota: inventory.ref(quota).name,
        resource,
        used: String(facts[`used.${resource}`] ?? '0'),
        limited: String(facts[`hard.${resource}`]),
        refused: `PersistentVolumeClaim/${claim}`,
      },
    );
  }
}
