import type { ComponentChildren, JSX } from 'preact';
import type { ApiFailure } from './ask.js';

export function Loading({ what }: { readonly what: string }): JSX.Element {
  return (
    <div class="state loading" role="status">
      <span class="bar" aria-hidden="true" />
      Loading {what} …
    </div>
  );
}

export function Failed({
  what,
  failure,
  again,
}: {
  readonly what: string;
  readonly failure: ApiFailure;
  readonly again: () => void;
}): JSX.Element {
  return (
    <div class="state failed" role="alert">
      <p>
        <strong>{what} cannot be shown.</strong> {failure.message}
      </p>
      <p class="fine">
        {failure.code}
        {failure.requestId !== null && <> · request {failure.requestId}, which the log of the server names too</>}
      </p>
      <button type="button" onClick={again}>
        Try again
      </button>
    </div>
  );
}

export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="state empty">
      <h1 tabIndex={-1}>{title}</h1>
      {children}
    </div>
  );
}
