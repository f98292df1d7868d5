// Where has this rule drawn a causal edge, and how sure was it? The least sure first, with the four scores behind each.
// :param rule => 'an id from ingest/rules'
MATCH (cause:Event)-[c:CAUSED]->(effect:Event)
WHERE c.rule = $rule
RETURN c.confidence AS confidence, c.temporal AS temporal, c.spatial AS spatial, c.causal AS causal, c.semantic AS semantic,
       c.lagMs AS lagMs, cause.entityId AS causeEntity, cause.category AS causeCategory, effect.entityId AS effectEntity,
       effect.category AS effectCategory, c.evidence AS evidence, c.incidentId AS incident
ORDER BY confidence, incident, causeEntity, effectEntity, causeCategory, effectCategory, lagMs
LIMIT 200;
