import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../../src/config/package-root.js';
import { startProxy } from './control-plane.js';
import { awaitReady, startProcess, temporaryFolder } from './processes.js';
import { binary } from './programs.js';

/**
 * A real Kubernetes node with its control plane, scheduler, service proxy and cluster DNS. It has network, mounts and process ids of its
 * own, so it runs beside other nodes of this machine; the kernel is the one that everybody has.
 */
export interface KubernetesNode {
  readonly name: string;
  /** Path of a kubeconfig of a member of system:masters. */
  readonly kubeconfig: string;
  /** Where the kubelet keeps the logs of containers. */
  readonly podLogs: string;
  /** Its output; fails with what it printed when it ends with another code than 0. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** `kubectl apply` of objects. */
  apply(...objects: readonly object[]): Promise<void>;
  /** Ends every process of it, the containers' too, and removes its files and cgroups. */
  stop(): Promise<void>;
}

/** Takes about 20 s on two cores. Suites guard it with `describeWith(['node'], …)`. */
export async function startNode(): Promise<KubernetesNode> {
  const folder = temporaryFolder('throughline-node-');
  const cgroup = `/${basename(folder.path)}`;
  const run = join(folder.path, 'run');
  const before = kernelSettings();
  const node = await startProcess({
    command: join(packageRoot(), 'scripts', 'servers', 'alone'),
    arguments: [cgroup],
    env: { THROUGHLINE_RUN: run },
    logFile: join(folder.path, 'node.log'),
  });
  const proxy = await startProxy({ path: join(run, 'api.sock') });

  async function stop(): Promise<void> {
    await node.kill();
    await proxy.close();
    await removeCgroup(cgroup);
    for (const [path, value] of before) if (readFileSync(path, 'utf8') !== value) writeFileSync(path, value);
    folder.remove();
  }

  try {
    await awaitReady(node, () => existsSync(join(run, 'ready')), 300_000);
  } catch (error) {
    await stop();
    throw error;
  }
  const kubeconfig = join(folder.path, 'admin.kubeconfig');
  const inside = readFileSync(join(run, 'admin.kubeconfig'), 'utf8');
  writeFileSync(kubeconfig, inside.replace(/https:\/\/127\.0\.0\.1:\d+/, `https://127.0.0.1:${proxy.port}`));

  function kubectl(args: readonly string[], input: string | null): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = execFile(binary('kubectl')!, ['--kubeconfig', kubeconfig, ...args], (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`kubectl ${args.join(' ')}: ${stderr || error.message}`, { cause: error }));
      });
      child.stdin!.end(input ?? '');
    });
  }

  return {
    name: 'node-1',
    kubeconfig,
    podLogs: join(run, 'pod-logs'),
    kubectl: (...args) => kubectl(args, null),
    async apply(...objects) {
      await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    },
    stop,
  };
}

/** What a kubelet sets for the whole machine (container_manager_linux.go, setupKernelTunables), as it was before. */
function kernelSettings(): ReadonlyMap<string, string> {
  const names = ['vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops'];
  const keys = ['kernel/keys/root_maxkeys', 'kernel/keys/root_maxbytes'];
  const paths = [...names, ...keys].map((name) => `/proc/sys/${name}`).filter(existsSync);
  return new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]));
}

/** In every tree, leaves first; a cgroup is busy until the last of its processes is gone, which the kernel sees to after the kill. */
async function removeCgroup(cgroup: string): Promise<void> {
  const trees = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2')
    .map(([, mount]) => join(mount!, cgroup));
  const deadline = Date.now() + 30_000;
  for (const tree of trees) {
    while (existsSync(tree)) {
      try {
        removeTree(tree);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || Date.now() > deadline) throw error;
        await delay(50);
      }
    }
  }
}

function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  rmdirSync(folder);
}
