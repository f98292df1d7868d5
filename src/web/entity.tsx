import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { graphHref } from './address.js';
import { useAnswer } from './answers.js';
import { EventLine } from './chain.js';
import { IncidentRowItem } from './incident-row.js';
import { ChangesAndReach } from './entity-questions.js';
import { incidents } from './incidents.js';
import { EntityLink, Moment } from './marks.js';
import {
  entityPage,
  topology,
  type Attribute,
  type EntityPage,
  type EntityState,
  type Topology,
  type TopologyAnswer,
  type TopologyRelation,
} from './queries.js';
import { Empty, Failed, Loading } from './states.js';
import { counted, relationWords } from './words.js';

/** One thing of the cluster: its incidents, what changed, what happened, what it hangs together with, what is known of it. */
export function EntityView({ id }: { readonly id: string }): JSX.Element {
  const { data, failure, again } = useAnswer<EntityPage>(entityPage, { id }, incidents.value);
  if (data?.entity) return <Known key={id} entity={data.entity} page={data} />;
  if (data) {
    return (
      <Empty title="Nothing is known of this">
        <p>There is no entity {id}. It may have been removed since the link was made.</p>
        <a href="/">To what is broken now</a>
      </Empty>
    );
  }
  if (failure) return <Failed what="This entity" failure={failure} again={again} />;
  return <Loading what="what is known of it" />;
}

function Known({ entity, page }: { readonly entity: EntityState; readonly page: EntityPage }): JSX.Element {
  const events = page.events.edges.map(({ node }) => node);
  const others = events.filter(({ category }) => !category.startsWith('change.'));
  const last = page.incidents.edges[0]?.node;
  return (
    <div class="entity-view">
      <p class="back">
        <a href="/">Now</a> · {entity.cluster}
        {entity.namespace !== null && <> · {entity.namespace}</>}
      </p>
      <h1 tabIndex={-1}>
        <span class="entity-kind">{entity.kind}</span> {entity.name}
      </h1>
      <p class="entity-facts">
        {entity.createdAt !== null && (
          <span>
            created <Moment time={entity.createdAt} />
          </span>
        )}
        {entity.deletedAt !== null && (
          <span>
            deleted <Moment time={entity.deletedAt} />
          </span>
        )}
        <span>
          <a href={graphHref(entity.id)}>Show in the graph</a>
        </span>
      </p>
      <section aria-labelledby="its-incidents">
        <h2 id="its-incidents">{counted(page.incidents.totalCount, 'incident')}</h2>
        {page.incidents.edges.length > 0 && (
          <ol class="incidents">
            {page.incidents.edges.map(({ node }) => (
              <IncidentRowItem key={node.id} row={node} />
            ))}
          </ol>
        )}
      </section>
      <div class="pair">
        <div>
          <ChangesAndReach id={entity.id} before={last?.openedAt ?? null} />
          <section class="panel" aria-labelledby="happened">
            <h2 id="happened">What happened</h2>
            {others.length === 0 ? (
              <p>Nothing was seen on it.</p>
            ) : (
              <ul class="event-list">
                {others.map((event) => (
                  <EventLine key={event.id} event={event} />
                ))}
              </ul>
            )}
            {page.events.totalCount > events.length && (
              <p class="fine">
                The last {events.length} of {counted(page.events.totalCount, 'event')}.
              </p>
            )}
          </section>
        </div>
        <div>
          <Neighbours id={entity.id} />
          <section class="panel" aria-labelledby="known">
            <h2 id="known">What is known of it</h2>
            <Attributes attributes={[{ name: 'id', value: entity.id }, ...entity.facts]} />
            {entity.labels.length > 0 && (
              <>
                <h3>Labels</h3>
                <Attributes attributes={entity.labels} />
              </>
            )}
          </section>
        </div>
      </div>
    </div>
  );
}

function Attributes({ attributes }: { readonly attributes: readonly Attribute[] }): JSX.Element {
  return (
    <dl class="attributes">
      {attributes.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Relations of one type shown at once. */
const atOnce = 8;

function Neighbours({ id }: { readonly id: string }): JSX.Element | null {
  const { data, failure, again } = useAnswer<TopologyAnswer>(topology, { entity: id, depth: 1 });
  if (failure?.code === 'NOT_FOUND') return null;
  if (failure) return <Failed what="What it hangs together with" failure={failure} again={again} />;
  if (!data) return <Loading what="what it hangs together with" />;
  const { relations, nodes } = data.topology;
  const groups = new Map<string, TopologyRelation[]>();
  for (const relation of relations) {
    if (relation.from !== id && relation.to !== id) continue;
    const words = relation.from === id ? relationWords(relation.type) : `it ${relationWords(relation.type, true)}`;
    groups.set(words, [...(groups.get(words) ?? []), relation]);
  }
  return (
    <section class="panel" aria-labelledby="neighbours">
      <h2 id="neighbours">What it hangs together with</h2>
      {groups.size === 0 && <p>Nothing is known.</p>}
      {[...groups].map(([words, those]) => (
        <NeighbourGroup key={words} words={words} id={id} relations={those} nodes={nodes} />
      ))}
    </section>
  );
}

interface NeighbourGroupProperties {
  readonly words: string;
  readonly id: string;
  readonly relations: readonly TopologyRelation[];
  readonly nodes: Topology['nodes'];
}

function NeighbourGroup({ words, id, relations, nodes }: NeighbourGroupProperties): JSX.Element {
  const [all, setAll] = useState(false);
  const others = relations.map(({ from, to }) => nodes.find((node) => node.id === (from === id ? to : from)));
  const known = others.filter((node) => node !== undefined);
  return (
    <div class="neighbours">
      <h3>{words}</h3>
      <ul>
        {(all ? known : known.slice(0, atOnce)).map((node) => (
          <li key={node.id}>
            <EntityLink entity={node} />
          </li>
        ))}
      </ul>
      {known.length > atOnce && !all && (
        <button type="button" class="link" onClick={() => setAll(true)}>
          and {known.length - atOnce} more
        </button>
      )}
    </div>
  );
}
