import { printSchema } from 'graphql';
import { createSchema } from './schema.js';

/** `node dist/schema/print.js > schema/schema.graphql`, after a change of the schema. */
process.stdout.write(`${printSchema(await createSchema())}\n`);
