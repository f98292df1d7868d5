import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ThroughlineError } from '../errors.js';
import type { OperationOutcome } from './metrics.js';

/**
 * Every code a client of the API can meet, in `extensions.code` or in the reason of a closed WebSocket. docs/api.md says what to do
 * about each; a test keeps the two in step. Codes of src/errors.ts (GRAPH_UNAVAILABLE, TRANSPORT_UNAVAILABLE) appear as they are.
 */
export const apiErrorCodes = [
  'BAD_USER_INPUT',
  'NOT_FOUND',
  'PAGE_TOO_LARGE',
  'CURSOR_INVALID',
  'CURSOR_EXPIRED',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'QUERY_TOO_MANY_TOKENS',
  'QUERY_TOO_DEEP',
  'QUERY_TOO_MANY_ALIASES',
  'QUERY_TOO_MANY_DIRECTIVES',
  'QUERY_TOO_COSTLY',
  'REQUEST_TOO_LARGE',
  'BAD_REQUEST',
  'TOO_MANY_SUBSCRIPTIONS',
  'SUBSCRIPTION_OVERFLOW',
  'INTERNAL_SERVER_ERROR',
] as const;
export type ApiErrorCode = (typeof apiErrorCodes)[number];

export interface ApiErrorOptions {
  /** Status of the HTTP response when the whole request is refused; without it, errors of fields come with 200. */
  readonly httpStatus?: number;
}

export function apiError(code: ApiErrorCode, message: string, { httpStatus }: ApiErrorOptions = {}): GraphQLError {
  return new GraphQLError(message, {
    extensions: { code, ...(httpStatus === undefined ? {} : { http: { status: httpStatus } }) },
  });
}

export interface FormattedError {
  readonly formatted: GraphQLFormattedError;
  /** Set when the fault is not the client's: what belongs in the log, and nowhere else. */
  readonly internal: Error | null;
}

/**
 * What a client may see of an error: message, place and code; never a stack trace, never the text of an error that nobody has written
 * for clients. Those are in the log, under the request id of the response.
 */
export function formatApiError(error: unknown): FormattedError {
  if (!(error instanceof GraphQLError)) return internalError(new GraphQLError('Internal error'), error);
  const cause = causeOf(error);
  if (cause instanceof ThroughlineError) {
    return { formatted: formatted(error, cause.message, cause.code), internal: cause };
  }
  if (!(cause instanceof GraphQLError)) return internalError(error, cause);
  // Without a code it was raised by graphql-js: while it read variables or arguments, which have a place in the document, or while it
  // wrote an answer that does not fit the schema.
  if (error.path && !cause.nodes && !cause.extensions['code']) return internalError(error, cause);
  const code = cause.extensions['code'] ?? error.extensions['code'];
  return {
    formatted: formatted(error, error.message, typeof code === 'string' ? recoded(code, error) : 'BAD_USER_INPUT'),
    internal: null,
  };
}

/** How an operation with these errors counts: a client's mistakes are not our failures. */
export function outcomeOf(errors: readonly GraphQLError[] | undefined): OperationOutcome {
  if (!errors || errors.length === 0) return 'ok';
  return errors.some((error) => formatApiError(error).internal !== null) ? 'failed' : 'refused';
}

/** graphql-js and Apollo wrap what a resolver or a rule has thrown, more than once. */
function causeOf(error: GraphQLError): Error {
  let cause: Error = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

/** The parser's token limit is a plain syntax error; it is told apart by its wording. */
function recoded(code: string, error: GraphQLError): string {
  return code === 'GRAPHQL_PARSE_FAILED' && error.message.includes('Parsing aborted') ? 'QUERY_TOO_MANY_TOKENS' : code;
}

function formatted(error: GraphQLError, message: string, code: string): GraphQLFormattedError {
  return {
    message,
    ...(error.locations ? { locations: error.locations } : {}),
    ...(error.path ? { path: error.path } : {}),
    extensions: { code },
  };
}

function internalError(error: GraphQLError, cause: unknown): FormattedError {
  const message = 'The server failed to answer; its log has the reason under the request id of this response.';
  return {
    formatted: formatted(error, message, 'INTERNAL_SERVER_ERROR'),
    internal: cause instanceof Error ? cause : new Error(String(cause)),
  };
}
