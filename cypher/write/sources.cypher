// How well each source sees. A report from before the newest changes nothing.
// rows: {id, lastSeen, properties: {cluster, node, state, reason, lost, lastSeen}}
UNWIND $rows AS row
MERGE (s:Source {id: row.id})
  ON CREATE SET s += row.properties
  ON MATCH SET s += CASE WHEN s.lastSeen <= row.lastSeen THEN row.properties ELSE {} END;
