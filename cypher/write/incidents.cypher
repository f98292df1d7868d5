// Incidents. A revision older than the one in the graph changes nothing; the statements that follow in the same transaction find
// that from the revision too. The cluster, which never changes, is set first to take the node's lock before its revision is read.
// rows: {id, revision, properties: {cluster, revision, …}}
UNWIND $rows AS row
MERGE (i:Incident {id: row.id})
  ON CREATE SET i.annotationsJson = '[]'
SET i.cluster = row.properties.cluster
WITH i, row
WHERE i.revision IS NULL OR i.revision <= row.revision
SET i += row.properties;
