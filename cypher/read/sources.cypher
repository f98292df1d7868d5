// Every source of events and how well it sees.
MATCH (s:Source)
RETURN s.id AS source, s.cluster AS cluster, s.node AS node, s.state AS state, s.reason AS reason, s.lost AS lost,
  s.lastSeen AS lastSeen
ORDER BY source
