import type { Scenario } from './scenario.js';
import type { World } from './world.js';

const db = ['StatefulSet/shop/db'];
const cache = ['Deployment/shop/cache'];

function complains(
  w: World,
  pod: string,
  line: string,
  from: number,
  to: number,
  level: string | null = 'error',
): void {
  for (let at = from; at <= to; at += 6) {
    w.at(at);
    w.log(pod, line, level);
  }
}

function measures(w: World, of: string, values: Readonly<Record<string, number>>, from: number, to: number): void {
  for (let at = from; at <= to; at += 10) {
    w.at(at);
    w.metrics(of, values);
  }
}

/** Databases, caches and queues, and what their clients make of their failures. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'I01',
    expect: { category: ['app.data-corrupt', 'container.crash-loop', 'log.fatal'], on: db },
    play(w) {
      w.at(30);
      w.evidence(() => {
        w.log('Pod/shop/db-0', 'PANIC:  could not locate a valid checkpoint record; pg_control is corrupted', 'fatal');
        w.crashes('Pod/shop/db-0', { exitCode: 1 });
      });
      for (const at of [33, 39, 46]) {
        w.at(at);
        w.log(
          'Pod/shop/catalog-5f7b9-a',
          'could not connect to server: Connection refused. Is the server running on host "db" (10.96.0.27) and accepting TCP/IP connections on port 5432?',
          'error',
        );
        w.log('Pod/shop/frontend-5f7b9-a', 'catalog call failed: http://catalog:3550/items returned 500', 'error');
      }
    },
    guard(w) {
      // The database runs; its client has the wrong name for it.
      complains(
        w,
        'Pod/shop/catalog-5f7b9-a',
        'could not translate host name "database" to address: Name or service not known',
        30,
        60,
      );
    },
  },
  {
    id: 'I02',
    expect: { category: ['db.connections-exhausted'], on: db },
    play(w) {
      for (const at of [30, 36, 42, 48]) {
        w.at(at);
        w.evidence(() => {
          w.log('Pod/shop/db-0', 'FATAL:  sorry, too many clients already', 'error');
          w.metrics('Pod/shop/db-0', { 'postgresql.connections.utilization': 1 });
          w.log('Pod/shop/catalog-5f7b9-a', 'query failed: FATAL: sorry, too many clients already (db:5432)', 'error');
        });
        w.log('Pod/shop/frontend-5f7b9-a', 'catalog call failed: http://catalog:3550/items returned 500', 'error');
      }
    },
    guard(w) {
      // The client's own pool is too small; the database has room.
      for (const at of [30, 36, 42, 48]) {
        w.at(at);
        w.metrics('Pod/shop/db-0', { 'postgresql.connections.utilization': 0.2 });
        w.log(
          'Pod/shop/catalog-5f7b9-a',
          'TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00',
          'error',
        );
      }
    },
  },
  {
    id: 'I03',
    expect: { category: ['db.lock-contention'], on: db },
    play(w) {
      for (const at of [30, 36, 42, 48]) {
        w.at(at);
        w.evidence(() => {
          w.log(
            'Pod/shop/db-0',
            'LOG:  process 2411 still waiting for AccessShareLock on relation 16402 of database 16384 after 1000.112 ms',
            'warn',
          );
          w.metrics('Pod/shop/db-0', { 'postgresql.locks.waiting': 34 });
        });
        w.log(
          'Pod/shop/catalog-5f7b9-a',
          'query failed: canceling statement due to statement timeout (db:5432)',
          'error',
        );
      }
    },
    guard(w) {
      complains(w, 'Pod/shop/catalog-5f7b9-a', 'query failed: relation "items" does not exist', 30, 48);
    },
  },
  {
    id: 'I04',
    expect: { category: ['db.replication-lag'], on: db },
    play(w) {
      w.evidence(() => measures(w, 'Pod/shop/db-0', { 'postgresql.replication.lag.seconds': 184 }, 30, 70));
    },
    guard(w) {
      measures(w, 'Pod/shop/db-0', { 'postgresql.replication.lag.seconds': 0.4 }, 30, 70);
    },
  },
  {
    id: 'I05',
    expect: { category: ['db.failover'], on: db },
    play(w) {
      w.patch('Pod/shop/db-0', { metadata: { labels: { role: 'replica' } } });
      w.at(30);
      w.evidence(() => w.patch('Pod/shop/db-0', { metadata: { labels: { role: 'master' } } }));
      complains(
        w,
        'Pod/shop/catalog-5f7b9-a',
        'query failed: cannot execute INSERT in a read-only transaction (db:5432)',
        33,
        60,
      );
    },
    guard(w) {
      w.at(30);
      complains(
        w,
        'Pod/shop/catalog-5f7b9-a',
        'query failed: cannot execute INSERT in a read-only transaction (db:5432)',
        33,
        60,
      );
    },
  },
  {
    id: 'I06',
    expect: { category: ['db.memory-exhausted'], on: cache },
    play(w) {
      w.evidence(() =>
        complains(
          w,
          'Pod/shop/cart-5f7b9-a',
          "ReplyError: OOM command not allowed when used memory > 'maxmemory'. (cache:6379)",
          30,
          60,
        ),
      );
    },
    guard(w) {
      complains(
        w,
        'Pod/shop/cart-5f7b9-a',
        'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
        30,
        60,
      );
    },
  },
  {
    id: 'I07',
    expect: { category: ['db.password-required'], on: cache },
    play(w) {
      w.evidence(() =>
        complains(w, 'Pod/shop/cart-5f7b9-a', 'ReplyError: NOAUTH Authentication required. (cache:6379)', 30, 60),
      );
    },
    guard(w) {
      complains(w, 'Pod/shop/cart-5f7b9-a', 'cache call failed: connect ECONNREFUSED 10.96.0.26:6379', 30, 60);
    },
  },
  {
    id: 'I08',
    expect: { category: ['queue.consumer-behind', 'queue.broker-degraded'], on: ['Deployment/shop/checkout'] },
    play(w) {
      measures(w, 'Pod/shop/checkout-5f7b9-a', { 'kafka.consumer.records.lag': 40 }, 10, 120);
      w.evidence(() => {
        for (const [at, lag] of [
          [130, 2_400],
          [140, 5_100],
          [150, 9_800],
          [160, 14_900],
          [170, 21_000],
        ] as const) {
          w.at(at);
          w.metrics('Pod/shop/checkout-5f7b9-a', { 'kafka.consumer.records.lag': lag });
        }
      });
    },
    guard(w) {
      // Up and down with the work, as ever.
      for (const [at, lag] of [40, 60, 35, 80, 55, 42, 70, 48, 66, 52, 90, 44].entries()) {
        w.at(10 + 10 * at);
        w.metrics('Pod/shop/checkout-5f7b9-a', { 'kafka.consumer.records.lag': lag });
      }
    },
  },
  {
    id: 'I09',
    expect: { category: ['pipeline.behind'], on: ['Deployment/shop/throughline-ingest'] },
    play(w) {
      w.evidence(() =>
        measures(w, 'Deployment/shop/throughline-ingest', { 'throughline.pipeline.lag.seconds': 92 }, 30, 70),
      );
    },
    guard(w) {
      measures(w, 'Deployment/shop/throughline-ingest', { 'throughline.pipeline.lag.seconds': 1.1 }, 30, 70);
    },
  },
  {
    id: 'I19',
    expect: {
      category: ['db.schema-mismatch', 'change.bad-release'],
      on: ['Deployment/shop/catalog', 'StatefulSet/shop/db'],
    },
    play(w) {
      w.at(30);
      const pod = w.rollout('Deployment/shop/catalog', {
        spec: { containers: [{ name: 'catalog', image: 'registry.example.com/shop/catalog:2.0.0' }] },
      });
      w.at(36);
      w.comesUp(pod);
      w.evidence(() => complains(w, pod, 'ERROR: column "tax_rate" does not exist at character 42', 40, 66));
    },
    guard(w) {
      complains(w, 'Pod/shop/catalog-5f7b9-a', 'query failed: deadlock detected', 40, 66);
    },
  },
  {
    id: 'I22',
    expect: { category: ['app.poison-message'], on: ['Deployment/shop/checkout'] },
    play(w) {
      for (const at of [30, 55, 85, 120]) {
        w.at(at);
        w.evidence(() =>
          w.log(
            'Pod/shop/checkout-5f7b9-a',
            'Error: failed to deserialize record with offset 88213 of topic orders-2: unexpected end of input',
            'error',
          ),
        );
        w.crashes('Pod/shop/checkout-5f7b9-a', { exitCode: 1 });
        w.at(at + 12);
        w.started('Pod/shop/checkout-5f7b9-a');
      }
    },
    guard(w) {
      // A different one each time: it is the program.
      for (const [n, at] of [30, 55, 85, 120].entries()) {
        w.at(at);
        w.log(
          'Pod/shop/checkout-5f7b9-a',
          `Error: failed to deserialize record with offset 8821${n} of topic orders-2: unexpected end of input`,
          'error',
        );
        w.crashes('Pod/shop/checkout-5f7b9-a', { exitCode: 1 });
        w.at(at + 12);
        w.started('Pod/shop/checkout-5f7b9-a');
      }
    },
  },
];
