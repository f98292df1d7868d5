import 'reflect-metadata';
import { createPubSub } from '@graphql-yoga/subscription';
import type { GraphQLSchema } from 'graphql';
import { buildSchema } from 'type-graphql';
import { EntityResolver } from './entity-resolver.js';
import { EventResolver } from './event-resolver.js';
import { CausalEdgeResolver, GraphResolver } from './graph-resolver.js';
import { IncidentResolver } from './incident-resolver.js';
import { ResultResolver } from './result-resolver.js';
import { RootCauseResolver } from './root-cause-resolver.js';
import { StatusResolver } from './status-resolver.js';

/** The contract of schema.graphql with its resolvers, which want an ApiContext. */
export function createSchema(): Promise<GraphQLSchema> {
  return buildSchema({
    resolvers: [
      IncidentResolver,
      RootCauseResolver,
      EventResolver,
      EntityResolver,
      CausalEdgeResolver,
      GraphResolver,
      StatusResolver,
      ResultResolver,
    ],
    validate: false,
    // type-graphql wants one as soon as there is a subscription; ours bring their own source and never ask it.
    pubSub: createPubSub(),
  });
}
