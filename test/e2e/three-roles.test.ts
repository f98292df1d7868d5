import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { describeWith } from '../servers/availability.js';
import { startNeo4j, type Neo4jServer } from '../servers/neo4j.js';
import { temporaryFolder } from '../servers/processes.js';
import {
  openGraph,
  recordingPath,
  recordings,
  replayAlone,
  resultsOf,
  startPipeline,
  type Pipeline,
} from './pipeline.js';
import { startRole, type RunningRole } from './roles.js';

const query = `{ incidents(first: 50) { edges { node {
  id revision status severity title summary rootCause recommendation confidence category openedAt updatedAt resolvedAt traceId
  rootCauses { rank confidence category whyNot event { id } entity { id } }
  causalGraph { edges { rule confidence temporal spatial causal semantic lagMs evidence from { id } to { id } } }
} } } }`;

interface Node {
  readonly id: string;
  readonly causalGraph: { readonly edges: readonly object[] };
}

interface Answer {
  readonly errors?: unknown;
  readonly data: { readonly incidents: { readonly edges: readonly { readonly node: Node }[] } };
}

function sortedLines(edges: readonly object[]): string[] {
  return edges.map((edge) => JSON.stringify(edge)).sort();
}

describeWith(['nats', 'neo4j'], 'three roles in three processes, over NATS and Neo4j', () => {
  const folder = temporaryFolder('throughline-three-roles-');
  let neo4j: Neo4jServer;
  let pipeline: Pipeline | null = null;
  let api: RunningRole | null = null;

  beforeAll(async () => {
    neo4j = await startNeo4j();
  });
  beforeEach(async () => {
    const graph = openGraph(neo4j.url);
    await graph.empty();
    await graph.close();
  });
  afterEach(async () => {
    await api?.stop();
    await pipeline?.stop();
    api = null;
    pipeline = null;
  });
  afterAll(async () => {
    await neo4j?.stop();
    folder.remove();
  });

  test.each(recordings)('%s gives the same incidents, byte for byte, as one process', async (name) => {
    const file = recordingPath(name);
    pipeline = await startPipeline({ neo4jUrl: neo4j.url, logFolder: folder.path, file });
    api = await startRole('api', { env: pipeline.env, logFile: join(folder.path, 'api.log') });
    const alone = await replayAlone([file]);
    expect(alone).not.toBe('');

    expect(await pipeline.replay([file])).toBe(alone);

    const told = resultsOf(alone).filter(({ mergedInto }) => mergedInto === null);
    const response = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const { errors, data } = (await response.json()) as Answer;
    expect(errors).toBeUndefined();
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    const answered = data.incidents.edges
      .map(({ node }) => ({ ...node, causalGraph: sortedLines(node.causalGraph.edges) }))
      .sort(byId);
    expect(answered).toEqual(
      told
        .map((result) => ({
          id: result.incidentId,
          revision: result.revision,
          status: result.status,
          severity: result.severity,
          title: result.title,
          summary: result.summary,
          rootCause: result.rootCause,
          recommendation: result.recommendation,
          confidence: result.confidence,
          category: result.category,
          openedAt: result.openedAt,
          updatedAt: result.updatedAt,
          resolvedAt: result.resolvedAt,
          traceId: result.traceId,
          rootCauses: result.rootCauses.map(({ rank, confidence, category, whyNot, eventId, entity }) => ({
            rank,
            confidence,
            category,
            whyNot,
            event: { id: eventId },
            entity: { id: entity.id },
          })),
          causalGraph: sortedLines(
            result.edges.map(
              ({ rule, confidence, temporal, spatial, causal, semantic, lagMs, evidence, from, to }) => ({
                rule,
                confidence,
                temporal,
                spatial,
                causal,
                semantic,
                lagMs,
                evidence,
                from: { id: from },
                to: { id: to },
              }),
            ),
          ),
        }))
        .sort(byId),
    );
  });
});
