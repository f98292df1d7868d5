import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { adjust, go, graphHref } from './address.js';
import { useAnswer } from './answers.js';
import { entityNames, type EntityNames } from './queries.js';

/** Letters from which on suggestions are asked for. */
const least = 2;

/** Chooses what the graph is drawn around, by a part of its name. */
export function EntityPicker({ value }: { readonly value: string }): JSX.Element {
  const [text, setText] = useState(value);
  const list = useId();
  const part = text.split('/').at(-1)!;
  const { data } = useAnswer<EntityNames>(entityNames, {
    filter: part.length < least ? { kind: 'Node' } : { text: part },
  });
  const ids = (data?.entities.edges ?? []).map(({ node }) => node.id);
  const choose = (id: string): void => {
    setText(id);
    if (!ids.includes(id) || id === value) return;
    if (value === '') go(graphHref(id));
    else adjust({ entity: id });
  };
  return (
    <form
      class="entity-picker"
      onSubmit={(event) => {
        event.preventDefault();
        const [first] = ids;
        if (first !== undefined) choose(ids.includes(text) ? text : first);
      }}
    >
      <label>
        Around{' '}
        <input
          type="search"
          list={list}
          value={text}
          placeholder="name of anything in the cluster"
          onInput={(event) => choose(event.currentTarget.value)}
        />
      </label>
      <datalist id={list}>
        {ids.map((id) => (
          <option key={id} value={id} />
        ))}
      </datalist>
    </form>
  );
}
