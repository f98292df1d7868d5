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

const durationForm = /^P(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** ISO 8601 of days and less: months and years have no fixed length. */
export const Duration = new GraphQLScalarType<string, string>({
  name: 'Duration',
  description: 'ISO 8601 duration of days, hours, minutes and seconds: `PT30M`, `P1DT12H`.',
  serialize: (value) => String(value),
  parseValue: parseDuration,
  parseLiteral: (node) => parseDuration(node.kind === Kind.STRING ? node.value : null),
});

function parseDuration(value: unknown): string {
  if (typeof value !== 'string' || !durationForm.test(value))
    throw apiError('BAD_USER_INPUT', 'Duration takes an ISO 8601 duration of days and less, such as PT30M or P1DT12H.');
  return value;
}

/** Milliseconds of a {@link Duration}. */
export function durationMs(duration: string): number {
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = durationForm
    .exec(duration)!
    .map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

/** graphql's own Int ends at 2^31, which counters of events pass. */
export { GraphQLSafeInt as SafeInt } from 'graphql-scalars';
