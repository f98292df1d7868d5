import { Registry } from 'prom-client';
import { createEmbeddedStore } from '../../src/graph/embedded.js';
import { createNeo4jStore } from '../../src/graph/neo4j.js';
import { loadStatements } from '../../src/graph/statements.js';
import type { MemoryTransportOptions } from '../../src/transport/memory.js';
import { createTransport } from '../../src/transport/create.js';
import { startNats, type NatsServer } from '../servers/nats.js';
import { startNeo4j, type Neo4jServer } from '../servers/neo4j.js';
import { silent, type Stores } from './harness.js';

export type OpenStores = Stores & { close(): Promise<void> };

/** The stores of `throughline up`, in memory. */
export async function memoryStores(memory: MemoryTransportOptions = {}): Promise<OpenStores> {
  const registry = new Registry();
  const graph = createEmbeddedStore({ path: null, statements: loadStatements(), log: silent, registry });
  const transport = createTransport({ kind: 'memory', memory }, { log: silent, registry });
  return opened({ graph, transport });
}

/** Real Neo4j and real NATS, of this suite alone. */
export async function serverStores(): Promise<OpenStores & { readonly neo4j: Neo4jServer; readonly nats: NatsServer }> {
  const registry = new Registry();
  const [neo4j, nats] = await Promise.all([startNeo4j(), startNats()]);
  const options = { url: neo4j.url, user: 'neo4j', password: null, database: 'neo4j', patienceMs: 2_000 };
  const graph = createNeo4jStore({ options, statements: loadStatements(), log: silent, registry });
  const transport = createTransport(
    { kind: 'nats', nats: { url: nats.url, stream: 'TAPIO_EVENTS' } },
    { log: silent, registry },
  );
  const stores = await opened({ graph, transport });
  return {
    ...stores,
    neo4j,
    nats,
    async close() {
      await stores.close();
      await Promise.all([neo4j.stop(), nats.stop()]);
    },
  };
}

async function opened(stores: Stores): Promise<OpenStores> {
  await stores.graph.start();
  await stores.transport.start();
  return {
    ...stores,
    async close() {
      await stores.transport.stop();
      await stores.graph.stop();
    },
  };
}
