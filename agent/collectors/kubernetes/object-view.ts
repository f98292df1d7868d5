import { hash } from 'node:crypto';
import type { Logger } from 'pino';
import type { FieldChange, KubernetesObject, KubernetesObservation } from '../../../src/model/payloads.js';
import type { Redactor } from '../../redaction.js';
import { fieldChanges } from './changes.js';
import { coreEvent } from './events.js';
import type { CollectorMetrics } from './metrics.js';
import type { ObjectSink } from './reflector.js';
import type { Resource } from './resources.js';
import { fieldManager, prune, publishable, type ServedObject } from './trim.js';

/** What is known of the objects of one collection, and what of each new sight of them is worth saying. */
export interface ObjectView extends ObjectSink {
  /** The whole kind is gone (its definition was removed): says so of every object that is left. */
  vanish(): void;
  size(): number;
  /** Objects that could not be taken in, because of a defect here. */
  lost(): number;
}

export interface ObjectViewOptions {
  readonly resource: Resource;
  readonly publish: (observation: KubernetesObservation) => void;
  /** Every sight of an object as served, before it is judged: definitions and leases have readers of their own. */
  readonly onServed?: (type: 'SEEN' | 'DELETED', object: ServedObject) => void;
  readonly redactor: Redactor;
  readonly log: Logger;
  readonly metrics: CollectorMetrics;
}

/** Kept per object: the texts are one flat string each, a fraction of what the parsed object takes on the heap. */
interface Known {
  readonly uid: string;
  readonly resourceVersion: string;
  /** JSON of what changes are computed from, and what is told of an object whose deletion was missed. */
  readonly kept: string;
  /** Hash of everything else that matters. */
  readonly rest: string;
  /** Number of the last list that had it. */
  list: number;
}

export function createObjectView(options: ObjectViewOptions): ObjectView {
  const { resource, redactor, log, metrics } = options;
  const objects = new Map<string, Known>();
  let listNumber = 0;
  let synced = false;
  let lost = 0;

  function observe(
    action: KubernetesObservation['action'],
    pruned: KubernetesObject,
    changes: readonly FieldChange[],
    changedBy: string | null,
  ): void {
    options.publish({
      kind: resource.kind.toLowerCase(),
      action,
      object: publishable(pruned, redactor),
      changes,
      changedBy,
    });
  }

  /** An object is there in this state: by a list, or by a watch that says ADDED or MODIFIED (after a resumed watch, either may be said of a known one). */
  function there(object: ServedObject): void {
    options.onServed?.('SEEN', object);
    const key = keyOf(object);
    const { uid = '', resourceVersion = '' } = object.metadata;
    let before = objects.get(key);
    if (before !== undefined && before.uid !== uid) {
      // Deleted and created anew under the same name while nobody watched.
      gone(key, before);
      before = undefined;
    }
    // Before anything can fail: an object that is not understood is still there.
    if (before !== undefined) before.list = listNumber;
    if (before?.resourceVersion === resourceVersion) return;
    const pruned = prune(object, resource);
    const after = { uid, resourceVersion, ...split(pruned, resource), list: listNumber };
    objects.set(key, after);
    if (before === undefined) return observe(synced ? 'ADDED' : 'SYNC', pruned, [], fieldManager(object));
    if (before.kept === after.kept && before.rest === after.rest)
      return metrics.unpublished.inc({ reason: 'heartbeat' });
    const changes =
      resource.changes === 'none' || before.kept === after.kept
        ? []
        : fieldChanges(JSON.parse(before.kept) as KubernetesObject, pruned, redactor);
    observe('MODIFIED', pruned, changes, fieldManager(object, changes));
  }

  function deleted(object: ServedObject): void {
    options.onServed?.('DELETED', object);
    const key = keyOf(object);
    const before = objects.get(key);
    // Nothing was ever said of it, or it is another one of that name by now.
    if (before === undefined || before.uid !== (object.metadata.uid ?? '')) return;
    objects.delete(key);
    observe('DELETED', prune(object, resource), [], fieldManager(object));
  }

  /** Its deletion was missed: told with what was last known, which is all but the status. */
  function gone(key: string, known: Known): void {
    objects.delete(key);
    const last = JSON.parse(known.kept) as KubernetesObject;
    const object = { ...last, metadata: { ...last.metadata, resourceVersion: known.resourceVersion } };
    options.onServed?.('DELETED', object);
    observe('DELETED', object, [], null);
  }

  /** One object that cannot be taken in must not stop its kind; the defect is logged and counted as lost. */
  function guarded(object: ServedObject, served: Resource, take: (object: ServedObject) => void): void {
    try {
      take(served.group === 'events.k8s.io' ? coreEvent(object) : object);
    } catch (error) {
      lost++;
      metrics.unpublished.inc({ reason: 'failed' });
      log.error(
        { err: error, name: object.metadata.name, namespace: object.metadata.namespace },
        'object not understood',
      );
    }
  }

  return {
    listBegins() {
      listNumber++;
    },
    listed: (object, served) => guarded(object, served, there),
    listEnds() {
      for (const [key, known] of objects) if (known.list !== listNumber) gone(key, known);
      synced = true;
    },
    changed: (type, object, served) => guarded(object, served, type === 'DELETED' ? deleted : there),
    relisted: (object, served) =>
      guarded(object, served, (listed) => {
        const known = objects.get(keyOf(listed));
        if (known === undefined || known.uid !== listed.metadata.uid) return;
        const pruned = prune(listed, resource);
        const { kept, rest } = split(pruned, resource);
        // A list may be older or newer than what the watch has said; only what both agree on is repeated, the watch says the rest.
        if (known.kept === kept && known.rest === rest) observe('SYNC', pruned, [], fieldManager(listed));
      }),
    vanish() {
      for (const [key, known] of objects) gone(key, known);
    },
    size: () => objects.size,
    lost: () => lost,
  };
}

/** Fields that only say that somebody is alive; alone they are no news. */
const heartbeatFields: Readonly<Record<string, string>> = { Node: 'lastHeartbeatTime', Lease: 'renewTime' };

function split(pruned: KubernetesObject, resource: Resource): Pick<Known, 'kept' | 'rest'> {
  const { apiVersion, kind, metadata, status, ...fields } = pruned;
  const { resourceVersion: _r, generation: _g, ...identity } = metadata;
  const heartbeat = heartbeatFields[resource.kind];
  const withoutHeartbeat = (key: string, value: unknown) => (key === heartbeat ? undefined : value);
  const [kept, rest] =
    resource.changes === 'all'
      ? [{ apiVersion, kind, metadata: identity, ...fields }, { status }]
      : [
          { apiVersion, kind, metadata: identity },
          { status, ...fields },
        ];
  return { kept: JSON.stringify(kept), rest: hash('sha1', JSON.stringify(rest, withoutHeartbeat), 'base64') };
}

function keyOf({ metadata }: ServedObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
