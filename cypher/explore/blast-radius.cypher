// What would feel it if this entity failed, by the topology of that moment? Whoever owns it, runs on it, selects it, routes to it,
// calls it, mounts it or uses it, step by step. It says what depends on it, not that it is to blame.
// :param entityId => 'cluster/namespace/Kind/name'
// :param at => '2026-11-24T12:00:00.000000000Z'
MATCH path = (dependent:Entity)-[rs:OWNS|RUNS_ON|SELECTS|MOUNTS|BOUND_TO|ROUTES_TO|CALLS|USES*1..6]->(n:Entity {id: $entityId})
WHERE all(r IN rs WHERE r.validFrom <= $at AND (r.validTo IS NULL OR r.validTo > $at))
WITH dependent, min(length(path)) AS steps
RETURN steps, dependent.kind AS kind, dependent.namespace AS namespace, dependent.name AS name, dependent.id AS entity
ORDER BY steps, entity
LIMIT 1000;
