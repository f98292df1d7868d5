export interface ContainerIdentity {
  /** 64 hex digits, without the runtime's `containerd://`. */
  readonly containerId: string;
  /** The pod's uid as the API server writes it (a static pod has the hash of its manifest); null outside of Kubernetes. */
  readonly podUid: string | null;
  /** The part of the path that ends with the container's own cgroup. */
  readonly path: string;
}

/**
 * The container that a cgroup path names, or null. The nearest to the leaf wins, since a container may hold cgroups of its own, and
 * a whole node may run in a container. Forms (kubelet's cgroup_manager_linux.go, containerd's and CRI-O's cgroup managers):
 *
 *     /kubepods/burstable/pod<uid>/<id>                                                           cgroupfs driver
 *     /kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid>.slice/<runtime>-<id>.scope   systemd driver
 *     /kubepods-burstable-pod<uid>.slice:cri-containerd:<id>                                      the two drivers mixed
 *     /docker/<id>, /system.slice/docker-<id>.scope                                               Docker alone
 */
export function containerOfCgroup(path: string): ContainerIdentity | null {
  const names = path.split('/');
  for (let index = names.length - 1; index >= 0; index--) {
    const match = containerName.exec(names[index]!);
    if (!match) continue;
    // conmon watches over a container from a cgroup that is named after it; what dies there is not the container.
    if (match[1]?.endsWith('conmon-')) return null;
    const path = names.slice(0, index + 1).join('/');
    return { containerId: match[3]!, podUid: podUid(match[2] ?? names[index - 1] ?? ''), path };
  }
  return null;
}

const containerName = /^(?:([a-z][a-z-]*-)|(.*):[a-z-]+:)?([0-9a-f]{64})(?:\.scope)?$/;
/** systemd takes `-` for a step in its hierarchy, so the driver writes the uid's dashes as `_`. */
const podName =
  /^(?:kubepods(?:-besteffort|-burstable)?-)?pod([0-9a-f]{8}(?:[_-]?[0-9a-f]{4}){3}[_-]?[0-9a-f]{12})(?:\.slice)?$/;

function podUid(name: string): string | null {
  return podName.exec(name)?.[1]?.replaceAll('_', '-') ?? null;
}
