import { entityRef, type EntityRef } from '../src/model/entity.js';
import { toEpochMs } from '../src/model/time.js';
import type { UnifiedEvent } from '../src/model/unified-event.js';
import type { Inventory } from './inventory.js';

/** Who is called, as far as the text of an error tells: a Service of the cluster, or an endpoint outside of it. */
export interface Peer {
  readonly target: number;
  /** The port as written is none of the Service's ports. */
  readonly wrongPort: boolean;
}

/**
 * Resolves attributes.peer (`host:port`, as programs write it) seen from the event's namespace, the way cluster DNS would
 * (<service>[.<namespace>[.svc[.<domain>]]]), or by ClusterIP. A name that is no Service becomes an ExternalEndpoint.
 * For a failed lookup of a name that does exist, the target is the cluster's DNS Service: it is the one that did not answer.
 */
export function resolvePeer(event: UnifiedEvent, inventory: Inventory): Peer | null {
  const { category, attributes } = event.semantic;
  if (!/^(?:(?:call|dns|tls)\.|app\.cut-short$)/.test(category)) return null;
  const written = attributes.peer ?? attributes['server.address'] ?? attributes.name;
  if (typeof written !== 'string' || written === '') return null;
  const { host, port } = splitPeer(written, attributes['server.port']);
  if (host === '' || host === 'localhost' || host === '::1' || host.startsWith('127.')) return null;
  const { cluster } = event.entity;
  const service = findService(cluster, event.entity.namespace ?? event.k8sContext.namespace, host, inventory);
  // The name of a Service that has just been made is still remembered as missing: the resolver is well.
  const isNew = service !== -1 && toEpochMs(event.firstSeen) - inventory.createdMs(service) < negativeCacheMs;
  if (category === 'dns.failed' && service !== -1 && inventory.exists(service) && !isNew) {
    const dns = inventory.indexOf(entityRef(cluster, 'Service', 'kube-system', 'kube-dns').id);
    if (dns !== -1) return { target: dns, wrongPort: false };
  }
  if (service !== -1) return { target: service, wrongPort: port !== null && !servesPort(service, port, inventory) };
  if (category === 'dns.failed' && /^[a-z0-9-]+$/.test(host)) {
    // A bare name can only have meant a Service of the namespace: one that is not there.
    const missing = entityRef(cluster, 'Service', event.entity.namespace, host);
    return { target: inventory.intern(missing), wrongPort: false };
  }
  const [name = '', space = ''] = host.split('.');
  const inCluster = /^[a-z0-9-]+\.[a-z0-9-]+(?:\.svc(?:\..+)?)?$/.test(host);
  const known = inCluster ? inventory.indexOf(entityRef(cluster, 'Namespace', null, space).id) : -1;
  if (known !== -1 && inventory.exists(known))
    return { target: inventory.intern(entityRef(cluster, 'Service', space, name)), wrongPort: false };
  return { target: inventory.intern(entityRef(cluster, 'ExternalEndpoint', null, host)), wrongPort: false };
}

/** Longest time that CoreDNS and programs usually remember that a name does not exist. */
const negativeCacheMs = 60_000;

/**
 * Whom a caller was seen to call, by name or `host:port`; -1 when it is nobody of the cluster. Where no Service was ever seen, a plain
 * name is that of a workload, heard of or not.
 */
export function resolveCallee({ cluster, namespace }: EntityRef, written: string, inventory: Inventory): number {
  const { host } = splitPeer(written, null);
  const found = findService(cluster, namespace, host, inventory);
  if (found !== -1 || !/^[a-z0-9-]+$/.test(host) || !withoutServices(cluster, namespace, inventory)) return found;
  return inventory.intern(entityRef(cluster, 'Deployment', namespace, host));
}

/** Known by traces, logs and metrics alone: programs are called by their own names. */
function withoutServices(cluster: string, namespace: string | null, inventory: Inventory): boolean {
  return namespace !== null && inventory.inNamespace(cluster, namespace, 'Service').length === 0;
}

function splitPeer(written: string, portAttribute: unknown): { host: string; port: number | null } {
  const match = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?/i.exec(written);
  const port =
    match?.[2] ?? (typeof portAttribute === 'number' || typeof portAttribute === 'string' ? portAttribute : null);
  const host = (match?.[1] ?? '').toLowerCase().replace(/^\[|\]$|\.$/g, '');
  return { host, port: port === null ? null : Number(port) };
}

function findService(cluster: string, namespace: string | null, host: string, inventory: Inventory): number {
  if (/^\d+\.\d+\.\d+\.\d+$|:/.test(host)) return serviceByAddress(cluster, namespace, host, inventory);
  const [name = '', space] = host.split('.');
  const inCluster = !host.includes('.') || /^[^.]+\.[^.]+(\.svc(\..+)?)?$/.test(host);
  if (!inCluster) return -1;
  const index = inventory.indexOf(entityRef(cluster, 'Service', space ?? namespace, name).id);
  if (index !== -1 && inventory.observed(index)) return index;
  if (space !== undefined || !withoutServices(cluster, namespace, inventory)) return -1;
  return workloadKinds.reduce(
    (found, kind) => (found === -1 ? inventory.indexOf(entityRef(cluster, kind, namespace, name).id) : found),
    -1,
  );
}

const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** The caller's own namespace first; an address may belong to a Service of any. */
function serviceByAddress(cluster: string, namespace: string | null, address: string, inventory: Inventory): number {
  const others = inventory.inNamespace(cluster, null, 'Namespace').map((index) => inventory.ref(index).name);
  for (const space of new Set([namespace, ...others, 'default'])) {
    for (const service of inventory.inNamespace(cluster, space, 'Service')) {
      const { clusterIP, clusterIPs } = inventory.facts(service);
      const addresses = String(clusterIPs ?? '').split(',');
      if (clusterIP === address || addresses.includes(address)) return service;
    }
  }
  return -1;
}

function servesPort(service: number, port: number, inventory: Inventory): boolean {
  const ports = inventory.facts(service).ports;
  if (ports === undefined || ports === '') return true;
  return String(ports)
    .split(',')
    .some((entry) => Number(/\d+/.exec(entry.split(/[:>]/).find((part) => /^\d+/.test(part)) ?? entry)?.[0]) === port);
}
