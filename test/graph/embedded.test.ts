import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createIncidentStore } from '../../ingest/store.js';
import { createEmbeddedStore, translatedSchema } from '../../src/graph/embedded.js';
import { type GraphStore } from '../../src/graph/store.js';
import { temporaryFolder } from '../servers/processes.js';
import { ask, graphContract, openStatements, snapshot } from './contract.js';
import { retentionContract } from './retention.js';
import { wholeChange } from './story.js';

const log = pino({ level: 'silent' });

function embedded(path: string | null): GraphStore {
  return createEmbeddedStore({ path, statements: openStatements, log, registry: new Registry() });
}

async function started(graph: GraphStore): Promise<GraphStore> {
  await graph.start();
  return graph;
}

graphContract('Grafeo in memory', () => started(embedded(null)));
retentionContract('Grafeo in memory', () => started(embedded(null)));

describe('Grafeo on disk', () => {
  const folder = temporaryFolder();
  const place = (name: string) => join(folder.path, 'not', 'there', 'yet', name);
  let open: GraphStore[] = [];
  afterEach(async () => {
    for (const graph of open) await graph.stop();
    open = [];
  });
  const opened = async (name: string) => {
    const graph = await started(embedded(place(name)));
    open.push(graph);
    return graph;
  };
  const commit = (graph: GraphStore) =>
    createIncidentStore({ graph, log, registry: new Registry() }).commit(wholeChange());

  test('what was committed is there after it was closed and opened, and schema is not made twice', async () => {
    const graph = await opened('closed');
    await commit(graph);
    const before = await snapshot(graph);
    await graph.stop();
    const again = await opened('closed');
    expect(await snapshot(again)).toEqual(before);
    await commit(again);
    expect(await snapshot(again)).toEqual(before);
  });

  test('what was committed is there after its process was killed', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', writerThatNeverCloses, place('killed')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: import.meta.dirname,
    });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    expect(said.toString()).toContain('committed');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const graph = await opened('killed');
    expect(await ask(graph, 'MATCH (e:Event) RETURN count(e) AS n')).toEqual([{ n: 500 }]);
  });

  test('a file that is open elsewhere is named, with what to do', async () => {
    await opened('taken');
    await expect(embedded(place('taken')).start()).rejects.toMatchObject({
      code: 'GRAPH_UNAVAILABLE',
      message: expect.stringContaining('GRAPH_PATH') as unknown,
    });
  });
});

describe('the schema in Grafeo', () => {
  test('a constraint is looked up by an index, made before it', () => {
    expect(translatedSchema('CREATE CONSTRAINT event_id IF NOT EXISTS\nFOR (n:Event) REQUIRE n.id IS UNIQUE')).toEqual([
      'CREATE INDEX event_id_index IF NOT EXISTS FOR (n:Event) ON (n.id)',
      'CREATE CONSTRAINT event_id IF NOT EXISTS\nFOR (n:Event) REQUIRE n.id IS UNIQUE',
    ]);
  });

  test('an index on relationships is left out', () => {
    expect(translatedSchema('CREATE INDEX x IF NOT EXISTS\nFOR ()-[r:CAUSED]-() ON (r.rule)')).toEqual([]);
  });
});

const writerThatNeverCloses = `
  import grafeo from '@grafeo-db/js';
  import { mkdirSync } from 'node:fs';
  import { dirname } from 'node:path';
  mkdirSync(dirname(process.argv[1]), { recursive: true });
  const database = grafeo.GrafeoDB.create(process.argv[1]);
  const tx = database.beginTransaction();
  await tx.executeCypher('UNWIND range(1, 500) AS i CREATE (:Event {id: toString(i)})');
  tx.commit();
  const open = database.beginTransaction();
  await open.executeCypher("CREATE (:Event {id: 'never committed'})");
  console.log('committed');
  setInterval(() => database.nodeCount(), 1000);
`;
