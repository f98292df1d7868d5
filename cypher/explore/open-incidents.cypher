// What is broken now? Open incidents, the worst first, with how many events and entities each one explains.
MATCH (i:Incident)
WHERE i.status <> 'RESOLVED' AND i.mergedInto IS NULL
OPTIONAL MATCH (e:Event)-[:PART_OF]->(i)
WITH i, count(e) AS events
OPTIONAL MATCH (i)-[:AFFECTS]->(n:Entity)
RETURN i.id AS incident, i.severity AS severity, i.title AS title, i.rootCause AS rootCause, i.confidence AS confidence,
       i.openedAt AS openedAt, i.revision AS revision, events, count(n) AS entities, i.severityRank AS severityRank
ORDER BY severityRank DESC, openedAt DESC, incident;
