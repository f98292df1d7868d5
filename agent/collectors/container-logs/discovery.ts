import { readdirSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';

/** One log file of one run of one container, as its path says. */
export interface ContainerLog {
  readonly path: string;
  /** Path below the root, which stays when the root is mounted elsewhere. */
  readonly key: string;
  readonly namespace: string;
  readonly pod: string;
  /** Of a static pod the hash of its manifest, which is not the uid that the API server shows. */
  readonly podUid: string;
  readonly container: string;
}

export interface Discovery {
  /** Every log file that is there now. Fails when the root cannot be read. */
  scan(): ContainerLog[];
  /** True when a folder has changed since the last scan, as far as the kernel tells. */
  changed(): boolean;
  close(): void;
}

/** `<root>/<namespace>_<pod>_<uid>/<container>/<restart>.log` (kubelet, pkg/kubelet/kuberuntime/helpers.go, BuildPodLogsDirectory). */
export function createDiscovery({ root }: { readonly root: string }): Discovery {
  const watchers = new Map<string, FSWatcher>();
  let changed = true;

  /** inotify may be exhausted or missing; the periodic scan finds everything all the same. */
  const follow = (folder: string): void => {
    if (watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, (kind) => {
        if (kind === 'rename') changed = true;
      });
      watcher.on('error', () => unfollow(folder));
      watchers.set(folder, watcher);
    } catch {
      changed = true;
    }
  };

  const unfollow = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };

  return {
    scan() {
      changed = false;
      const seen = new Set<string>([root]);
      const logs: ContainerLog[] = [];
      follow(root);
      for (const podFolder of readdirSync(root)) {
        const [namespace, pod, podUid] = podFolder.split('_');
        if (!namespace || !pod || !podUid) continue;
        const podPath = join(root, podFolder);
        const containers = listing(podPath);
        if (!containers) continue;
        seen.add(podPath);
        follow(podPath);
        for (const container of containers) {
          const containerPath = join(podPath, container);
          const files = listing(containerPath);
          if (!files) continue;
          seen.add(containerPath);
          follow(containerPath);
          for (const file of files) {
            if (!/^\d+\.log$/.test(file)) continue;
            const key = join(podFolder, container, file);
            logs.push({ path: join(root, key), key, namespace, pod, podUid, container });
          }
        }
      }
      for (const folder of [...watchers.keys()]) if (!seen.has(folder)) unfollow(folder);
      return logs;
    },
    changed: () => changed,
    close() {
      for (const folder of [...watchers.keys()]) unfollow(folder);
    },
  };
}

/** Null when it is no folder, or gone by now. */
function listing(folder: string): string[] | null {
  try {
    return readdirSync(folder);
  } catch {
    return null;
  }
}
