// Topology relations at either end of entities that held at $at.
MATCH (n:Entity)-[r:OWNS|RUNS_ON|SELECTS|MOUNTS|BOUND_TO|ROUTES_TO|CALLS|USES|SCALES|LIMITS]-(m:Entity)
WHERE n.id IN $ids AND r.validFrom <= $at AND (r.validTo IS NULL OR r.validTo > $at)
RETURN DISTINCT type(r) AS type, startNode(r).id AS from, endNode(r).id AS to, r.validFrom AS validFrom, r.validTo AS validTo
ORDER BY type, from, to, validFrom
LIMIT $limit
