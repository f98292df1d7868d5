import { type Logger } from 'pino';
import { type Registry } from 'prom-client';
import { createEmbeddedStore } from './embedded.js';
import { createNeo4jStore, type Neo4jOptions } from './neo4j.js';
import { loadStatements } from './statements.js';
import { type GraphStore } from './store.js';

export interface GraphDependencies {
  /** As in Config: `graph.store`, `graph.path`, and the section `neo4j`, which the embedded store does not look at. */
  readonly config: {
    readonly graph: { readonly store: GraphStore['kind']; readonly path: string | null };
    readonly neo4j: Neo4jOptions;
  };
  readonly log: Logger;
  readonly registry: Registry;
}

/** The store that the configuration asks for, not started. */
export function createGraphStore({ config, log, registry }: GraphDependencies): GraphStore {
  const statements = loadStatements();
  return config.graph.store === 'neo4j'
    ? createNeo4jStore({ options: config.neo4j, statements, log, registry })
    : createEmbeddedStore({ path: config.graph.path, statements, log, registry });
}
