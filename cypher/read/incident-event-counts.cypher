// How many events each incident has.
MATCH (e:Event)-[:PART_OF]->(i:Incident)
WHERE i.id IN $ids
RETURN i.id AS id, count(e) AS total
ORDER BY id
