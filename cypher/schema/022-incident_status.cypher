// What is open now.
CREATE INDEX incident_status IF NOT EXISTS
FOR (n:Incident) ON (n.status);
