// Events by id.
MATCH (e:Event)
WHERE e.id IN $ids
RETURN properties(e) AS event
ORDER BY e.id
