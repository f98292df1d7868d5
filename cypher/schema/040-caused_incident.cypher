// The causal edges of one incident.
CREATE INDEX caused_incident IF NOT EXISTS
FOR ()-[r:CAUSED]-() ON (r.incidentId);
