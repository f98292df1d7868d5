import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { apiError, apiErrorCodes, formatApiError, outcomeOf } from '../../src/api/errors.js';
import { packageRoot } from '../../src/config/package-root.js';
import { ThroughlineError } from '../../src/errors.js';

const wrapped = (originalError: Error) =>
  new GraphQLError(originalError.message, { path: ['incident'], originalError });

describe('errors of the API', () => {
  test('docs/api.md says what each code means and what to do, and knows no others', () => {
    const page = readFileSync(join(packageRoot(), 'docs', 'api.md'), 'utf8');
    const table = page.slice(page.indexOf('## Errors'));
    const documented = [...table.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code);
    expect(documented.sort()).toEqual([...apiErrorCodes].sort());
  });

  test('keep the code and message that were written for clients, however often they were wrapped', () => {
    const error = wrapped(wrapped(apiError('PAGE_TOO_LARGE', 'too large')));
    expect(formatApiError(error)).toEqual({
      formatted: { message: 'too large', path: ['incident'], extensions: { code: 'PAGE_TOO_LARGE' } },
      internal: null,
    });
    expect(outcomeOf([error])).toBe('refused');
  });

  test('of a store that is away carry its code, and count as our failure', () => {
    const cause = new ThroughlineError('GRAPH_UNAVAILABLE', 'the graph does not answer');
    expect(formatApiError(wrapped(cause))).toMatchObject({
      formatted: { extensions: { code: 'GRAPH_UNAVAILABLE' } },
      internal: cause,
    });
    expect(outcomeOf([wrapped(cause)])).toBe('failed');
  });

  test('that nobody has written for clients show neither text nor stack', () => {
    const cause = new TypeError('x is not a function');
    const { formatted, internal } = formatApiError(wrapped(cause));
    expect(internal).toBe(cause);
    expect(JSON.stringify(formatted)).not.toMatch(/function|stack/);
    expect(formatted.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR' });
  });

  test('without a code are the client’s when they have a place in the document, ours when an answer did not fit the schema', () => {
    expect(formatApiError(new GraphQLError('Variable "$x" got an invalid value')).formatted.extensions).toEqual({
      code: 'BAD_USER_INPUT',
    });
    const unfit = wrapped(new GraphQLError('Enum "Severity" cannot represent value: "LOUD"'));
    expect(formatApiError(unfit).formatted.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR' });
  });
});
