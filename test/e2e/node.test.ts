import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient, type Client } from 'graphql-ws';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { WebSocket } from 'ws';
import { describeWith } from '../servers/availability.js';
import { startNats, type NatsServer } from '../servers/nats.js';
import { startNeo4j, type Neo4jServer } from '../servers/neo4j.js';
import { startNode, type KubernetesNode } from '../servers/node.js';
import { temporaryFolder } from '../servers/processes.js';
import { runCommand, startRole, type Environment, type RunningRole } from './roles.js';
import { clientObjects, job, serverObjects, type Names } from './workload.js';

interface Event {
  readonly id: string;
  readonly type: string;
  readonly category: string;
  readonly message: string;
  readonly timestamp: string;
  readonly entity: { readonly id: string };
}

interface Edge {
  readonly rule: string;
  readonly evidence: readonly string[];
  readonly lagMs: number;
  readonly from: Event;
  readonly to: Event;
}

interface Incident {
  readonly id: string;
  readonly status: string;
  readonly revision: number;
  readonly title: string;
  readonly rootCauses: readonly {
    readonly rank: number;
    readonly category: string;
    readonly event: Event;
    readonly entity: { readonly id: string; readonly kind: string };
  }[];
  readonly causalGraph: { readonly edges: readonly Edge[] };
}

const fields = `
  id status revision title
  rootCauses { rank category event { ...E } entity { id kind } }
  causalGraph { edges { rule evidence lagMs from { ...E } to { ...E } } }`;
const event = 'fragment E on Event { id type category message timestamp entity { id } }';

const cluster = 'e2e';
const names: Names = { namespace: 'tills', server: 'ledger', client: 'checkout' };
const { namespace, server, client } = names;

/** What an out-of-memory kill does, in the order in which it does it: what happens, and to whom. */
const links: readonly { readonly category: RegExp; readonly on: string }[] = [
  { category: /^container\.oom-killed$/, on: server },
  { category: /^container\.terminated$/, on: server },
  { category: /^container\.restarted$/, on: server },
  { category: /^service\.no-ready-endpoints$/, on: server },
  { category: /^call\./, on: client },
];

/** One step of a causal chain, in one form whether it came over the API or from the graph. */
interface Step {
  /** As cypher/explore/causal-chain writes it: category, and id of the entity. */
  readonly event: string;
  /** What led here; null for the root. */
  readonly edge: Pick<Edge, 'rule' | 'evidence' | 'lagMs'> | null;
}

describeWith(['node', 'ebpf', 'nats', 'neo4j'], 'a real node, watched by three processes over NATS and Neo4j', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let node: KubernetesNode;
  let nats: NatsServer;
  let neo4j: Neo4jServer;
  let env: Environment;
  let ingest: RunningRole;
  let api: RunningRole;
  const roles: RunningRole[] = [];
  let socket: Client;
  /** Why the subscription ended; null while it goes on. */
  let ended: unknown = null;
  /** What `incidentChanged` pushed, oldest first. */
  const changes: { readonly atMs: number; readonly incident: Incident }[] = [];
  let story: Incident;

  beforeAll(async () => {
    folder = temporaryFolder('throughline-e2e-');
    [node, nats, neo4j] = await Promise.all([startNode(), startNats(), startNeo4j()]);
    env = {
      CLUSTER_NAME: cluster,
      KUBECONFIG: node.kubeconfig,
      NODE_NAME: node.name,
      NATS_URL: nats.url,
      NEO4J_URL: neo4j.url,
      AGENT_POD_LOGS: node.podLogs,
      AGENT_SPOOL_PATH: join(folder.path, 'spool'),
    };
    ingest = await start('ingest');
    api = await start('api');
    await start('agent');
    socket = createClient({
      url: `${api.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    socket.subscribe<{ incidentChanged: { incident: Incident } }>(
      {
        query: `subscription { incidentChanged(filter: { cluster: "${cluster}" }) { incident { ${fields} } } } ${event}`,
      },
      {
        next: ({ data, errors }) => {
          if (data) changes.push({ atMs: Date.now(), incident: data.incidentChanged.incident });
          else ended = errors;
        },
        error: (error) => (ended = error),
        complete: () => (ended ??= 'the server completed it'),
      },
    );
    await node.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, ...serverObjects(names));
    await rolledOut(server);
    await node.apply(...clientObjects(names));
    await rolledOut(client);
  }, 400_000);

  afterAll(async () => {
    await socket?.dispose();
    await Promise.all(roles.map((role) => role.stop()));
    await Promise.all([node?.stop(), nats?.stop(), neo4j?.stop()]);
    folder.remove();
  }, 120_000);

  async function start(role: 'agent' | 'ingest' | 'api'): Promise<RunningRole> {
    const started = await startRole(role, { env, logFile: join(folder.path, `${role}.log`) });
    roles.push(started);
    return started;
  }

  async function rolledOut(deployment: string): Promise<void> {
    await node.kubectl('-n', namespace, 'rollout', 'status', `deployment/${deployment}`, '--timeout=90s');
  }

  /** Until the correlator has seen everything that happened before now, in event time. */
  async function everythingIsSeen(): Promise<void> {
    const now = Date.now();
    await until(async () => {
      const metrics = await (await fetch(`${ingest.url}/metrics`)).text();
      const seconds = /^throughline_watermark_seconds\{.*hop="correlate".*\} (\S+)$/m.exec(metrics)?.[1] ?? 0;
      return Number(seconds) * 1000 > now;
    });
  }

  /** All there are, but those of other nodes on this machine, whose containers nobody here knows: one kernel serves all of them. */
  async function incidents(): Promise<readonly Incident[]> {
    const query = `{ incidents(first: 50, filter: { cluster: "${cluster}" }) { edges { node { ${fields} } } } } ${event}`;
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${api.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
    const { data } = (await response.json()) as { data: { incidents: { edges: { node: Incident }[] } } };
    return data.incidents.edges.map((edge) => edge.node).filter(ours);
  }

  test('a rolling update and a Job that completes open no incident', async () => {
    await node.kubectl('-n', namespace, 'set', 'image', `deployment/${server}`, `${server}=docker.io/library/box:2`);
    await node.apply(job(namespace, 'count'));
    await rolledOut(server);
    await node.kubectl('-n', namespace, 'wait', '--for=condition=complete', 'job/count', '--timeout=60s');
    await everythingIsSeen();
    expect(await incidents()).toEqual([]);
  });

  test('an out-of-memory kill is pushed as an incident whose root is what the kernel saw', async () => {
    await node.kubectl('get', '--raw', `/api/v1/namespaces/${namespace}/services/${server}:8080/proxy/hoard`);
    await until(
      () => changes.some(({ incident }) => fullChains(incident).length > 0),
      () => JSON.stringify({ ended, changes }, null, 1),
    );
    const ourChanges = changes.filter(({ incident }) => ours(incident));
    story = ourChanges.findLast(({ incident }) => fullChains(incident).length > 0)!.incident;
    const [cause] = story.rootCauses;
    expect(cause).toMatchObject({
      rank: 1,
      category: 'container.oom-killed',
      entity: { id: `${cluster}/${namespace}/Deployment/${server}` },
      event: { type: 'ebpf', category: 'container.oom-killed' },
    });
    expect(ended).toBeNull();
    const seconds = (ourChanges[0]!.atMs - Date.parse(cause!.event.timestamp)) / 1000;
    process.stderr.write(`from the kill to the first push of its incident: ${seconds.toFixed(1)} s\n`);
  });

  test('its chain runs from the kernel over termination, restart and lost endpoint to the callers, each step with rule, evidence and lag', () => {
    for (const { edge } of fullChains(story)[0]!.slice(1)) {
      expect(edge!.rule).toMatch(/^[a-z-]+$/);
      expect(edge!.evidence.join('')).not.toBe('');
      expect(Number.isFinite(edge!.lagMs)).toBe(true);
    }
  });

  test('the same chain is what explore finds in Neo4j', async () => {
    // A newer revision may have been written since; then its push is on the way, too.
    await until(async () => {
      const output = await runCommand(['explore', 'causal-chain', '--param', `incidentId=${story.id}`, '--json'], env);
      const found = output.trim().split('\n').map(readChain).filter(hasEveryLink);
      const pushed = fullChains(changes.findLast(({ incident }) => incident.id === story.id)!.incident);
      return pushed.length > 0 && pushed.every((chain) => found.some((other) => isDeepStrictEqual(other, chain)));
    });
  });

  test('and that is the only incident there is', async () => {
    await everythingIsSeen();
    expect((await incidents()).map(({ id }) => id)).toEqual([story.id]);
    expect(
      new Set(
        changes
          .map(({ incident }) => incident)
          .filter(ours)
          .map(({ id }) => id),
      ),
    ).toEqual(new Set([story.id]));
  });
});

function ours({ rootCauses }: Incident): boolean {
  return !(rootCauses[0]?.event.type === 'ebpf' && rootCauses[0].entity.kind === 'Node');
}

/** Every link in its order, with whatever lies between. */
function hasEveryLink(chain: readonly Step[]): boolean {
  let at = 0;
  for (const { event } of chain) {
    const [category, entity] = event.split(' on ') as [string, string];
    const link = links[at];
    // A workload's own name, or that of its pod or container, which begins with it.
    if (link?.category.test(category) && entity.split('/')[3]!.split('-')[0] === link.on) at++;
  }
  return at === links.length;
}

function fullChains({ rootCauses, causalGraph }: Incident): Step[][] {
  return rootCauses.slice(0, 1).flatMap((cause) => chainsFrom(cause.event, causalGraph.edges).filter(hasEveryLink));
}

/** Every chain from the event to where it ends. */
function chainsFrom(
  { id, category, entity }: Event,
  edges: readonly Edge[],
  edge: Edge | null = null,
  before: readonly string[] = [],
): Step[][] {
  const step: Step = {
    event: `${category} on ${entity.id}`,
    edge: edge && { rule: edge.rule, evidence: edge.evidence, lagMs: edge.lagMs },
  };
  const onward = edges.filter(({ from, to }) => from.id === id && !before.includes(to.id));
  if (onward.length === 0) return [[step]];
  return onward.flatMap((next) => chainsFrom(next.to, edges, next, [...before, id]).map((rest) => [step, ...rest]));
}

/** A row of cypher/explore/causal-chain, as JSON. */
function readChain(line: string): Step[] {
  const { chain, edges } = JSON.parse(line) as { chain: string[]; edges: Edge[] };
  return chain.map((event, at) => {
    const edge = at === 0 ? null : edges[at - 1]!;
    return { event, edge: edge && { rule: edge.rule, evidence: edge.evidence, lagMs: edge.lagMs } };
  });
}

async function until(condition: () => boolean | Promise<boolean>, state = () => ''): Promise<void> {
  const deadline = Date.now() + 100_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it has not come to pass within 100 s ${state()}`);
    await delay(100);
  }
}
