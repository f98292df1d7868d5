// Everything that belongs to one trace.
CREATE INDEX event_trace IF NOT EXISTS
FOR (n:Event) ON (n.traceId);
