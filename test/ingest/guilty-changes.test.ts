import { describe, expect, test } from '@jest/globals';
import { changeFits } from '../../ingest/correlate/change-words.js';
import { readDiffMeaning } from '../../ingest/detect/diff-meaning.js';

interface Incident {
  readonly what: string;
  readonly path: string;
  readonly diff: string;
  readonly said: string;
}

const fit = ({ path, diff, said }: Incident): number => {
  const { does, terms, gone, values } = readDiffMeaning(diff, [path]);
  const file = path.slice(path.lastIndexOf('/') + 1);
  return changeFits({ does, terms: new Set(terms), gone, values, files: [file] }, said, new Set());
};

/** Incidents of the kinds that post-mortems tell of, each with the change that brought it about. */
const guilty: readonly Incident[] = [
  {
    what: 'a cache that no longer evicts',
    path: 'services/catalog/cache.go',
    diff: '-\tif len(c.items) > c.maxEntries {\n-\t\tc.evictOldest()\n-\t}\n \tc.items[id] = item',
    said: 'container.oom-killed: catalog cache exceeded its memory limit, out of memory',
  },
  {
    what: 'a retry storm',
    path: 'pkg/client/retry.ts',
    diff: '-const maxRetries = 3;\n-await sleep(backoff * attempt);\n+const maxRetries = 25;',
    said: 'inventory returned 429 Too Many Requests; retry 24 of client failed',
  },
  {
    what: 'a timeout in milliseconds that was meant in seconds',
    path: 'services/checkout/payment.go',
    diff: '-\tTimeout: 5 * time.Second,\n+\tTimeout: 5 * time.Millisecond,',
    said: 'charge failed: context deadline exceeded calling payment',
  },
  {
    what: 'one query for each row',
    path: 'services/orders/repository.py',
    diff: '-    orders = session.query(Order).options(joinedload(Order.items)).all()\n+    orders = session.query(Order).all()\n+    for order in orders: order.items = session.query(Item).filter(Item.order == order.id).all()',
    said: 'orders: QueuePool limit reached, connection timed out; slow queries on items',
  },
  {
    what: 'an index that was dropped',
    path: 'db/migrations/0042_cleanup.sql',
    diff: '+DROP INDEX idx_orders_customer;',
    said: 'statement timeout: seq scan on orders by customer',
  },
  {
    what: 'a token for another audience',
    path: 'services/gateway/auth.ts',
    diff: "-  audience: 'shop-api',\n+  audience: 'shop-api-v2',",
    said: 'gateway rejects request: jwt audience invalid, 401 unauthorized',
  },
  {
    what: 'a variable of another name',
    path: 'services/mail/config.py',
    diff: '-SMTP = os.environ.get("SMTP_HOST")\n+SMTP = os.environ.get("MAIL_SMTP_HOST")',
    said: 'required variable MAIL_SMTP_HOST is missing',
  },
  {
    what: 'offsets that are not committed',
    path: 'services/billing/consumer.java',
    diff: '-    consumer.commitSync();\n',
    said: 'consumer lag of billing rises; records are reprocessed from offset 120',
  },
  {
    what: 'two locks in another order',
    path: 'services/ledger/transfer.go',
    diff: '-\ta.mu.Lock()\n \tb.mu.Lock()\n+\ta.mu.Lock()',
    said: 'all goroutines are asleep - deadlock!',
  },
  {
    what: 'responses that are not closed',
    path: 'pkg/fetch/fetch.go',
    diff: '-\tdefer resp.Body.Close()\n \treturn decode(resp.Body)',
    said: 'fetch: dial tcp: socket: too many open files, resp body',
  },
  {
    what: 'a smaller message size',
    path: 'services/search/server.go',
    diff: '-\tgrpc.MaxRecvMsgSize(16 << 20)\n+\tgrpc.MaxRecvMsgSize(1 << 20)',
    said: 'rpc error: code = ResourceExhausted desc = grpc: received message larger than max (2097152 vs. 1048576)',
  },
  {
    what: 'a field of another number',
    path: 'proto/order.proto',
    diff: '-  string currency = 4;\n+  string currency = 5;',
    said: 'failed to unmarshal order: proto: invalid wire type, cannot parse currency',
  },
  {
    what: 'a narrower number',
    path: 'services/stats/counter.go',
    diff: '-\ttotal int64\n+\ttotal int32',
    said: 'total is negative: integer overflow',
  },
  {
    what: 'a pattern that backtracks',
    path: 'services/forms/validate.js',
    diff: '-const email = /^[^@]+@[^@]+$/;\n+const email = /^([a-zA-Z0-9]+\\.?)+@([a-z]+\\.?)+$/;',
    said: 'event loop blocked for 12 s while validating email',
  },
  {
    what: 'a probe of another path',
    path: 'charts/cart/values.yaml',
    diff: '-    path: /healthz\n+    path: /health',
    said: 'readiness probe failed: HTTP 404 on path /health',
  },
  {
    what: 'fewer replicas',
    path: 'charts/cart/values.yaml',
    diff: '-replicas: 8\n+replicas: 1',
    said: 'cart overloaded: request queue full, requests rejected',
  },
  {
    what: 'a switch that was turned on',
    path: 'services/pricing/config.yaml',
    diff: '-  legacyRounding: true\n+  legacyRounding: false',
    said: 'legacy rounding is disabled: price mismatch, order rejected',
  },
  {
    what: 'a circuit breaker that is gone',
    path: 'services/web/client.ts',
    diff: '-  return breaker.fire(() => recommendations(user));\n+  return recommendations(user);',
    said: 'recommendations time out, all workers of web are exhausted waiting',
  },
  {
    what: 'a cache that is not asked',
    path: 'services/profile/store.go',
    diff: '-\tif p, ok := s.cache.Get(id); ok {\n-\t\treturn p, nil\n-\t}\n \treturn s.db.Load(ctx, id)',
    said: 'profile: db latency p99 4 s, too many connections, cache hit ratio 0',
  },
  {
    what: 'connections that are not kept',
    path: 'pkg/httpx/transport.go',
    diff: '-\tMaxIdleConnsPerHost: 100,\n+\tMaxIdleConnsPerHost: 1,',
    said: 'dial tcp: connect: cannot assign requested address (ephemeral ports, idle conns)',
  },
];

/** More of them, shorter: what, which file, what was changed, what was said. */
const more: readonly (readonly [what: string, path: string, diff: string, said: string])[] = [
  [
    'goroutine leak',
    'services/feed/stream.go',
    '-\tctx, cancel := context.WithTimeout(ctx, 30*time.Second)\n-\tdefer cancel()\n+\tctx = context.Background()',
    'feed: goroutine count 84213; runtime: out of memory',
  ],
  [
    'kafka session timeout',
    'services/ingest/consumer.go',
    '-\tcfg.Consumer.Group.Session.Timeout = 30 * time.Second\n+\tcfg.Consumer.Group.Session.Timeout = 3 * time.Second',
    'kafka: consumer group rebalance in progress; session timed out, partitions revoked',
  ],
  [
    'max.poll',
    'config/consumer.yaml',
    '-max.poll.records: 500\n+max.poll.records: 50000',
    'consumer poll timeout exceeded, member left group; consumer lag growing',
  ],
  [
    'cors',
    'services/gateway/cors.go',
    '-\tAllowedOrigins: []string{"https://app.acme.io", "https://admin.acme.io"},\n+\tAllowedOrigins: []string{"https://app.acme.io"},',
    'blocked by CORS policy: origin https://admin.acme.io is not allowed',
  ],
  [
    'redis ttl 0',
    'services/session/store.go',
    '-\trdb.Set(ctx, key, val, 24*time.Hour)\n+\trdb.Set(ctx, key, val, 0)',
    'redis: OOM command not allowed when used memory > maxmemory',
  ],
  [
    'pagination',
    'services/report/query.go',
    '-\trows, err := db.Query("SELECT * FROM events WHERE org=$1 LIMIT 1000", org)\n+\trows, err := db.Query("SELECT * FROM events WHERE org=$1", org)',
    'report: container OOMKilled; memory working set 3.9GiB while loading events',
  ],
  [
    'nil map',
    'services/tags/tags.go',
    '-\tt.index = make(map[string]int)\n \tt.load()',
    'panic: assignment to entry in nil map',
  ],
  [
    'div zero',
    'services/score/avg.py',
    '-    if not ratings:\n-        return 0\n     return sum(ratings) / len(ratings)',
    'ZeroDivisionError: division by zero in avg.py',
  ],
  [
    'deadlock order sql',
    'services/bank/transfer.py',
    '-    first, second = sorted([src, dst])\n+    first, second = src, dst',
    'psycopg2.errors.DeadlockDetected: deadlock detected',
  ],
  [
    'topic rename',
    'services/orders/publisher.go',
    '-const topic = "orders.v1"\n+const topic = "orders.v2"',
    'UNKNOWN_TOPIC_OR_PARTITION: topic orders.v2 does not exist',
  ],
  [
    'hpa max',
    'charts/api/values.yaml',
    '-  maxReplicas: 40\n+  maxReplicas: 4',
    'api saturated: HPA at max replicas 4, request queue full',
  ],
  [
    'feature default',
    'services/checkout/flags.go',
    '-\t"use_new_tax_engine": false,\n+\t"use_new_tax_engine": true,',
    'tax engine: unsupported country code; checkout rejected',
  ],
  ['proto removed', 'proto/user.proto', '-  string email = 3;\n+  reserved 3;', 'missing required field email in User'],
  [
    'json number precision',
    'services/id/encode.ts',
    '-  id: String(row.id),\n+  id: Number(row.id),',
    'id mismatch: 9007199254740993 not found, precision lost',
  ],
  [
    'sync write',
    'services/audit/log.ts',
    '-  queue.push(entry);\n+  fs.writeFileSync(path, JSON.stringify(entry) + "\\n", { flag: "a" });',
    'event loop lag 2400ms; audit requests timed out',
  ],
  [
    'cache key tenant',
    'services/price/cache.go',
    '-\tkey := fmt.Sprintf("price:%s:%s", tenant, sku)\n+\tkey := fmt.Sprintf("price:%s", sku)',
    'price mismatch: tenant acme sees price of tenant globex',
  ],
  [
    'grpc keepalive',
    'pkg/rpc/server.go',
    '-\tMinTime: 10 * time.Second,\n+\tMinTime: 5 * time.Minute,',
    'rpc error: code = Unavailable desc = transport is closing: GOAWAY ENHANCE_YOUR_CALM too_many_pings',
  ],
  [
    'healthcheck timeouts',
    'charts/web/values.yaml',
    '-    timeoutSeconds: 5\n+    timeoutSeconds: 1',
    'Liveness probe failed: context deadline exceeded; container restarted',
  ],
  [
    'memory request',
    'charts/web/values.yaml',
    '-      memory: 2Gi\n+      memory: 256Mi',
    'container web OOMKilled, exit code 137',
  ],
  [
    'db migration not null',
    'migrations/20260601_add_col.sql',
    '+ALTER TABLE users ADD COLUMN phone TEXT NOT NULL;',
    'null value in column "phone" of relation "users" violates not-null constraint',
  ],
  [
    'index out of range',
    'services/parse/line.go',
    '-\tif len(parts) < 3 {\n-\t\treturn nil, errShort\n-\t}\n \treturn &Line{parts[0], parts[2]}, nil',
    'panic: runtime error: index out of range [2] with length 2',
  ],
  [
    'exponential regex',
    'services/waf/rules.go',
    '-\tre := regexp.MustCompile(`^a+$`)\n+\tre := regexp.MustCompile(`(?:(?:\\"|\\d|.*)+(?:.*=.*))`)',
    'waf cpu at 100%; requests time out matching rules',
  ],
  [
    'stack overflow',
    'services/tree/walk.js',
    '-  if (node.visited) return;\n   node.children.forEach(walk);',
    'RangeError: Maximum call stack size exceeded',
  ],
  [
    'dns ndots / host',
    'services/api/db.go',
    '-\thost := "postgres.db.svc.cluster.local"\n+\thost := "postgres"',
    'lookup postgres: no such host',
  ],
  [
    'etcd lease',
    'services/sched/leader.go',
    '-\tLeaseDuration: 15 * time.Second,\n+\tLeaseDuration: 2 * time.Second,',
    'leader election lost: failed to renew lease; scheduler restarting',
  ],
  [
    'compression',
    'services/proxy/enc.go',
    '-\tw := gzip.NewWriter(out)\n+\tw := zstd.NewWriter(out)',
    'invalid gzip header while decoding payload',
  ],
  [
    'thread pool',
    'services/pay/pool.java',
    '-    Executors.newFixedThreadPool(64);\n+    Executors.newFixedThreadPool(2);',
    'RejectedExecutionException: task queue full; payments timing out',
  ],
  [
    'unbounded queue',
    'services/events/buf.go',
    '-\tch := make(chan Event, 1000)\n+\tvar pending []Event\n+\tpending = append(pending, ev)',
    'events: heap 7.8GiB, OOMKilled',
  ],
  [
    'env default',
    'services/mail/settings.py',
    '-SMTP_PORT = int(os.getenv("SMTP_PORT", "587"))\n+SMTP_PORT = int(os.getenv("SMTP_PORT", "25"))',
    'smtplib.SMTPConnectError: connection to port 25 timed out',
  ],
  [
    'rounding',
    'services/tax/tax.go',
    '-\treturn math.Round(net*rate*100) / 100\n+\treturn net * rate',
    'ledger imbalance: tax 12.345 does not match 12.35',
  ],
  [
    'batch size up',
    'services/etl/load.py',
    '-BATCH = 500\n+BATCH = 50000',
    'psycopg2: out of memory; statement too large',
  ],
];

/** Changes that were there and did nothing of the kind, each beside what went wrong. */
const innocent: readonly Incident[] = [
  {
    what: 'a log line, and a full disk',
    path: 'services/cart/store.go',
    diff: '-\tlog.Debugf("stored %d", n)\n+\tlog.Infof("stored %d items", n)',
    said: 'write /data/cart.db: no space left on device',
  },
  {
    what: 'more idle connections, and a name that is not resolved',
    path: 'pkg/httpx/transport.go',
    diff: '-\tMaxIdleConns: 100,\n+\tMaxIdleConns: 200,\n+\tIdleConnTimeout: 90 * time.Second,',
    said: 'dial tcp: lookup api.example.com on 10.0.0.2:53: no such host, i/o timeout',
  },
  {
    what: 'other ciphers, and a certificate that has expired',
    path: 'pkg/tlsconf/tls.go',
    diff: '-\t\ttls.TLS_RSA_WITH_AES_128_GCM_SHA256,\n+\t\ttls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,',
    said: 'tls handshake failed: x509: certificate has expired or is not yet valid',
  },
  {
    what: 'a helper for a range, and a record out of range',
    path: 'services/geo/check.go',
    diff: '-\tif lat < -90 || lat > 90 {\n-\t\treturn errRange("lat", lat)\n-\t}\n+\treturn inRange("lat", lat, -90, 90)',
    said: "field 'lat' out of range [-90,90] got 412",
  },
  {
    what: 'more workers, and more traffic than ever',
    path: 'services/web/config.yaml',
    diff: '-  workers: 8\n+  workers: 16',
    said: 'request queue full, load is shed: 12x the usual requests',
  },
  {
    what: 'a patch of a library, and an outage of a provider',
    path: 'go.mod',
    diff: '-\tgithub.com/acme/payments v1.4.1\n+\tgithub.com/acme/payments v1.4.2',
    said: 'payments provider returned 503 Service Unavailable',
  },
  {
    what: 'a moved function, and a node without memory',
    path: 'services/rank/score.go',
    diff: '-\tscore = a*x + b*y\n+\tscore = weigh(x, y)\n+}\n+func weigh(x, y float64) float64 {\n+\treturn a*x + b*y',
    said: 'deadline exceeded: cpu starved, node under memory pressure',
  },
];

describe('changes held against what went wrong', () => {
  test.each(guilty.map((each) => [each.what, each] as const))('guilty: %s', (_, each) => {
    expect(fit(each)).toBeGreaterThanOrEqual(0.6);
  });

  test.each(more)('guilty: %s', (what, path, diff, said) => {
    expect(fit({ what, path, diff, said })).toBeGreaterThanOrEqual(0.5);
  });

  test.each(innocent.map((each) => [each.what, each] as const))('innocent: %s', (_, each) => {
    expect(fit(each)).toBe(0);
  });

  test('what one brought about another did not: few of the guilty fit each other’s incidents well', () => {
    const crossed = guilty.flatMap((change) =>
      guilty.filter((other) => other !== change).map((other) => fit({ ...change, said: other.said })),
    );
    expect(crossed.filter((score) => score >= 0.9).length / crossed.length).toBeLessThan(0.03);
    expect(crossed.filter((score) => score >= 0.6).length / crossed.length).toBeLessThan(0.15);
  });
});
