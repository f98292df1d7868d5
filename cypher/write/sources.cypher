// How well each source sees. A report from before the newest changes nothing.
// rows: {id, lastSeen, properties: {cluster, node, state, reason, lost, lastSeen}}
UNWIND $rows AS row
MERGE (s:Source {id: row.id})
WITH s, row
WHERE s.lastSeen IS NULL OR s.lastSeen <= row.lastSeen
SET s += row.properties;
