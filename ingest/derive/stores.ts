import type { Category } from '../../src/model/categories.js';
import { entityRef } from '../../src/model/entity.js';
import { isTroubled, list } from './callee.js';
import type { Deriving } from './deriving.js';
import type { Inventory } from '../inventory.js';
import { representative, type Problem } from '../problems.js';

/** By the names of images and the ports that such servers have by default. */
const caches = {
  image: /(?:^|\/)[\w.-]*(?:redis|valkey|keydb|dragonfly|memcached)/,
  ports: new Set(['6379', '11211']),
};
const databases = {
  image: /(?:^|\/)[\w.-]*(?:postgres|pgbouncer|mysql|mariadb|percona|mongo|cockroach|cassandra|mssql|oracle)/,
  ports: new Set(['5432', '6432', '3306', '27017', '26257', '9042', '1433', '1521']),
};

/** What a client is told by the store that it uses is the store's: which store, and whether only one can be meant. */
const told: Readonly<Partial<Record<Category, readonly (typeof caches)[]>>> = {
  'db.connections-exhausted': [databases, caches],
  'db.password-required': [caches, databases],
  'db.memory-exhausted': [caches],
  'db.lock-contention': [databases],
  'db.read-only': [databases, caches],
  'db.replication-lag': [databases],
};

/** Units of one fault in this many workloads share something that broke. */
const leastSharing = 3;
const togetherMs = 30 * 60_000;

export function deriveStores(given: Deriving): void {
  const { active, inventory, say } = given;
  const bySignature = new Map<string, Problem[]>();
  for (const problem of active) {
    const kinds = told[problem.category];
    if (kinds && (problem.category !== 'db.connections-exhausted' || problem.attributes.get('by')?.has('server')))
      ofStore(problem, kinds, given);
    if (/^log\.(?:exception|fatal)$/.test(problem.category)) {
      for (const signature of signaturesOf(problem))
        bySignature.set(signature, [...(bySignature.get(signature) ?? []), problem]);
    }
  }
  misledClients(given);
  for (const [signature, sharing] of bySignature) {
    const units = new Set(sharing.map(({ unit }) => unit));
    const times = sharing.map(({ firstMs }) => firstMs);
    if (units.size < leastSharing || Math.max(...times) - Math.min(...times) > togetherMs) continue;
    const factor = sharedBy([...units], inventory);
    if (factor === -1) continue;
    for (const unit of units) inventory.relate('LIMITS', factor, unit, given.nowMs);
    const { kind, name } = inventory.ref(factor);
    say(
      inventory.ref(factor),
      'app.shared-fault',
      Math.min(...times),
      `${units.size} workloads fail in the same way (${signature.slice(0, 120)}), and all of them use ${kind} ${name}`,
      { factor: `${kind}/${name}`, signature: signature.slice(0, 200), workloads: units.size },
    );
  }
}

function ofStore(problem: Problem, kinds: readonly (typeof caches)[], { inventory, say, nowMs }: Deriving): void {
  if (kinds.some((kind) => isStore(problem.unit, kind, inventory))) return;
  for (const kind of kinds) {
    const store = storeOf(problem.unit, kind, inventory);
    if (store === -1) continue;
    const ref = inventory.ref(store);
    const caller = inventory.ref(problem.unit);
    inventory.relate('LIMITS', store, problem.unit, nowMs);
    say(
      ref,
      problem.category,
      problem.firstMs,
      `${ref.kind} ${ref.name} turns ${caller.kind} ${caller.name} away: ${representative(problem).semantic.message}`,
      { caller: `${caller.kind}/${caller.name}` },
    );
    return;
  }
}

/** The one store of a kind that a workload can have meant: -1 when there are several, or none. */
function storeOf(unit: number, kind: typeof caches, inventory: Inventory): number {
  const called = inventory
    .unitsOut(unit, 'CALLS')
    .flatMap((service) => [...inventory.unitsOut(service, 'SELECTS')])
    .filter((other) => isStore(other, kind, inventory));
  const used = called.length > 0 ? [...new Set(called)] : likelyStores(unit, kind, inventory);
  return used.length === 1 ? used[0]! : -1;
}

/** Its address is in a Secret, which nobody reads here: a store of the namespace that is not by its name another workload's own. */
function likelyStores(unit: number, kind: typeof caches, inventory: Inventory): number[] {
  const { cluster, namespace, name } = inventory.ref(unit);
  const workloads = ['Deployment', 'StatefulSet'].flatMap((each) => inventory.inNamespace(cluster, namespace, each));
  const stores = workloads.filter((other) => other !== unit && isStore(other, kind, inventory));
  const ownerOf = (store: number): string | null => {
    const names = workloads
      .filter((other) => !stores.includes(other))
      .map((other) => inventory.ref(other).name)
      .filter((other) => other.length > 3 && inventory.ref(store).name.startsWith(other));
    return names.sort((a, b) => b.length - a.length)[0] ?? null;
  };
  const own = stores.filter((store) => ownerOf(store) === name);
  return own.length > 0 ? own : stores.filter((store) => ownerOf(store) === null);
}

/**
 * Clients whose driver does not get through to a database that is well and serves others: they were told another address. Several that
 * fail alike say that it is the database.
 */
function misledClients({ active, inventory, problems, nowMs, say }: Deriving): void {
  const byStore = new Map<number, Problem[]>();
  for (const problem of active) {
    if (!problem.category.startsWith('call.') || problem.category === 'call.unauthorized' || problem.target !== -1)
      continue;
    if (!problem.attributes.get('by')?.has('database')) continue;
    const store = storeOf(problem.unit, databases, inventory);
    if (store !== -1) byStore.set(store, [...(byStore.get(store) ?? []), problem]);
  }
  for (const [store, failing] of byStore) {
    if (new Set(failing.map(({ unit }) => unit)).size > 1) continue;
    const services = inventory
      .unitsInto(store, 'SELECTS')
      .filter((service) => inventory.ref(service).kind === 'Service');
    if (services.length === 0 || services.some((service) => isTroubled(service, inventory, problems, nowMs))) continue;
    const { unit, firstMs } = failing[0]!;
    // Whoever cannot resolve names has not even asked.
    if (problems.on(unit).some(({ category }) => category === 'dns.failed')) continue;
    const client = inventory.ref(unit);
    const { kind, name } = inventory.ref(store);
    say(
      client,
      'config.wrong-address',
      firstMs,
      `${client.kind} ${client.name} does not get through to its database, while ${kind} ${name} is well: ${representative(failing[0]!).semantic.message}`,
      { peerKind: 'database', peer: name },
    );
  }
}

function isStore(unit: number, { image, ports }: typeof caches, inventory: Inventory): boolean {
  return inventory.members(unit).some((member) => {
    const facts = inventory.facts(member);
    return (
      list(facts.images).some((each) => image.test(each)) ||
      list(facts.ports).some((each) => each.split(':').some((part) => ports.has(part)))
    );
  });
}

/** Templates of its lines, long enough to be nobody else's; numbers and names are out of them. */
function signaturesOf(problem: Problem): Set<string> {
  const found = new Set<string>();
  for (const { semantic } of problem.events.values()) {
    if (semantic.template !== null && semantic.template.length >= 20) found.add(semantic.template);
  }
  return found;
}

/** What all of them use and few others do: a ConfigMap, a Secret, or a Service that all call; -1 when there is none. */
function sharedBy(units: readonly number[], inventory: Inventory): number {
  const uses = (unit: number): number[] =>
    [...inventory.unitsOut(unit, 'USES'), ...inventory.unitsOut(unit, 'CALLS')].filter((used) =>
      /^(?:ConfigMap|Secret|Service|ExternalEndpoint|Registry)$/.test(inventory.ref(used).kind),
    );
  const common = units.map(uses).reduce((all, some) => all.filter((used) => some.includes(used)));
  // What most others use as well, and are well, is not at fault.
  const named = common.filter(
    (used) =>
      inventory.ref(used).name !== 'kube-root-ca.crt' &&
      new Set([...inventory.unitsInto(used, 'USES'), ...inventory.unitsInto(used, 'CALLS')]).size <= 2 * units.length,
  );
  if (named.length > 0)
    return named.reduce((a, b) =>
      inventory.unitsInto(a, 'USES').length <= inventory.unitsInto(b, 'USES').length ? a : b,
    );
  const { cluster, namespace } = inventory.ref(units[0]!);
  const one = units.every((unit) => inventory.ref(unit).namespace === namespace);
  return one && namespace !== null ? inventory.intern(entityRef(cluster, 'Namespace', null, namespace)) : -1;
}
