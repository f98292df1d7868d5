// Events of before a time that belong to no incident any more.
MATCH (e:Event)
WHERE e.timestamp < $before AND NOT EXISTS { MATCH (e)-[:PART_OF|ROOT_CAUSE]-(:Incident) }
RETURN e.id AS id
ORDER BY e.timestamp, id
LIMIT $limit
