import type { KubernetesObject } from '../../../src/model/payloads.js';
import { condition, object, podOf } from './objects.js';
import type { World } from './world.js';

/** Jobs and CronJobs, which the healthy shop has none of. */

export function job(w: World, name: string, metadata: object = {}, spec: object = {}): string {
  return w.create(
    object(
      'batch/v1',
      'Job',
      'shop',
      name,
      {
        spec: {
          backoffLimit: 2,
          completions: 1,
          parallelism: 1,
          template: {
            metadata: { labels: { 'batch.kubernetes.io/job-name': name } },
            spec: {
              restartPolicy: 'Never',
              containers: [{ name: 'run', image: `registry.example.com/shop/${name}:1.4.2` }],
            },
          },
          ...spec,
        },
        status: { active: 1, startTime: w.clock() },
      },
      { creationTimestamp: w.clock(), ...metadata },
    ),
  );
}

/** One try of a Job: a pod that runs on n1. */
export function tries(w: World, of: string, index: number): string {
  const { name } = w.get(of).metadata;
  return w.create(
    podOf(w.get(of), { name: `${name}-${'abcd'[index]!}`, node: 'n1', ip: `10.244.1.${150 + index}`, at: w.clock() }),
    'kube-controller-manager',
  );
}

/** A try that ends with an error; the pod stays as Failed. */
export function triedInVain(w: World, of: string, index: number, exitCode = 1): void {
  const pod = tries(w, of, index);
  w.at(w.second + 5);
  w.ended(pod, { exitCode, ranS: 5 });
  w.patch(pod, { status: { phase: 'Failed' } });
  w.patch(of, { status: { failed: index + 1, active: 0 } });
}

export function jobFails(w: World, of: string, reason: string, message: string): void {
  w.patch(of, { status: { active: 0, conditions: [condition('Failed', true, reason, w.clock(), message)] } });
}

export function cronJob(w: World, name: string, schedule = '*/5 * * * *'): string {
  return w.create(
    object('batch/v1', 'CronJob', 'shop', name, {
      spec: {
        schedule,
        concurrencyPolicy: 'Forbid',
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'run', image: 'report:1' }] } } },
        },
      },
      status: { lastScheduleTime: w.clock(600) },
    }),
  );
}

export function autoscaler(w: World, name: string, target: string, status: object = {}): string {
  return w.create(
    object('autoscaling/v2', 'HorizontalPodAutoscaler', 'shop', name, {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
        minReplicas: 2,
        maxReplicas: 6,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
        ],
      },
      status: {
        currentReplicas: 2,
        desiredReplicas: 2,
        conditions: [
          condition('AbleToScale', true, 'ReadyForNewScale', w.clock(3600)),
          condition('ScalingActive', true, 'ValidMetricFound', w.clock(3600)),
          condition('ScalingLimited', false, 'DesiredWithinRange', w.clock(3600)),
        ],
        ...status,
      },
    }),
  );
}

/** A Deployment of one pod with its Service, as `kubectl create` and the controllers leave it. */
export function singleDeployment(
  w: World,
  made: { readonly deployment: KubernetesObject; readonly set: KubernetesObject; readonly node?: string },
): string {
  const { deployment, set, node = 'n1' } = made;
  w.create(deployment);
  w.create(set, 'kube-controller-manager');
  return w.create(
    podOf(set, { name: `${set.metadata.name}-a`, node, ip: '10.244.1.170', at: w.clock(3600) }),
    'kube-controller-manager',
  );
}
