import { object } from './objects.js';
import type { Scenario } from './scenario.js';
import type { World } from './world.js';

function complains(w: World, pod: string, line: string, from: number, to: number): void {
  for (let at = from; at <= to; at += 6) {
    w.at(at);
    w.log(pod, line, 'error');
  }
}

function measures(w: World, of: string, values: Readonly<Record<string, number>>, from: number, to: number): void {
  for (let at = from; at <= to; at += 10) {
    w.at(at);
    w.metrics(of, values);
  }
}

/** The shop's usual traffic, so that what is typical of each edge is known. */
function traffic(
  w: World,
  from: number,
  to: number,
  change: Readonly<
    Record<string, { readonly latencyMs?: number; readonly count?: number; readonly errorRatio?: number }>
  > = {},
): void {
  const edges = [
    ['frontend', 'catalog', 6],
    ['frontend', 'cart', 5],
    ['catalog', 'db', 2],
    ['cart', 'cache', 1],
    ['checkout', 'payment', 8],
  ] as const;
  for (let at = from; at <= to; at += 10) {
    w.at(at);
    for (const [caller, callee, latencyMs] of edges)
      w.flow(`Pod/shop/${caller}-5f7b9-a`, callee, {
        count: 200 + ((at / 10) % 3),
        latencyMs: latencyMs + ((at / 10) % 2) * 0.2,
        ...change[`${caller} ${callee}`],
      });
  }
}

/** Runs of a report each hour, and the hours at which the catalog answers late: at first for a moment, the last time for longer. */
function everyHour(w: World, runs: readonly number[], late: readonly number[]): void {
  w.create(object('batch/v1', 'CronJob', 'shop', 'report', { spec: { schedule: '20 * * * *' } }));
  const owner = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    name: 'report',
    uid: 'uid-cronjob-shop-report',
    controller: true,
  };
  const second = (hour: number): number => Math.round(1_200 + hour * 3_600);
  const moments: (readonly [number, () => void])[] = runs.map((hour) => [
    second(hour),
    () =>
      w.evidence(() => {
        const metadata = { creationTimestamp: w.clock(), ownerReferences: [owner] };
        w.create(
          object('batch/v1', 'Job', 'shop', `report-${hour}`, { status: { active: 1 } }, metadata),
          'cronjob-controller',
        );
      }),
  ]);
  const waits = (): void =>
    w.log('Pod/shop/frontend-5f7b9-a', 'catalog call failed: read ETIMEDOUT 10.96.0.23:3550', 'error');
  late.forEach((hour, i) => {
    const times = i === late.length - 1 ? [0, 5, 10, 15, 20, 25, 30, 35] : [0];
    for (const more of times) moments.push([second(hour) + 30 + more, waits]);
  });
  for (const [at, happens] of moments.sort(([a], [b]) => a - b)) {
    w.at(at);
    happens();
  }
}

/** What programs do to each other: load, retries, slowness, quotas, flags and shared faults. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'E13',
    expect: { category: ['node.disk-slow'], on: ['Node/n1'] },
    play(w) {
      for (let at = 30; at <= 70; at += 10) {
        w.at(at);
        w.evidence(() =>
          w.metrics(
            'Node/n1',
            { 'system.disk.latency.p99': 820, 'node.pressure.io.waiting': 0.81 },
            { device: 'nvme1n1' },
          ),
        );
        w.event(
          'Unhealthy',
          'Pod/shop/db-0',
          'Liveness probe failed: command timed out: "pg_isready" timed out after 1s',
        );
        w.log('Pod/shop/catalog-5f7b9-a', 'db call failed: read ETIMEDOUT 10.96.0.27:5432', 'error');
      }
    },
    guard(w) {
      for (let at = 30; at <= 70; at += 10) {
        w.at(at);
        w.metrics('Node/n1', { 'system.disk.latency.p99': 4, 'node.pressure.io.waiting': 0.02 }, { device: 'nvme1n1' });
        w.log('Pod/shop/catalog-5f7b9-a', 'db call failed: read ETIMEDOUT 10.96.0.27:5432', 'error');
      }
    },
  },
  {
    id: 'E17',
    expect: { category: ['app.cpu-saturated'], on: ['Deployment/shop/payment'] },
    play(w) {
      for (let at = 10; at <= 110; at += 10) {
        w.at(at);
        w.metrics('Pod/shop/payment-5f7b9-a', { 'k8s.pod.cpu.usage': 0.2 + 0.01 * ((at / 10) % 3) });
        w.metrics('Pod/shop/cart-5f7b9-a', {
          'k8s.pod.cpu.usage': 0.1,
          'http.server.request.duration': 0.02 + 0.001 * ((at / 10) % 2),
        });
        w.metrics('Node/n1', { 'node.pressure.cpu.waiting': 0.03 });
      }
      for (let at = 120; at <= 190; at += 10) {
        w.at(at);
        w.evidence(() => w.metrics('Pod/shop/payment-5f7b9-a', { 'k8s.pod.cpu.usage': 3.6 }));
        w.metrics('Node/n1', { 'node.pressure.cpu.waiting': 0.72 });
        w.metrics('Pod/shop/cart-5f7b9-a', { 'k8s.pod.cpu.usage': 0.1, 'http.server.request.duration': 0.4 });
      }
    },
    guard(w) {
      // The node is busy, and no pod of it more than usual.
      for (let at = 10; at <= 110; at += 10) {
        w.at(at);
        w.metrics('Pod/shop/payment-5f7b9-a', { 'k8s.pod.cpu.usage': 0.2 });
        w.metrics('Node/n1', { 'node.pressure.cpu.waiting': 0.03 });
      }
      for (let at = 120; at <= 190; at += 10) {
        w.at(at);
        w.metrics('Pod/shop/payment-5f7b9-a', { 'k8s.pod.cpu.usage': 0.2 });
        w.metrics('Node/n1', { 'node.pressure.cpu.waiting': 0.72 });
      }
    },
  },
  {
    id: 'I10',
    expect: { category: ['app.retry-storm'], on: ['Deployment/shop/checkout'] },
    play(w) {
      traffic(w, 10, 120);
      for (let at = 130; at <= 190; at += 10) {
        w.evidence(() => traffic(w, at, at, { 'checkout payment': { count: 1_700, errorRatio: 0.6, latencyMs: 9 } }));
        w.log('Pod/shop/checkout-5f7b9-a', 'payment call failed: http://payment:50051 returned 503', 'error');
      }
    },
    guard(w) {
      // It fails, and is called as often as before.
      traffic(w, 10, 120);
      traffic(w, 130, 190, { 'checkout payment': { count: 201, errorRatio: 0.6, latencyMs: 9 } });
    },
  },
  {
    id: 'I11',
    expect: { category: ['app.event-loop-blocked'], on: ['Deployment/shop/cart'] },
    play(w) {
      for (let at = 30; at <= 70; at += 10) {
        w.at(at);
        w.evidence(() =>
          w.metrics('Pod/shop/cart-5f7b9-a', {
            'nodejs.eventloop.utilization': 0.99,
            'nodejs.eventloop.delay.p99': 1.8,
          }),
        );
        w.event(
          'Unhealthy',
          'Pod/shop/cart-5f7b9-a',
          'Liveness probe failed: Get "http://10.244.1.13:7070/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
        );
        w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: read ETIMEDOUT 10.96.0.22:7070', 'error');
      }
    },
    guard(w) {
      measures(
        w,
        'Pod/shop/cart-5f7b9-a',
        { 'nodejs.eventloop.utilization': 0.4, 'nodejs.eventloop.delay.p99': 0.02 },
        30,
        70,
      );
    },
  },
  {
    id: 'I12',
    expect: { category: ['app.gc-thrash', 'app.memory-exhausted'], on: ['Deployment/shop/catalog'] },
    play(w) {
      for (let at = 30; at <= 70; at += 10) {
        w.at(at);
        w.evidence(() => w.metrics('Pod/shop/catalog-5f7b9-a', { 'jvm.gc.time.ratio': 0.71 }));
        w.evidence(() =>
          w.log('Pod/shop/catalog-5f7b9-a', 'java.lang.OutOfMemoryError: GC overhead limit exceeded', 'error'),
        );
        w.log('Pod/shop/frontend-5f7b9-a', 'catalog call failed: read ETIMEDOUT 10.96.0.23:3550', 'error');
      }
    },
    guard(w) {
      measures(w, 'Pod/shop/catalog-5f7b9-a', { 'jvm.gc.time.ratio': 0.02 }, 30, 70);
    },
  },
  {
    id: 'I13',
    expect: { category: ['change.bad-config', 'change.config'], on: ['ConfigMap/shop/flags'] },
    play(w) {
      w.create(object('v1', 'ConfigMap', 'shop', 'flags', { data: { 'flags.json': '{"newCart":"off"}' } }));
      w.patch('Deployment/shop/cart', {
        spec: { template: { spec: { volumes: [{ name: 'flags', configMap: { name: 'flags' } }] } } },
      });
      w.at(700);
      w.evidence(() => w.patch('ConfigMap/shop/flags', { data: { 'flags.json': '{"newCart":"on"}' } }));
      complains(
        w,
        'Pod/shop/cart-5f7b9-a',
        "TypeError: Cannot read properties of undefined (reading 'price')",
        706,
        740,
      );
    },
    guard(w) {
      w.create(object('v1', 'ConfigMap', 'shop', 'flags', { data: { 'flags.json': '{"newCart":"off"}' } }));
      w.at(700);
      complains(
        w,
        'Pod/shop/cart-5f7b9-a',
        "TypeError: Cannot read properties of undefined (reading 'price')",
        706,
        740,
      );
    },
  },
  {
    id: 'I14',
    expect: { category: ['call.rate-limited'], on: ['Deployment/shop/payment'] },
    play(w) {
      w.evidence(() =>
        complains(
          w,
          'Pod/shop/payment-5f7b9-a',
          'charge failed: https://api.bank.example.com/v1/charges returned status code 429: rate limit exceeded',
          30,
          66,
        ),
      );
    },
    guard(w) {
      complains(
        w,
        'Pod/shop/payment-5f7b9-a',
        'charge failed: https://api.bank.example.com/v1/charges returned status code 500',
        30,
        66,
      );
    },
  },
  {
    id: 'I15',
    expect: {
      category: ['app.load-up', 'app.cpu-saturated'],
      on: ['Deployment/shop/frontend', 'Deployment/shop/catalog'],
    },
    play(w) {
      for (let at = 10; at <= 110; at += 10) {
        w.at(at);
        w.metrics('Pod/shop/frontend-5f7b9-a', { 'http.server.requests.rate': 100 + ((at / 10) % 3) });
        w.metrics('Pod/shop/catalog-5f7b9-a', {
          'http.server.requests.rate': 90 + ((at / 10) % 3),
          'container.cpu.limit_utilization': 0.3 + 0.01 * ((at / 10) % 2),
        });
      }
      for (let at = 120; at <= 190; at += 10) {
        w.at(at);
        w.evidence(() => {
          w.metrics('Pod/shop/frontend-5f7b9-a', { 'http.server.requests.rate': 900 });
          w.metrics('Pod/shop/catalog-5f7b9-a', {
            'http.server.requests.rate': 820,
            'container.cpu.limit_utilization': 1,
          });
        });
        w.log('Pod/shop/frontend-5f7b9-a', 'catalog call failed: read ETIMEDOUT 10.96.0.23:3550', 'error');
      }
    },
    guard(w) {
      for (let at = 10; at <= 190; at += 10) {
        w.at(at);
        w.metrics('Pod/shop/frontend-5f7b9-a', { 'http.server.requests.rate': 100 + ((at / 10) % 3) });
        if (at >= 120)
          w.log('Pod/shop/frontend-5f7b9-a', 'catalog call failed: read ETIMEDOUT 10.96.0.23:3550', 'error');
      }
    },
  },
  {
    id: 'I16',
    expect: { category: ['app.slow', 'call.slow'], on: ['StatefulSet/shop/db', 'Deployment/shop/catalog'] },
    play(w) {
      traffic(w, 10, 1_300);
      w.evidence(() =>
        traffic(w, 1_310, 1_390, { 'catalog db': { latencyMs: 900 }, 'frontend catalog': { latencyMs: 910 } }),
      );
    },
    guard(w) {
      // The catalog itself is slow; its database answers as ever.
      traffic(w, 10, 1_300);
      traffic(w, 1_310, 1_390, { 'frontend catalog': { latencyMs: 910 } });
    },
  },
  {
    id: 'I17',
    expect: { category: ['call.failed', 'app.errors-up'], on: ['Deployment/shop/payment', 'Deployment/shop/checkout'] },
    play(w) {
      traffic(w, 10, 120);
      for (let at = 130; at <= 190; at += 10) {
        w.evidence(() => traffic(w, at, at, { 'checkout payment': { errorRatio: 0.7 } }));
        w.log(
          'Pod/shop/checkout-5f7b9-a',
          'payment call failed: http://payment:50051/charge returned 502: unexpected token < in JSON',
          'error',
        );
      }
    },
    guard(w) {
      traffic(w, 10, 120);
      complains(w, 'Pod/shop/checkout-5f7b9-a', 'payment call failed: connect ECONNREFUSED 10.96.0.25:50051', 130, 190);
    },
  },
  {
    id: 'I18',
    expect: { category: ['app.periodic-load'], on: ['CronJob/shop/report'] },
    play(w) {
      everyHour(w, [0, 1, 2, 3], [0, 1, 2, 3]);
    },
    guard(w) {
      // It runs each hour; what becomes slow does so at other times.
      everyHour(w, [0, 1, 2, 3], [0.4, 1.7, 2.3, 3.6]);
    },
  },
  {
    id: 'I20',
    expect: { category: ['app.license-expired'], on: ['Deployment/shop/catalog'] },
    play(w) {
      w.evidence(() =>
        complains(
          w,
          'Pod/shop/catalog-5f7b9-a',
          'search disabled: license has expired on 2026-11-24T00:00:00Z',
          30,
          66,
        ),
      );
      w.notReady('Pod/shop/catalog-5f7b9-a');
    },
    guard(w) {
      complains(w, 'Pod/shop/catalog-5f7b9-a', 'search disabled: index items is not ready', 30, 66);
    },
  },
  {
    id: 'I21',
    expect: { category: ['app.shared-fault', 'change.bad-config', 'change.config'], on: ['ConfigMap/shop/app-config'] },
    play(w) {
      w.at(20);
      w.evidence(() => w.patch('ConfigMap/shop/app-config', { data: { CURRENCY: 'EURO' } }));
      for (const at of [40, 46, 52, 58]) {
        w.at(at);
        w.evidence(() => {
          for (const name of ['frontend', 'cart', 'checkout'])
            w.log(
              `Pod/shop/${name}-5f7b9-a`,
              'panic: money.Parse: unknown currency code in configuration of the pricing library',
              'fatal',
            );
        });
      }
      for (const name of ['frontend', 'cart', 'checkout']) w.crashes(`Pod/shop/${name}-5f7b9-a`, { exitCode: 2 });
    },
    guard(w) {
      for (const at of [40, 46, 52, 58]) {
        w.at(at);
        w.log(
          'Pod/shop/cart-5f7b9-a',
          'panic: money.Parse: unknown currency code in configuration of the pricing library',
          'fatal',
        );
      }
      w.crashes('Pod/shop/cart-5f7b9-a', { exitCode: 2 });
    },
  },
];
