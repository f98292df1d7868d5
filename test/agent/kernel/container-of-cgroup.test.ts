import { describe, expect, test } from '@jest/globals';
import { containerOfCgroup } from '../../../agent/collectors/kernel/container-of-cgroup.js';

const id = 'c0ffee'.padEnd(64, '0123456789');
const uid = 'b922f92e-8f19-46ce-9e8e-3b5c446ab5a6';
const slice = `kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`;

describe('the container that a cgroup names', () => {
  test.each([
    ['cgroupfs driver, burstable', `/kubepods/burstable/pod${uid}/${id}`, uid],
    ['cgroupfs driver, guaranteed', `/kubepods/pod${uid}/${id}`, uid],
    [
      'a static pod, whose uid is a hash',
      `/kubepods/besteffort/pod8d41e0ff0d7f8e0ea9e1be8a4dbf8e1a/${id}`,
      '8d41e0ff0d7f8e0ea9e1be8a4dbf8e1a',
    ],
    ['systemd driver, containerd', `/kubepods.slice/kubepods-burstable.slice/${slice}/cri-containerd-${id}.scope`, uid],
    ['systemd driver, CRI-O', `/kubepods.slice/kubepods-burstable.slice/${slice}/crio-${id}.scope`, uid],
    ['systemd driver, Docker', `/kubepods.slice/kubepods-burstable.slice/${slice}/docker-${id}.scope`, uid],
    [
      'systemd driver, guaranteed',
      `/kubepods.slice/kubepods-pod${uid.replaceAll('-', '_')}.slice/cri-containerd-${id}.scope`,
      uid,
    ],
    ['drivers mixed', `/system.slice/containerd.service/${slice}:cri-containerd:${id}`, uid],
    ['Docker alone', `/docker/${id}`, null],
    ['Docker alone under systemd', `/system.slice/docker-${id}.scope`, null],
    ['Podman', `/machine.slice/libpod-${id}.scope`, null],
    ['only the end of the path known', `pod${uid}/${id}`, uid],
  ])('%s', (_what, path, podUid) => {
    expect(containerOfCgroup(path)).toEqual({ containerId: id, podUid, path });
  });

  test('cgroups that a container makes below its own belong to it', () => {
    const own = `/kubepods/burstable/pod${uid}/${id}`;
    expect(containerOfCgroup(`${own}/system.slice/app.service`)).toEqual({ containerId: id, podUid: uid, path: own });
  });

  test('of nested containers it is the inner one: a node that runs in a container', () => {
    const outer = 'f'.repeat(64);
    const path = `/docker/${outer}/kubelet.slice/${slice}/cri-containerd-${id}.scope`;
    expect(containerOfCgroup(path)).toEqual({ containerId: id, podUid: uid, path });
  });

  test.each([
    ['the root', '/'],
    ['a service', '/system.slice/containerd.service'],
    ['a pod without a container', `/kubepods/burstable/pod${uid}`],
    ['an id that is too short', `/kubepods/burstable/pod${uid}/${id.slice(1)}`],
    ['an id with capitals', `/docker/${id.toUpperCase()}`],
    ['conmon beside its container', `/kubepods.slice/${slice}/crio-conmon-${id}.scope`],
  ])('no container: %s', (_what, path) => {
    expect(containerOfCgroup(path)).toBeNull();
  });
});
