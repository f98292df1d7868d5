// What caused this incident, on what evidence, and what else it could have been and why that lost.
// Rank 1 is the verdict. Evidence is a list of {text, weight, eventId}; the weight is log odds for (positive) or against.
// :param incidentId => 'an id from open-incidents'
MATCH (i:Incident {id: $incidentId})-[r:ROOT_CAUSE]->(e:Event)
OPTIONAL MATCH (e)-[:ON]->(n:Entity)
RETURN r.rank AS rank, r.confidence AS confidence, r.category AS category, n.id AS entity,
       e.timestamp AS at, e.message AS what, r.evidenceJson AS evidence, r.whyNot AS whyNot
ORDER BY rank, at, what;
