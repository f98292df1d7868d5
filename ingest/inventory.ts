import { entityRefOfId, relationTypes, type EntityRef, type RelationType } from '../src/model/entity.js';
import type { EntityFinding } from '../src/model/finding.js';
import { fromEpochMs, toEpochMs } from '../src/model/time.js';
import { selects, type Labels } from './selectors.js';

/**
 * What there is and how it hangs together, now: entities and typed relations with the time they began. Entities are interned: an
 * index stands for one everywhere in the engine. Relations live in typed arrays; each is counted by who declares it, so that a
 * relation ends when its last declarer no longer says so.
 */
export interface Inventory {
  /** Takes an object's whole state. Returns the entity's index. */
  apply(finding: EntityFinding): number;
  /** The index of an entity that may not have been observed (yet): a virtual one, an owner, a target of a call. */
  intern(ref: EntityRef): number;
  /** -1 when never heard of. */
  indexOf(id: string): number;
  ref(index: number): EntityRef;
  /** Observed, and not deleted. */
  exists(index: number): boolean;
  /** Observed at least once. */
  observed(index: number): boolean;
  createdMs(index: number): number;
  facts(index: number): Facts;
  labels(index: number): Labels;
  selector(index: number): Labels | null;
  /** The thing people would name: Container, Pod and ReplicaSet answer with their workload, EndpointSlice with its Service. */
  unit(index: number): number;
  /** The unit itself and everything it owns that exists, down to containers. */
  members(unit: number): number[];
  /** Direct neighbours over relations that hold now. */
  out(index: number, type: RelationType): number[];
  into(index: number, type: RelationType): number[];
  /** Units next to a unit, over the relations of all of its members. */
  unitsOut(unit: number, type: RelationType): readonly number[];
  unitsInto(unit: number, type: RelationType): readonly number[];
  /** Grows whenever a relation begins or ends, or a thing has come to belong to another unit. */
  version(): number;
  /** A relation seen at work rather than declared (a call); holds until the entity at its source is deleted. */
  relate(type: RelationType, from: number, to: number, atMs: number): void;
  /** Existing entities of a kind in a namespace. */
  inNamespace(cluster: string, namespace: string | null, kind: string): number[];
  /** What changed since the last call, for the graph. */
  drain(): InventoryChange;
  size(): { readonly entities: number; readonly relations: number };
}

export type Facts = Readonly<Record<string, string | number | boolean>>;

export interface EntityRow {
  readonly entity: EntityRef;
  readonly createdAt: string | null;
  readonly deletedAt: string | null;
  readonly labels: Labels;
  readonly facts: Facts;
}

export interface RelationRow {
  readonly type: RelationType;
  readonly from: string;
  readonly to: string;
  readonly validFrom: string;
  readonly validTo: string | null;
}

export interface InventoryChange {
  readonly entities: readonly EntityRow[];
  readonly relationsOpened: readonly RelationRow[];
  readonly relationsClosed: readonly RelationRow[];
}

interface EntityState {
  ref: EntityRef;
  observed: boolean;
  deletedMs: number;
  createdMs: number;
  labels: Labels;
  facts: Facts;
  selector: Labels | null;
  unit: number;
  /** Slots this entity declares by its state. */
  declared: number[];
  /** Slots seen at work, which a new state of the entity does not end. */
  witnessed: number[];
  /** For a Service: slot by entity that its selector matches. */
  selected: Map<number, number> | null;
  /** Slots it is an end of. */
  out: number[];
  into: number[];
}

const none: Readonly<Record<string, never>> = Object.freeze({});
const typeCode = new Map(relationTypes.map((type, code) => [type, code]));
const rollsUp = new Set(['Container', 'Pod', 'ReplicaSet', 'EndpointSlice', 'ControllerRevision', 'Job']);
const selectable = new Set([
  'Pod',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
]);

export function createInventory(): Inventory {
  const states: EntityState[] = [];
  const byId = new Map<string, number>();
  const byScope = new Map<string, Set<number>>();
  const slotOf = new Map<number, number>();
  let from = new Int32Array(1024);
  let to = new Int32Array(1024);
  let type = new Uint8Array(1024);
  let declarers = new Int32Array(1024);
  let validFrom = new Float64Array(1024);
  const free: number[] = [];
  let slots = 0;
  let live = 0;
  let version = 0;

  let changedEntities = new Set<number>();
  let opened: RelationRow[] = [];
  let closed: RelationRow[] = [];

  const intern = (ref: EntityRef): number => {
    const known = byId.get(ref.id);
    if (known !== undefined) return known;
    const index = states.length;
    states.push({
      ref,
      observed: false,
      deletedMs: NaN,
      createdMs: NaN,
      labels: none,
      facts: none,
      selector: null,
      unit: -1,
      declared: [],
      witnessed: [],
      selected: null,
      out: [],
      into: [],
    });
    byId.set(ref.id, index);
    changedEntities.add(index);
    return index;
  };

  const internId = (id: string): number => {
    return byId.get(id) ?? intern(entityRefOfId(id));
  };

  const gone = (index: number): boolean => !Number.isNaN(states[index]!.deletedMs);
  const exists = (index: number): boolean => states[index]!.observed && !gone(index);

  const key = (code: number, a: number, b: number): number => (a * 4_194_304 + b) * 16 + code;

  const row = (slot: number, validToMs: number | null): RelationRow => ({
    type: relationTypes[type[slot]!]!,
    from: states[from[slot]!]!.ref.id,
    to: states[to[slot]!]!.ref.id,
    validFrom: fromEpochMs(validFrom[slot]!),
    validTo: validToMs === null ? null : fromEpochMs(validToMs),
  });

  const grow = (): void => {
    const larger = <T extends Int32Array | Uint8Array | Float64Array>(old: T, fresh: T): T => (fresh.set(old), fresh);
    from = larger(from, new Int32Array(from.length * 2));
    to = larger(to, new Int32Array(to.length * 2));
    type = larger(type, new Uint8Array(type.length * 2));
    declarers = larger(declarers, new Int32Array(declarers.length * 2));
    validFrom = larger(validFrom, new Float64Array(validFrom.length * 2));
  };

  const touch = (a: number, b: number): void => {
    version++;
    nextUnits.delete(unit(a));
    nextUnits.delete(unit(b));
  };

  /** Counts one more declarer of the relation, which begins now if it did not hold. */
  const open = (relation: RelationType, a: number, b: number, atMs: number): number => {
    const code = typeCode.get(relation)!;
    const known = slotOf.get(key(code, a, b));
    if (known !== undefined) {
      declarers[known]!++;
      return known;
    }
    const slot = free.pop() ?? slots++;
    if (slot >= from.length) grow();
    from[slot] = a;
    to[slot] = b;
    type[slot] = code;
    declarers[slot] = 1;
    validFrom[slot] = atMs;
    slotOf.set(key(code, a, b), slot);
    states[a]!.out.push(slot);
    states[b]!.into.push(slot);
    if (relation === 'OWNS') forgetUnits(b);
    touch(a, b);
    live++;
    opened.push(row(slot, null));
    return slot;
  };

  const close = (slot: number, atMs: number): void => {
    if (--declarers[slot]! > 0) return;
    closed.push(row(slot, atMs));
    const a = states[from[slot]!]!;
    const b = states[to[slot]!]!;
    a.out.splice(a.out.indexOf(slot), 1);
    b.into.splice(b.into.indexOf(slot), 1);
    slotOf.delete(key(type[slot]!, from[slot]!, to[slot]!));
    // What is gone stays with the unit it belonged to: its last words arrive after it, and are told of that.
    if (relationTypes[type[slot]!] === 'OWNS' && exists(to[slot]!)) forgetUnits(to[slot]!);
    touch(from[slot]!, to[slot]!);
    free.push(slot);
    live--;
  };

  /** Another owner may change who a thing and all that it owns roll up to, and so what their neighbours are next to. */
  const forgetUnits = (index: number): void => {
    version++;
    const changing = new Set([index]);
    for (const member of changing) {
      nextUnits.delete(member);
      nextUnits.delete(states[member]!.unit);
      states[member]!.unit = -1;
      for (const owned of out(member, 'OWNS')) changing.add(owned);
    }
    for (const member of changing) {
      for (const slot of states[member]!.out) nextUnits.delete(unit(to[slot]!));
      for (const slot of states[member]!.into) nextUnits.delete(unit(from[slot]!));
    }
  };

  const neighbours = (list: readonly number[], ends: Int32Array, code: number): number[] => {
    const found: number[] = [];
    for (const slot of list) if (type[slot] === code) found.push(ends[slot]!);
    return found;
  };
  const out = (index: number, relation: RelationType): number[] =>
    neighbours(states[index]!.out, to, typeCode.get(relation)!);
  const into = (index: number, relation: RelationType): number[] =>
    neighbours(states[index]!.into, from, typeCode.get(relation)!);

  const unit = (index: number): number => {
    const state = states[index]!;
    if (state.unit !== -1) return state.unit;
    let found = index;
    // Owners are what people write: a circle of them is possible, and ends where it began.
    const passed = new Set([index]);
    while (rollsUp.has(states[found]!.ref.kind)) {
      const owner = into(found, 'OWNS').find((candidate) => !passed.has(candidate));
      if (owner === undefined) break;
      found = states[owner]!.unit === -1 ? owner : states[owner]!.unit;
      passed.add(owner).add(found);
    }
    // Not remembered while a Pod has no known owner: it may become known with the next observation.
    if (found !== index || !rollsUp.has(state.ref.kind)) state.unit = found;
    return found;
  };

  const members = (top: number): number[] => {
    const found = new Set([top]);
    for (const member of found) for (const child of out(member, 'OWNS')) if (unit(child) === top) found.add(child);
    return [...found];
  };

  /** Neighbouring units by unit, then by type and direction; forgotten where a relation of the unit begins or ends. */
  const nextUnits = new Map<number, Map<number, readonly number[]>>();
  const unitsNext = (top: number, relation: RelationType, outward: boolean): readonly number[] => {
    const code = typeCode.get(relation)! * 2 + Number(outward);
    let known = nextUnits.get(top);
    if (!known) nextUnits.set(top, (known = new Map<number, readonly number[]>()));
    let next = known.get(code);
    if (!next) {
      const found = new Set<number>();
      for (const member of members(top)) {
        for (const other of outward ? out(member, relation) : into(member, relation)) found.add(unit(other));
      }
      found.delete(top);
      known.set(code, (next = [...found].sort((a, b) => a - b)));
    }
    return next;
  };

  const scope = (cluster: string, namespace: string | null, kind: string): string =>
    `${cluster}/${namespace ?? '_'}/${kind}`;
  const listed = (ref: EntityRef): Set<number> => {
    const name = scope(ref.cluster, ref.namespace, ref.kind);
    let set = byScope.get(name);
    if (!set) byScope.set(name, (set = new Set()));
    return set;
  };
  const inNamespace = (cluster: string, namespace: string | null, kind: string): number[] => [
    ...(byScope.get(scope(cluster, namespace, kind)) ?? []),
  ];

  /** SELECTS as labels say, beside what EndpointSlices say: it also holds for a workload that has no pod at the moment. */
  const reselect = (service: number, candidate: number, atMs: number): void => {
    const chosen = states[service]!.selected!;
    const other = states[candidate]!;
    const labels = other.ref.kind === 'Pod' ? other.labels : (other.selector ?? none);
    const holds = exists(service) && exists(candidate) && selects(states[service]!.selector, labels);
    const slot = chosen.get(candidate);
    if (holds && slot === undefined) chosen.set(candidate, open('SELECTS', service, candidate, atMs));
    if (!holds && slot !== undefined) {
      chosen.delete(candidate);
      close(slot, atMs);
    }
  };

  const reselectAround = (index: number, atMs: number): void => {
    const { cluster, namespace, kind } = states[index]!.ref;
    if (kind === 'Service') {
      const chosen = (states[index]!.selected ??= new Map<number, number>());
      for (const candidate of chosen.keys()) reselect(index, candidate, atMs);
      for (const other of selectable) {
        for (const candidate of inNamespace(cluster, namespace, other)) reselect(index, candidate, atMs);
      }
    } else if (selectable.has(kind)) {
      for (const service of inNamespace(cluster, namespace, 'Service')) reselect(service, index, atMs);
    }
  };

  /** A need is over once neither who has it nor what it is for is there. */
  const release = (index: number, atMs: number): void => {
    for (const slot of [...states[index]!.out]) {
      const { declared } = states[to[slot]!]!;
      if (!gone(to[slot]!) || !declared.includes(slot)) continue;
      declared.splice(declared.indexOf(slot), 1);
      close(slot, atMs);
    }
  };

  return {
    apply(finding) {
      const index = intern(finding.entity);
      const state = states[index]!;
      const atMs = toEpochMs(finding.at);
      const { uid } = state.ref;
      if (finding.entity.uid !== null) state.ref = finding.entity;
      const before = state.declared;
      const firstSight = !state.observed;
      state.observed = true;
      if (finding.deleted) {
        state.deletedMs = atMs;
        state.selector = null;
        listed(state.ref).delete(index);
        // What used it goes on needing it: a ServiceAccount whose RoleBinding is gone fails for exactly that.
        const needed = (slot: number): boolean =>
          relationTypes[type[slot]!] === 'USES' && to[slot] === index && !gone(from[slot]!);
        state.declared = before.filter(needed);
        for (const slot of before.concat(state.witnessed)) if (!needed(slot)) close(slot, atMs);
        state.witnessed = [];
        release(index, atMs);
        reselectAround(index, atMs);
        changedEntities.add(index);
        return index;
      }
      const createdMs = finding.createdAt === null ? state.createdMs : toEpochMs(finding.createdAt);
      if (
        firstSight ||
        gone(index) ||
        state.ref.uid !== uid ||
        !Object.is(state.createdMs, createdMs) ||
        !sameEntries(state.labels, finding.labels) ||
        !sameEntries(state.facts, finding.facts)
      )
        changedEntities.add(index);
      // Another thing by the same name belongs to whom its own owners say.
      if (gone(index)) {
        state.deletedMs = NaN;
        forgetUnits(index);
      }
      state.createdMs = createdMs;
      state.labels = finding.labels;
      state.facts = finding.facts;
      state.selector = finding.selector;
      listed(state.ref).add(index);
      const declared: number[] = [];
      for (const relation of finding.relations) {
        declared.push(open(relation.type, internId(relation.from), internId(relation.to), atMs));
      }
      state.declared = declared;
      for (const slot of before) close(slot, atMs);
      reselectAround(index, atMs);
      return index;
    },
    intern,
    indexOf: (id) => byId.get(id) ?? -1,
    ref: (index) => states[index]!.ref,
    exists,
    observed: (index) => states[index]!.observed,
    createdMs: (index) => states[index]!.createdMs,
    facts: (index) => states[index]!.facts,
    labels: (index) => states[index]!.labels,
    selector: (index) => states[index]!.selector,
    unit,
    members,
    out,
    into,
    unitsOut: (top, relation) => unitsNext(top, relation, true),
    unitsInto: (top, relation) => unitsNext(top, relation, false),
    version: () => version,
    relate(relation, a, b, atMs) {
      if (slotOf.has(key(typeCode.get(relation)!, a, b))) return;
      states[a]!.witnessed.push(open(relation, a, b, atMs));
    },
    inNamespace,
    drain() {
      const entities = [...changedEntities]
        .sort((a, b) => a - b)
        .map((index) => {
          const { ref, createdMs, deletedMs, labels, facts } = states[index]!;
          return {
            entity: ref,
            createdAt: Number.isNaN(createdMs) ? null : fromEpochMs(createdMs),
            deletedAt: Number.isNaN(deletedMs) ? null : fromEpochMs(deletedMs),
            labels,
            facts,
          };
        });
      const change = { entities, relationsOpened: opened, relationsClosed: closed };
      changedEntities = new Set();
      opened = [];
      closed = [];
      return change;
    },
    size: () => ({ entities: states.length, relations: live }),
  };
}

function sameEntries(a: Facts, b: Facts): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
