import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { agentFromConfig } from '../../agent/from-config.js';
import { loadConfig } from '../../src/config/load-config.js';
import type { RawEvent } from '../../src/model/raw-event.js';
import { now } from '../../src/model/time.js';
import { describeWith } from '../servers/availability.js';
import { startControlPlane, type ApiObject, type ControlPlane } from '../servers/control-plane.js';
import { temporaryFolder } from '../servers/processes.js';

describeWith(['control-plane'], 'a log line of a pod of a real API server', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let cluster: ControlPlane;

  beforeAll(async () => {
    folder = temporaryFolder();
    cluster = await startControlPlane({ controllerManager: true });
  }, 180_000);

  afterAll(async () => {
    await cluster.stop();
    folder.remove();
  }, 60_000);

  test('says its node, workload, service and container, and goes on saying so after the pod is deleted', async () => {
    const labels = { app: 'cart' };
    const containers = [{ name: 'app', image: 'cart:1' }];
    await cluster.call('POST', '/api/v1/namespaces', object('v1', 'Namespace', 'shop', {}));
    await cluster.call(
      'POST',
      '/api/v1/namespaces/shop/services',
      object('v1', 'Service', 'cart-service', { selector: labels, ports: [{ port: 80 }] }),
    );
    await cluster.call(
      'POST',
      '/apis/apps/v1/namespaces/shop/deployments',
      object('apps/v1', 'Deployment', 'cart', {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      }),
    );
    const pods = '/api/v1/namespaces/shop/pods';
    const pod = await until(async () => (await cluster.list(pods))[0]);
    const { name, uid } = pod.metadata;
    await cluster.call('POST', `${pods}/${name}/binding`, {
      ...object('v1', 'Binding', name, {}),
      target: { apiVersion: 'v1', kind: 'Node', name: 'node-7' },
    });

    const kubeconfig = join(folder.path, 'kubeconfig');
    writeFileSync(kubeconfig, cluster.kubeConfig.exportConfig());
    const env = {
      KUBECONFIG: kubeconfig,
      NODE_NAME: 'node-7',
      AGENT_COLLECTORS: 'kubernetes,container-logs',
      AGENT_POD_LOGS: join(folder.path, 'pods'),
    };
    const events: RawEvent[] = [];
    const agent = agentFromConfig({
      config: loadConfig({ role: 'agent', file: null, env }),
      transport: null,
      tee: (event) => events.push(event),
      log: pino({ level: 'silent' }),
      registry: new Registry(),
    });
    const lines = () => events.filter(({ data }) => data.kind === 'line');
    const logFile = join(folder.path, 'pods', `shop_${name}_${uid}`, 'app', '0.log');
    mkdirSync(join(logFile, '..'), { recursive: true });
    writeFileSync(logFile, '');
    await agent.start();
    try {
      const containerId = 'e'.repeat(64);
      const startedAt = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
      const status = {
        containerStatuses: [
          {
            name: 'app',
            image: 'cart:1',
            imageID: '',
            ready: true,
            restartCount: 0,
            containerID: `containerd://${containerId}`,
            state: { running: { startedAt } },
          },
        ],
      };
      await cluster.call('PATCH', `${pods}/${name}/status`, { status }, 'application/merge-patch+json');
      await until(async () => events.find((event) => JSON.stringify(event.data).includes(containerId)));
      appendFileSync(logFile, `${now()} stderr F panic: boom\n`);
      await until(async () => lines()[0]);
      expect(lines()[0]!.metadata).toEqual({
        cluster: cluster.kubeConfig.getCurrentCluster()!.name,
        source: 'container-logs@node-7',
        node: 'node-7',
        namespace: 'shop',
        pod: name,
        podUid: uid,
        container: 'app',
        containerId,
        workload: 'cart',
        workloadKind: 'Deployment',
        service: 'cart-service',
      });

      await cluster.call('DELETE', `${pods}/${name}?gracePeriodSeconds=0`);
      await until(async () =>
        events.find(({ data, metadata }) => data['action'] === 'DELETED' && metadata.pod === name),
      );
      appendFileSync(logFile, `${now()} stderr F last words\n`);
      await until(async () => lines()[1]);
      expect(lines()[1]!.metadata).toEqual(lines()[0]!.metadata);
    } finally {
      await agent.stop();
    }
  }, 120_000);
});

function object(apiVersion: string, kind: string, name: string, spec: object): ApiObject {
  return { apiVersion, kind, metadata: { name }, ...(Object.keys(spec).length > 0 ? { spec } : {}) };
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(100);
  }
}
