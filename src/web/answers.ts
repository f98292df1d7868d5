import { useEffect, useState } from 'preact/hooks';
import { ApiFailure, ask } from './ask.js';

export interface AnswerState<Data> {
  /** What was last answered, also while it is asked again or after that failed. */
  readonly data: Data | null;
  readonly failure: ApiFailure | null;
  readonly asking: boolean;
  readonly again: () => void;
}

/**
 * The answer to an operation. Asked again when the variables change, or `version`, which stands for what the answer depends on beside
 * them. Answers of other variables are not shown meanwhile; answers that come too late are dropped.
 */
export function useAnswer<Data>(query: string, variables: object, version: unknown = null): AnswerState<Data> {
  const key = JSON.stringify(variables);
  const [state, setState] = useState<{ key: string; data: Data | null; failure: ApiFailure | null; asking: boolean }>({
    key,
    data: null,
    failure: null,
    asking: true,
  });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let current = true;
    setState((before) => ({ key, data: before.key === key ? before.data : null, failure: null, asking: true }));
    ask<Data>(query, JSON.parse(key) as object).then(
      (data) => current && setState({ key, data, failure: null, asking: false }),
      (error: unknown) => {
        if (!current) return;
        if (!(error instanceof ApiFailure)) throw error;
        setState((before) => ({ ...before, failure: error, asking: false }));
      },
    );
    return () => {
      current = false;
    };
  }, [query, key, version, attempt]);
  const ours = state.key === key;
  return {
    data: ours ? state.data : null,
    failure: ours ? state.failure : null,
    asking: !ours || state.asking,
    again: () => setAttempt((count) => count + 1),
  };
}
