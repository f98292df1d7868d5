import type { Category } from '../src/model/categories.js';
import { entityRef } from '../src/model/entity.js';
import { list } from './callee.js';
import type { Deriving } from './deriving.js';
import type { Inventory } from './inventory.js';
import { representative, type Problem } from './problems.js';

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
    const used = inventory
      .unitsOut(problem.unit, 'CALLS')
      .flatMap((service) => [...inventory.unitsOut(service, 'SELECTS')])
      .filter((unit) => isStore(unit, kind, inventory));
    if (used.length !== 1) continue;
    const store = used[0]!;
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
  const named = common.filter((used) => inventory.ref(used).name !== 'kube-root-ca.crt');
  if (named.length > 0)
    return named.reduce((a, b) =>
      inventory.unitsInto(a, 'USES').length <= inventory.unitsInto(b, 'USES').length ? a : b,
    );
  const { cluster, namespace } = inventory.ref(units[0]!);
  const one = units.every((unit) => inventory.ref(unit).namespace === namespace);
  return one && namespace !== null ? inventory.intern(entityRef(cluster, 'Namespace', null, namespace)) : -1;
}
