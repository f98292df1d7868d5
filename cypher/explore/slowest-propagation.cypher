// Where do failures take longest to show? For each rule the lag from cause to effect in milliseconds: how often it was seen, its
// median, its 95th percentile and its longest.
MATCH (:Event)-[c:CAUSED]->(:Event)
RETURN c.rule AS rule, count(c) AS edges, percentileCont(c.lagMs, 0.5) AS medianLagMs,
       percentileCont(c.lagMs, 0.95) AS p95LagMs, max(c.lagMs) AS longestLagMs
ORDER BY medianLagMs DESC, rule
LIMIT 100;
