// What keeps breaking? Entities at the root of more than one incident, or that restarted, became unready or crashed again and again.
MATCH (e:Event)-[:ON]->(n:Entity)
WHERE e.category IN ['container.restarted', 'container.crash-loop', 'container.terminated', 'container.oom-killed', 'pod.not-ready', 'node.not-ready']
WITH n, sum(e.count) AS failures, max(e.lastSeen) AS lastSeen
OPTIONAL MATCH (i:Incident)-[:AFFECTS {role: 'ROOT_CAUSE'}]->(n)
WITH n, failures, lastSeen, count(i) AS incidents
WHERE failures > 1 OR incidents > 1
RETURN n.id AS entity, failures, incidents, lastSeen
ORDER BY failures DESC, incidents DESC, entity
LIMIT 100;
