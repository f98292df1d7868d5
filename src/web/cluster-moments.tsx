import type { JSX } from 'preact';
import type { Happening } from './cluster-then.js';
import { clockTime } from './moments.js';

const words: Readonly<Record<Happening['kind'], string>> = {
  fails: 'fails',
  heals: 'heals',
  appears: 'new',
  goes: 'gone',
  changes: 'changed',
};

/** The last that happened before the moment of the slider, newest first. */
export function ClusterMoments({ happenings }: { readonly happenings: readonly Happening[] }): JSX.Element {
  return (
    <>
      <h3>Just before</h3>
      {happenings.length === 0 && <p class="fine">Nothing in this range.</p>}
      <ol class="just-before">
        {happenings.map(({ ms, kind, text }) => (
          <li key={`${ms} ${text}`}>
            <span class={`happening ${kind}`}>{words[kind]}</span>
            <time dateTime={new Date(ms).toISOString()}>{clockTime(new Date(ms).toISOString(), ms)}</time>
            <span>{text}</span>
          </li>
        ))}
      </ol>
    </>
  );
}
