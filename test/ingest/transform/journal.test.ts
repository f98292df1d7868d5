import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../src/model/finding.js';
import { createWorld, events, happened, problems, raw, type World } from './world.js';

let world: World;
beforeEach(() => {
  world = createWorld();
});

function entry(
  at: string,
  message: string,
  more: { unit?: string; identifier?: string; priority?: number } = {},
): Finding[] {
  const { unit = null, identifier = 'kernel', priority = 3 } = more;
  const data = { kind: 'entry', unit, identifier, priority, message };
  return world.transform.transform(raw('systemd', at, data, { source: 'journal@node-1', node: 'node-1' }));
}

function unit(at: string, name: string, activeState: string, message: string | null = null): Finding[] {
  const data = { kind: 'unit', unit: name, activeState, subState: null, message };
  return world.transform.transform(raw('systemd', at, data, { source: 'journal@node-1', node: 'node-1' }));
}

const kubelet = { unit: 'kubelet.service', identifier: 'kubelet' };
const systemd = { unit: 'init.scope', identifier: 'systemd', priority: 4 };
const id = 'a'.repeat(64);

function pod(name: string, uid: string, port: number): void {
  world.observe('10:00:00', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'market', uid },
    spec: {
      nodeName: 'node-1',
      containers: [{ name: 'web', ports: [{ containerPort: port }], resources: { limits: { memory: '64Mi' } } }],
    },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        {
          name: 'web',
          ready: true,
          restartCount: 0,
          containerID: `containerd://${id}`,
          state: { running: { startedAt: '2026-11-24T09:00:00Z' } },
        },
      ],
    },
  });
}

describe('what the kernel says of its node', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['Kernel panic - not syncing: Fatal exception', 'node.kernel-panic'],
    ['INFO: task dockerd:1201 blocked for more than 120 seconds.', 'node.hung-task'],
    ['watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [ksoftirqd/1:16]', 'node.cpu-stalled'],
    ['rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:', 'node.cpu-stalled'],
    ['BUG: unable to handle page fault for address: ffffb2c540a3d000', 'node.kernel-oops'],
    ['divide error: 0000 [#1] SMP NOPTI', 'node.kernel-oops'],
    ['EXT4-fs (vda1): Remounting filesystem read-only', 'node.filesystem-read-only'],
    ['XFS (dm-0): I/O Error Detected. Shutting down filesystem', 'node.filesystem-read-only'],
    [
      'EXT4-fs error (device vda1): ext4_find_entry:1455: inode #2: comm ls: reading directory lblock 0',
      'node.filesystem-corrupt',
    ],
    ['blk_update_request: I/O error, dev sda, sector 2048', 'node.disk-errors'],
    ['Buffer I/O error on dev sda1, logical block 8, async page read', 'node.disk-errors'],
    ['nf_conntrack: table full, dropping packet', 'node.conntrack-full'],
    ['NETDEV WATCHDOG: eth0 (virtio_net): transmit queue 0 timed out', 'node.network-interface-failed'],
    ['e1000e 0000:00:1f.6 eno1: NIC Link is Down', 'node.network-interface-failed'],
    ['mce: [Hardware Error]: Machine check events logged', 'node.hardware-error'],
    ['nfs: server files.example.com not responding, still trying', 'node.nfs-unresponsive'],
    ['CPU0: Package temperature above threshold, cpu clock throttled (total events = 3)', 'node.thermally-throttled'],
    ['TCP: out of memory -- consider tuning tcp_mem', 'node.socket-memory-exhausted'],
    ['neighbour: arp_cache: neighbor table overflow!', 'node.neighbour-table-full'],
  ];
  test.each(rows)('%s', (line, category) => {
    expect(events(entry('10:00:01', line)).map((event) => [event.semantic.category, event.entity.id])).toEqual([
      [category, 'test/_/Node/node-1'],
    ]);
  });

  test.each([
    'cali0123456789a: Link is Down',
    'IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready',
    'EXT4-fs (vda1): mounted filesystem with ordered data mode',
    'nfs: server files.example.com OK',
    'EDAC MC0: 1 CE memory read error on CPU_SrcID#0 (channel:0 slot:0)',
    'unregister_netdevice: waiting for eth0 to become free. Usage count = 1',
    'web[812]: segfault at 0 ip 0000 sp 0000 error 4',
  ])('nothing is wrong when it says %s', (line) => {
    expect(entry('10:00:01', line)).toEqual([]);
  });

  test('what a healthy machine says now and then is told when it is said again and again', () => {
    const line = 'unregister_netdevice: waiting for eth0 to become free. Usage count = 1';
    expect(entry('10:00:01', line)).toEqual([]);
    expect(entry('10:00:11', line)).toEqual([]);
    expect(happened(entry('10:00:21', line)).map((each) => each.split(':')[0])).toEqual(['node.netdevice-leaked']);
  });

  test('a program that writes the words of the kernel is not the kernel', () => {
    expect(entry('10:00:01', 'Kernel panic - not syncing: Fatal exception', { identifier: 'logger' })).toEqual([]);
  });

  test('a flood of one line is one event whose count grows', () => {
    const line = 'nf_conntrack: table full, dropping packet';
    expect(events(entry('10:00:01', line))).toHaveLength(1);
    for (let i = 0; i < 40; i++) expect(entry('10:00:02', line)).toEqual([]);
    expect(events(world.tick('10:00:10')).map(({ count }) => count)).toEqual([41]);
  });
});

describe('what the kernel says of one container', () => {
  test('a kill for memory is told of the container whose cgroup was named in the line before', () => {
    pod('web-1', 'uid-web-1', 8080);
    entry(
      '10:00:01',
      `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=/kubepods.slice/p,task_memcg=/kubepods.slice/p/cri-containerd-${id}.scope,task=java,pid=812,uid=0`,
    );
    const [event] = events(
      entry(
        '10:00:01',
        'Memory cgroup out of memory: Killed process 812 (java) total-vm:91204kB, anon-rss:65536kB, file-rss:0kB',
      ),
    );
    expect(event?.semantic.category).toBe('container.oom-killed');
    expect(event?.entity.id).toBe('test/market/Container/web-1/web');
    expect(event?.semantic.attributes).toMatchObject({
      pid: 812,
      comm: 'java',
      rssBytes: 67_108_864,
      limitBytes: 67_108_864,
    });
  });

  test('without a limit it was the memory of the node', () => {
    const [event] = events(
      entry(
        '10:00:01',
        'Out of memory: Killed process 77 (chrome) total-vm:9120400kB, anon-rss:655360kB, file-rss:0kB',
      ),
    );
    expect(event?.semantic.category).toBe('node.out-of-memory');
  });

  test('a full accept queue belongs to the one pod of the node that declares the port', () => {
    pod('web-1', 'uid-web-1', 8080);
    const [event] = events(
      entry('10:00:01', 'TCP: request_sock_TCP: Possible SYN flooding on port 8080. Sending cookies.'),
    );
    expect(event?.semantic.category).toBe('app.accept-queue-full');
    expect(event?.entity.id).toBe('test/market/Pod/web-1');
  });
});

describe('daemons', () => {
  test('a kubelet that is restarted for the third time loops, and its last words say why', () => {
    entry('10:00:01', 'E1124 run.go:74] "command failed" err="failed to load kubelet config file"', kubelet);
    const restart = (n: number): string => `kubelet.service: Scheduled restart job, restart counter is at ${n}.`;
    expect(entry('10:00:02', restart(1), systemd)).toEqual([]);
    expect(entry('10:00:13', restart(2), systemd)).toEqual([]);
    const [event] = events(entry('10:00:24', restart(3), systemd));
    expect(event?.semantic.category).toBe('node.kubelet-down');
    expect(event?.semantic.attributes).toMatchObject({ restarts: 3 });
    expect(event?.semantic.message).toContain('failed to load kubelet config file');
  });

  test('another unit that is restarted is not the kubelet', () => {
    expect(entry('10:00:02', 'backup.service: Scheduled restart job, restart counter is at 9.', systemd)).toEqual([]);
  });

  test('an expired certificate of the kubelet is told of the kubelet alone', () => {
    const line = 'Unable to register node: x509: certificate has expired or is not yet valid';
    expect(events(entry('10:00:01', line, kubelet)).map(({ semantic }) => semantic.category)).toEqual([
      'node.kubelet-certificate-expired',
    ]);
    expect(entry('10:00:02', line, { unit: 'app.service', identifier: 'app' })).toEqual([]);
  });

  test('the state of a unit holds until it says otherwise, and keeps its beginning', () => {
    const failed = problems(unit('10:00:01', 'containerd.service', 'failed', 'exit-code'));
    expect(failed).toEqual([
      'node.runtime-down: Container runtime containerd.service of node node-1 has failed: exit-code.',
    ]);
    const again = unit('10:00:31', 'containerd.service', 'failed', 'exit-code');
    expect(again[0]).toMatchObject({ kind: 'entity', problems: [{ firstSeen: '2026-11-24T10:00:01.000000000Z' }] });
    expect(problems(unit('10:01:00', 'containerd.service', 'active'))).toEqual([]);
  });

  test('a unit that was stopped on purpose matters only where pods need it', () => {
    expect(problems(unit('10:00:01', 'bluetooth.service', 'inactive'))).toEqual([]);
    expect(problems(unit('10:00:01', 'kubelet.service', 'inactive'))).toHaveLength(1);
  });
});
