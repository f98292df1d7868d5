import { entityRef, type EntityRef } from '../../src/model/entity.js';

export interface Peer {
  /** `host:port` as written; the port of the scheme when none is written. */
  readonly peer: string;
  readonly host: string;
  readonly port: number | null;
}

const schemePorts: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
  grpc: 443,
  postgres: 5432,
  postgresql: 5432,
  mysql: 3306,
  mariadb: 3306,
  redis: 6379,
  rediss: 6379,
  mongodb: 27017,
  amqp: 5672,
  amqps: 5671,
  nats: 4222,
  kafka: 9092,
  memcached: 11211,
  tcp: 0,
};

const urlPattern =
  /\b([a-z][a-z0-9+]{1,14}(?::[a-z]+)?):\/\/(?:[^\s/@"']*@)?(\[[0-9a-f:]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?)(?::(\d{1,5}))?(?=[/?#\s"',;:)\]]|$)/gi;
const hostPortPattern =
  /(?:^|[\s"'=,;([@/]|\bipv4:)([a-z](?:[a-z0-9.-]*[a-z0-9])?|\d{1,3}(?:\.\d{1,3}){3}):(\d{2,5})(?=[/\s"',;:)\]>]|$)/gi;

/** `server.mjs:45` is a place in a program, `line:45` and `user:45` are a word and its number. */
const noHost =
  /^(?:line|column|col|pid|id|port|code|status|error|errno|time|at|offset|row|version|level|user|node|file|index|attempt|retry|count|size|length|ms)$|\.(?:[cm]?[jt]sx?|go|py|java|rb|php|c|cc|cpp|h|rs|cs|kt|scala|ex|erl|lua|pl|html?|json|ya?ml)$/i;

/** Every `scheme://host[:port]` and `host:port` in a text, in the order of the text, without repeating one. At most eight. */
export function peersIn(text: string): Peer[] {
  const found: (Peer & { readonly index: number })[] = [];
  const add = (index: number, host: string, port: number | null) => {
    const peer = port ? `${host}:${port}` : host;
    if (found.length < 8 && !found.some((one) => one.peer === peer)) found.push({ peer, host, port, index });
  };
  for (const match of text.matchAll(urlPattern)) {
    const scheme = match[1]!.toLowerCase().split(':').pop()!;
    add(match.index, match[2]!.toLowerCase(), match[3] ? Number(match[3]) : (schemePorts[scheme] ?? null) || null);
  }
  for (const match of text.matchAll(hostPortPattern)) {
    const port = Number(match[2]);
    if (port >= 1 && port <= 65_535 && !noHost.test(match[1]!))
      add(match.index + match[0].indexOf(match[1]!), match[1]!.toLowerCase(), port);
  }
  return found.sort((one, other) => one.index - other.index).map(({ peer, host, port }) => ({ peer, host, port }));
}

export function isAddress(host: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host) || host.includes(':');
}

/**
 * The entity a host name stands for, seen from a namespace: a Service by the rules of cluster DNS (`name`, `name.ns`, `name.ns.svc…`),
 * else an ExternalEndpoint; null for addresses and for the machine itself, which name nothing that was declared.
 */
export function entityOfPeer(
  cluster: string,
  namespace: string | null,
  peer: Peer,
  namespaces: ReadonlySet<string>,
): EntityRef | null {
  const { host } = peer;
  if (isAddress(host) || host === 'localhost' || host.startsWith('[')) return null;
  const labels = host.split('.');
  if (labels.some((label) => label === '' || label.length > 63)) return null;
  if (labels.length >= 3 && labels[2] === 'svc') return entityRef(cluster, 'Service', labels[1]!, labels[0]!);
  // A StatefulSet's pod behind its headless Service: pod.service.namespace.svc…
  if (labels.length >= 4 && labels[3] === 'svc') return entityRef(cluster, 'Service', labels[2]!, labels[1]!);
  if (labels.length === 1) return namespace === null ? null : entityRef(cluster, 'Service', namespace, host);
  if (labels.length === 2 && namespaces.has(labels[1]!)) return entityRef(cluster, 'Service', labels[1]!, labels[0]!);
  if (!/[a-z]/.test(labels.at(-1)!)) return null;
  return entityRef(cluster, 'ExternalEndpoint', null, peer.peer);
}
