// Which verdicts deserve a second look? Incidents whose runner-up came near the chosen cause, the nearest first.
MATCH (i:Incident)-[first:ROOT_CAUSE {rank: 1}]->(chosen:Event)
MATCH (i)-[second:ROOT_CAUSE {rank: 2}]->(other:Event)
WHERE i.mergedInto IS NULL
RETURN i.id AS incident, i.title AS title, first.confidence - second.confidence AS margin, first.category AS chosen,
       chosen.entityId AS chosenEntity, second.category AS runnerUp, other.entityId AS runnerUpEntity, second.whyNot AS whyNot
ORDER BY margin, incident
LIMIT 50;
