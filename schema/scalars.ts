import { GraphQLScalarType, Kind } from 'graphql';
import { canonicalTimestamp } from '../src/model/time.js';
import { apiError } from '../src/api/errors.js';

/** Kept as text from end to end: a JavaScript Date would drop the nanoseconds that order kernel events. */
export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description:
    'RFC 3339 time. Answers are in UTC with nine fractional digits, so that they sort as text; arguments may have any offset and precision.',
  serialize: (value) => String(value),
  parseValue: parse,
  parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : null),
});

function parse(value: unknown): string {
  const canonical = typeof value === 'string' ? canonicalTimestamp(value) : null;
  if (canonical === null)
    throw apiError('BAD_USER_INPUT', 'DateTime takes an RFC 3339 time, such as 2026-11-24T17:30:00Z.');
  return canonical;
}

/** graphql's own Int ends at 2^31, which counters of events pass. */
export { GraphQLSafeInt as SafeInt } from 'graphql-scalars';
