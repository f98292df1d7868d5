// Topology that had ended before a time.
MATCH (n:Entity)-[r:OWNS|RUNS_ON|SELECTS|MOUNTS|BOUND_TO|ROUTES_TO|CALLS|USES|SCALES|LIMITS]->(:Entity)
WHERE r.validTo < $before
RETURN type(r) AS type, r.id AS id, n.id AS from
ORDER BY id
LIMIT $limit
