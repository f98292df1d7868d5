// Events by what they say: all changes, all OOM kills.
CREATE INDEX event_category IF NOT EXISTS
FOR (n:Event) ON (n.category);
