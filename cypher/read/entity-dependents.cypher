// Who would feel it if these entities failed, one step: whoever owns, runs on, selects, mounts, is bound to, routes to, calls, uses or is
// limited by them, by the relations that held at $at.
MATCH (n:Entity)-[r:OWNS|RUNS_ON|SELECTS|MOUNTS|BOUND_TO|ROUTES_TO|CALLS|USES|LIMITS]-(m:Entity)
WHERE n.id IN $ids AND r.validFrom <= $at AND (r.validTo IS NULL OR r.validTo > $at)
  AND ((type(r) <> 'LIMITS' AND endNode(r).id = n.id) OR (type(r) = 'LIMITS' AND startNode(r).id = n.id))
RETURN DISTINCT m.id AS dependent, type(r) AS type, startNode(r).id AS from, endNode(r).id AS to, r.validFrom AS validFrom,
  r.validTo AS validTo
ORDER BY type, from, to, validFrom
LIMIT $limit
