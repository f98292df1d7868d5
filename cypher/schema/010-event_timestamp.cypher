// Events by time: lists and their pages.
CREATE INDEX event_timestamp IF NOT EXISTS
FOR (n:Event) ON (n.timestamp);
