import { KubeConfig } from '@kubernetes/client-node';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from '../src/config/load-config.js';
import type { CollectorName } from '../src/config/schema.js';
import type { Source } from './agent.js';
import type { Collector } from './collector.js';
import { createContainerLogs } from './collectors/container-logs/collector.js';
import { createKernelCollector } from './collectors/kernel/kernel.js';
import { createKubernetesCollector } from './collectors/kubernetes/kubernetes.js';
import type { Redactor } from './redaction.js';

export interface SourcesOptions {
  readonly config: Config;
  readonly cluster: ClusterAccess;
  /** Null: container logs are not remembered between starts. */
  readonly logCheckpoint: string | null;
  readonly redactor: Redactor;
  readonly log: Logger;
  readonly registry: Registry;
}

/** How the cluster is reached, and what it is called in every event. */
export interface ClusterAccess {
  readonly name: string;
  readonly kubeConfig: KubeConfig | null;
  /** Why there is none, in words an operator can act on. */
  readonly reason: string | null;
}

const serviceAccountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** The configured kubeconfig, else ~/.kube/config, else the pod's service account. Never fails: without any, the reason is in the answer. */
export function clusterAccess(config: Config): ClusterAccess {
  const { name, kubeconfig } = config.cluster;
  const fallbackName = name ?? 'local';
  const kubeConfig = new KubeConfig();
  const homeFile = join(homedir(), '.kube', 'config');
  try {
    if (kubeconfig !== null) loadFiles(kubeConfig, kubeconfig.split(delimiter).filter(Boolean));
    else if (existsSync(homeFile)) loadFiles(kubeConfig, [homeFile]);
    else if (existsSync(serviceAccountToken)) kubeConfig.loadFromCluster();
    else
      return {
        name: fallbackName,
        kubeConfig: null,
        reason: `there is no kubeconfig: neither KUBECONFIG nor ${homeFile} names a cluster`,
      };
  } catch (error) {
    return {
      name: fallbackName,
      kubeConfig: null,
      reason: `the kubeconfig cannot be used: ${(error as Error).message}`,
    };
  }
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null)
    return { name: fallbackName, kubeConfig: null, reason: 'the kubeconfig has no current context' };
  return { name: name ?? cluster.name, kubeConfig, reason: null };
}

/** One row for each collector that can be configured; a new source is one more. */
const creators: Readonly<Record<CollectorName, (options: SourcesOptions) => Source>> = {
  kubernetes: ({ cluster, redactor, log, registry }) => ({
    type: 'kubeapi',
    node: null,
    first: true,
    collector:
      cluster.kubeConfig === null
        ? absentCollector('kubernetes', cluster.reason ?? 'there is no cluster')
        : createKubernetesCollector({
            kubeConfig: cluster.kubeConfig,
            clusterName: cluster.name,
            namespaces: null,
            redactor,
            log,
            registry,
          }),
  }),
  kernel: ({ config, log, registry }) => ({
    type: 'ebpf',
    node: config.agent.node,
    collector: createKernelCollector({ node: config.agent.node, hostRoot: config.agent.hostRoot, log, registry }),
  }),
  'container-logs': ({ config, logCheckpoint, log, registry }) => ({
    type: 'log',
    node: config.agent.node,
    collector: createContainerLogs({
      root: config.agent.podLogs,
      node: config.agent.node,
      checkpointPath: logCheckpoint,
      startAt: config.agent.podLogsFrom,
      log,
      registry,
    }),
  }),
};

/** The collectors that the configuration asks for. One whose source is not there reports why, instead of being left out. */
export function createSources(options: SourcesOptions): Source[] {
  return options.config.agent.collectors.map((name) => creators[name](options));
}

function absentCollector(name: CollectorName, reason: string): Collector {
  return {
    name,
    start: async () => undefined,
    stop: async () => undefined,
    health: () => ({ state: 'down', reason, lost: 0 }),
  };
}

function loadFiles(kubeConfig: KubeConfig, paths: readonly string[]): void {
  for (const [at, path] of paths.entries()) {
    if (at === 0) {
      kubeConfig.loadFromFile(path);
      continue;
    }
    const next = new KubeConfig();
    next.loadFromFile(path);
    kubeConfig.mergeConfig(next, true);
  }
}
