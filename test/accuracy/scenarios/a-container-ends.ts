import type { Scenario } from './scenario.js';

/** Containers and processes that end by themselves or are killed. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'A01',
    expect: { category: ['container.oom-killed'], on: ['Deployment/shop/cart'] },
    play(w) {
      w.at(30);
      const [pod] = w.pods('Deployment/shop/cart') as [string];
      for (const [at, ranS] of [
        [30, 25],
        [70, 24],
      ] as const) {
        w.at(at);
        w.evidence(() => w.oomVictim(pod));
        w.exit(pod, { signal: 9 });
        w.crashes(pod, { exitCode: 137, reason: 'OOMKilled', ranS });
        w.at(at + 12);
        w.started(pod);
      }
      w.log('Pod/shop/frontend-5f7b9-a', 'cart call failed: connect ECONNREFUSED 10.96.0.22:7070', 'error');
    },
    guard(w) {
      w.at(30);
      const [pod] = w.pods('Deployment/shop/cart') as [string];
      // 137 without a witness of the OOM killer: somebody sent SIGKILL.
      w.exit(pod, { signal: 9 });
      w.crashes(pod, { exitCode: 137 });
    },
  },
];
