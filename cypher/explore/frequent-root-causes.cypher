// What breaks most often? Root causes by category and kind of entity, with how many incidents each was behind, how sure the
// verdicts were, and how many different entities it hit.
MATCH (i:Incident)-[r:ROOT_CAUSE {rank: 1}]->(e:Event)-[:ON]->(n:Entity)
WHERE i.mergedInto IS NULL
RETURN r.category AS category, n.kind AS kind, count(DISTINCT i) AS incidents, count(DISTINCT n) AS entities,
       avg(r.confidence) AS meanConfidence, max(i.openedAt) AS lastOpenedAt
ORDER BY incidents DESC, category, kind
LIMIT 100;
