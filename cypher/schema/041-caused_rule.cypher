// The causal edges that one rule has drawn.
CREATE INDEX caused_rule IF NOT EXISTS
FOR ()-[r:CAUSED]-() ON (r.rule);
