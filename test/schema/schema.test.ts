import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isSpecifiedScalarType,
  printSchema,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';
import { createSchema } from '../../schema/schema.js';
import { packageRoot } from '../../src/config/package-root.js';

describe('the GraphQL schema', () => {
  let schema: GraphQLSchema;
  beforeAll(async () => {
    schema = await createSchema();
  });

  test('is what schema/schema.graphql says; after a change: npm run build && node dist/schema/print.js > schema/schema.graphql', () => {
    const written = buildSchema(readFileSync(join(packageRoot(), 'schema', 'schema.graphql'), 'utf8'));
    expect(printSchema(written)).toBe(printSchema(schema));
  });

  test('says of every type, field and argument what it is', () => {
    const named = Object.values(schema.getTypeMap()).filter(
      (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
    );
    const selfEvident = new Set(['id', 'filter', 'orderBy']);
    const mute = named.flatMap((type) => {
      const fields = namedFields(type);
      const ownArguments = isObjectType(type)
        ? Object.values(type.getFields()).flatMap((field) =>
            field.args
              .filter(({ name }) => !selfEvident.has(name))
              .map(({ name, description }) => ({ name: `${field.name}.${name}`, description })),
          )
        : [];
      const root = type === schema.getQueryType() || type === schema.getSubscriptionType();
      return [
        ...(type.description || root ? [] : [type.name]),
        ...[...fields, ...ownArguments]
          .filter(({ description }) => !description)
          .map(({ name }) => `${type.name}.${name}`),
      ];
    });
    expect(mute).toEqual([]);
  });

  test('has the names that tools rely on', () => {
    const fieldsOf = (name: string) => {
      const fields = namedFields(schema.getType(name));
      return fields.map((field) => `${field.name}: ${String(field.type)}`);
    };
    const valuesOf = (name: string) => {
      const type = schema.getType(name);
      return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
    };
    expect(fieldsOf('Incident')).toEqual(
      expect.arrayContaining([
        'id: ID!',
        'status: IncidentStatus!',
        'severity: Severity!',
        'title: String!',
        'summary: String!',
        'rootCause: String!',
        'recommendation: String!',
        'confidence: Float!',
        'revision: Int!',
        'openedAt: DateTime!',
        'updatedAt: DateTime!',
        'resolvedAt: DateTime',
        'traceId: String',
        'cluster: String!',
        'namespaces: [String!]!',
        'rootCauseEntity: Entity',
        'rootCauses: [RootCause!]!',
        'affected: [Affected!]!',
        'events: EventConnection!',
        'causalGraph: CausalGraph!',
        'contradictions: [Evidence!]!',
        'sourceHealth: [SourceHealth!]!',
        'timeline: [TimelineEntry!]!',
        'annotations: [Annotation!]!',
      ]),
    );
    expect(fieldsOf('RootCause')).toEqual(
      expect.arrayContaining([
        'rank: Int!',
        'confidence: Float!',
        'category: String!',
        'event: Event!',
        'entity: Entity!',
        'evidence: [Evidence!]!',
        'whyNot: String',
      ]),
    );
    expect(fieldsOf('IncidentFilter')).toEqual([
      'since: DateTime',
      'until: DateTime',
      'cluster: String',
      'namespace: String',
      'status: [IncidentStatus!]',
      'severity: [Severity!]',
      'category: String',
      'entity: ID',
      'text: String',
    ]);
    expect(fieldsOf('Query')).toEqual(
      expect.arrayContaining([
        'incident: Incident',
        'incidents: IncidentConnection!',
        'rootCauses: RootCauseConnection!',
        'event: Event',
        'events: EventConnection!',
        'entity: Entity',
        'entities: EntityConnection!',
        'causalChain: CausalGraph!',
        'topology: Topology!',
        'stats: Stats!',
        'sourceHealth: [SourceHealth!]!',
      ]),
    );
    expect(fieldsOf('Subscription')).toEqual(
      expect.arrayContaining(['correlationResults: CorrelationResultEvent!', 'incidentChanged: IncidentEvent!']),
    );
    expect(valuesOf('IncidentStatus')).toEqual(['OPEN', 'ACKNOWLEDGED', 'RESOLVED']);
    expect(valuesOf('Severity')).toEqual(['INFO', 'WARNING', 'ERROR', 'CRITICAL']);
  });
});

function namedFields(type: GraphQLNamedType | undefined) {
  if (isObjectType(type))
    return Object.values(type.getFields()).map(({ name, description, type: of }) => ({ name, description, type: of }));
  if (!isInputObjectType(type)) return [];
  return Object.values(type.getFields()).map(({ name, description, type: of }) => ({ name, description, type: of }));
}
