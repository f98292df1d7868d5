import { expect, test } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/package-root.js';
import * as queries from '../../src/web/queries.js';

test('every operation of the page is one that the published schema answers', () => {
  const schema = buildSchema(readFileSync(join(packageRoot(), 'schema', 'schema.graphql'), 'utf8'));
  const documents = Object.entries(queries);
  expect(documents.length).toBeGreaterThan(6);
  for (const [name, document] of documents)
    expect([name, validate(schema, parse(document)).map(({ message }) => message)]).toEqual([name, []]);
});
