/** What the API refused or could not do; `code` is one of docs/api.md, or NETWORK when no answer came. */
export class ApiFailure extends Error {
  readonly code: string;
  readonly requestId: string | null;

  constructor(code: string, message: string, requestId: string | null, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiFailure';
    this.code = code;
    this.requestId = requestId;
  }
}

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

const patienceMs = 20_000;

/** One operation over HTTP. Fails with ApiFailure, also when the answer is not one of a GraphQL server. */
export async function ask<Data>(query: string, variables: object = {}): Promise<Data> {
  let response: Response;
  try {
    response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(patienceMs),
    });
  } catch (cause) {
    throw new ApiFailure('NETWORK', 'The server does not answer.', null, { cause });
  }
  const requestId = response.headers.get('x-request-id');
  let answer: Answer<Data>;
  try {
    answer = (await response.json()) as Answer<Data>;
  } catch (cause) {
    throw new ApiFailure('NETWORK', `The server answered with status ${response.status}.`, requestId, { cause });
  }
  const [error] = answer.errors ?? [];
  if (error) throw new ApiFailure(error.extensions?.code ?? 'INTERNAL_SERVER_ERROR', error.message, requestId);
  if (!answer.data) throw new ApiFailure('INTERNAL_SERVER_ERROR', 'The answer is empty.', requestId);
  return answer.data;
}
