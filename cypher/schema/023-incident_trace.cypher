// The incident that explains one trace.
CREATE INDEX incident_trace IF NOT EXISTS
FOR (n:Incident) ON (n.traceId);
