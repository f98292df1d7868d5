import { goesSilent, markedUnready, podsOn, reportsNotReady } from './nodes.js';
import type { Scenario } from './scenario.js';
import type { World } from './world.js';

const onNode = ['Node/n1'];

/** A benign line of the kernel's ring. */
const benign = (w: World): void =>
  w.entry('n1', 'IPv6: ADDRCONF(NETDEV_CHANGE): cali1a2b3c4d5e6: link becomes ready', { priority: 6 });

/** What the kernel and the hardware below it do to a node. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'E07',
    expect: { category: ['node.rebooted', 'node.kernel-panic'], on: onNode },
    play(w) {
      w.at(30);
      w.evidence(() => {
        w.entry('n1', 'Kernel panic - not syncing: Fatal exception in interrupt', { priority: 0 });
      });
      goesSilent(w, 'n1', 30);
      w.at(150);
      w.evidence(() => {
        w.patch('Node/n1', { status: { nodeInfo: { bootID: 'boot-n1-2' } } }, 'kubelet');
        w.event('Rebooted', 'Node/n1', 'Node n1 has been rebooted, boot id: boot-n1-2');
      });
      for (const pod of podsOn('n1')) w.restarts(pod, { exitCode: 255, reason: 'Unknown' });
    },
    guard(w) {
      // The kubelet alone was restarted: the same boot goes on.
      w.at(30);
      w.event('Starting', 'Node/n1', 'Starting kubelet.', { type: 'Normal' });
      w.patch('Node/n1', { status: { conditions: [{ type: 'Ready', lastHeartbeatTime: w.clock() }] } }, 'kubelet');
    },
  },
  {
    id: 'E08',
    expect: { category: ['node.hung-task'], on: onNode },
    play(w) {
      for (const at of [30, 150]) {
        w.at(at);
        w.evidence(() => {
          w.entry('n1', `INFO: task jbd2/sdb-8:512 blocked for more than ${at === 30 ? 120 : 241} seconds.`, {
            priority: 3,
          });
          w.entry('n1', 'INFO: task containerd-shim:8412 blocked for more than 120 seconds.', { priority: 3 });
        });
        w.entry('n1', '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.', { priority: 3 });
      }
      w.at(160);
      reportsNotReady(w, 'n1', 'PLEG is not healthy: pleg was last seen active 3m12.6s ago; threshold is 3m0s');
      for (const pod of podsOn('n1')) markedUnready(w, pod);
    },
    guard(w) {
      w.at(30);
      benign(w);
      w.at(160);
      reportsNotReady(w, 'n1', 'PLEG is not healthy: pleg was last seen active 3m12.6s ago; threshold is 3m0s');
      for (const pod of podsOn('n1')) markedUnready(w, pod);
    },
  },
  {
    id: 'E09',
    expect: { category: ['node.cpu-stalled'], on: onNode },
    play(w) {
      for (const at of [30, 58]) {
        w.at(at);
        w.evidence(() => {
          w.entry('n1', 'watchdog: BUG: soft lockup - CPU#3 stuck for 26s! [kworker/3:1:214]', { priority: 0 });
          w.entry('n1', 'rcu: INFO: rcu_sched self-detected stall on CPU', { priority: 3 });
        });
      }
      w.event(
        'Unhealthy',
        'Pod/shop/cart-5f7b9-a',
        'Liveness probe failed: Get "http://10.244.1.13:7070/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
      );
    },
    guard(w) {
      // Only a program that is slow: its kernel is well.
      w.at(30);
      benign(w);
      w.event(
        'Unhealthy',
        'Pod/shop/cart-5f7b9-a',
        'Liveness probe failed: Get "http://10.244.1.13:7070/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
      );
    },
  },
  {
    id: 'E10',
    expect: { category: ['node.kernel-oops'], on: onNode },
    play(w) {
      w.at(30);
      w.evidence(() => {
        w.entry('n1', 'BUG: unable to handle kernel NULL pointer dereference at 0000000000000028', { priority: 1 });
        w.entry('n1', 'Oops: 0002 [#1] SMP PTI', { priority: 1 });
      });
      w.at(45);
      w.exit('Pod/shop/cart-5f7b9-a', { signal: 9 });
      w.restarts('Pod/shop/cart-5f7b9-a', { exitCode: 137 });
    },
    guard(w) {
      // A program's fault, which the kernel only reports.
      w.at(30);
      w.entry(
        'n1',
        'cart[4242]: segfault at 28 ip 000055d0c0a81f2c sp 00007ffd4c4b5a10 error 6 in cart[55d0c0a80000+5000]',
        { priority: 6 },
      );
      w.exit('Pod/shop/cart-5f7b9-a', { signal: 11 });
      w.crashes('Pod/shop/cart-5f7b9-a', { exitCode: 139 });
    },
  },
  {
    id: 'E11',
    expect: { category: ['node.filesystem-read-only', 'node.filesystem-corrupt'], on: onNode },
    play(w) {
      w.at(30);
      w.evidence(() => {
        w.entry(
          'n1',
          'EXT4-fs error (device sdb1): ext4_lookup:1855: inode #131073: comm postgres: iget: checksum invalid',
          { priority: 2 },
        );
        w.entry('n1', 'EXT4-fs (sdb1): Remounting filesystem read-only', { priority: 2 });
      });
      w.at(33);
      w.log('Pod/shop/db-0', 'PANIC:  could not write to file "pg_wal/xlogtemp.42": Read-only file system', 'error');
      w.log('Pod/shop/cart-5f7b9-a', "Error: EROFS: read-only file system, open '/var/tmp/cart.lock'", 'error');
      w.at(36);
      w.crashes('Pod/shop/db-0', { exitCode: 134 });
    },
    guard(w) {
      // One program whose own root file system is read-only by its security context.
      w.at(30);
      benign(w);
      w.log('Pod/shop/cart-5f7b9-a', "Error: EROFS: read-only file system, open '/app/cache.tmp'", 'error');
      w.at(33);
      w.crashes('Pod/shop/cart-5f7b9-a', { exitCode: 1 });
    },
  },
  {
    id: 'E12',
    expect: { category: ['node.disk-errors'], on: onNode },
    play(w) {
      for (const at of [30, 34, 41]) {
        w.at(at);
        w.evidence(() => {
          w.entry(
            'n1',
            `I/O error, dev nvme1n1, sector 2103${at} op 0x0:(READ) flags 0x80700 phys_seg 4 prio class 2`,
            { priority: 3 },
          );
          w.entry('n1', 'nvme nvme1: I/O 412 (I/O Cmd) QID 3 timeout, aborting', { priority: 4 });
        });
      }
      w.at(44);
      w.log(
        'Pod/shop/db-0',
        'ERROR:  could not read block 8812 in file "base/16384/2619": Input/output error',
        'error',
      );
      w.at(48);
      w.log(
        'Pod/shop/db-0',
        'ERROR:  could not read block 8813 in file "base/16384/2619": Input/output error',
        'error',
      );
      w.log('Pod/shop/catalog-5f7b9-a', 'query failed: db:5432 returned 500 internal error', 'error');
    },
    guard(w) {
      // The database's own data is damaged; the disk is well.
      w.at(30);
      benign(w);
      w.log('Pod/shop/db-0', 'ERROR:  invalid page in block 8812 of relation base/16384/2619', 'error');
      w.at(34);
      w.log('Pod/shop/db-0', 'ERROR:  invalid page in block 8813 of relation base/16384/2619', 'error');
    },
  },
  {
    id: 'E15',
    expect: { category: ['node.network-interface-failed'], on: onNode },
    play(w) {
      w.at(30);
      w.evidence(() => {
        w.entry('n1', 'NETDEV WATCHDOG: eth0 (ixgbe): transmit queue 3 timed out 5016 ms', { priority: 4 });
        w.entry('n1', 'ixgbe 0000:3b:00.0 eth0: NIC Link is Down', { priority: 6 });
      });
      for (const at of [33, 39, 46]) {
        w.at(at);
        w.log('Pod/shop/cart-5f7b9-a', 'cache call failed: connect ETIMEDOUT 10.96.0.26:6379', 'error');
        w.log('Pod/shop/frontend-5f7b9-a', 'catalog call failed: connect ETIMEDOUT 10.96.0.23:3550', 'error');
      }
    },
    guard(w) {
      // The end of a pod's virtual interface is no fault.
      w.at(30);
      w.entry('n1', 'cali1a2b3c4d5e6: Link is Down', { priority: 6 });
      w.entry('n1', 'veth0a1b2c: renamed from eth0', { priority: 6 });
    },
  },
  {
    id: 'E28',
    expect: { category: ['node.hardware-error'], on: onNode },
    play(w) {
      w.at(30);
      w.evidence(() => {
        w.entry('n1', 'mce: [Hardware Error]: Machine check events logged', { priority: 0 });
        w.entry(
          'n1',
          'EDAC MC0: 1 UE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x1fb2 offset:0x0 grain:32)',
          { priority: 0 },
        );
      });
      w.at(42);
      w.exit('Pod/shop/cart-5f7b9-a', { signal: 11 });
      w.crashes('Pod/shop/cart-5f7b9-a', { exitCode: 139 });
      w.at(55);
      w.exit('Pod/shop/payment-5f7b9-a', { signal: 7 });
      w.crashes('Pod/shop/payment-5f7b9-a', { exitCode: 135 });
    },
    guard(w) {
      // One bit, corrected: memory does that.
      w.at(30);
      w.entry(
        'n1',
        'EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x1fb2 offset:0x0 grain:32 syndrome:0x0)',
        { priority: 4 },
      );
      w.at(42);
      w.exit('Pod/shop/cart-5f7b9-a', { signal: 11 });
      w.crashes('Pod/shop/cart-5f7b9-a', { exitCode: 139 });
    },
  },
  {
    id: 'E29',
    expect: { category: ['node.netdevice-leaked'], on: onNode },
    play(w) {
      w.at(30);
      w.patch('Pod/shop/cart-5f7b9-a', {
        metadata: { deletionTimestamp: w.clock(-30), deletionGracePeriodSeconds: 30 },
      });
      for (let at = 62; at <= 132; at += 10) {
        w.at(at);
        w.evidence(() =>
          w.entry('n1', 'unregister_netdevice: waiting for eth0 to become free. Usage count = 1', { priority: 0 }),
        );
      }
      w.at(140);
      w.patch('Pod/shop/cart-5f7b9-a', { metadata: { annotations: { observed: 'again' } } });
    },
    guard(w) {
      // Once, while a namespace is taken down.
      w.at(62);
      w.entry('n1', 'unregister_netdevice: waiting for eth0 to become free. Usage count = 1', { priority: 0 });
    },
  },
  {
    id: 'E30',
    expect: { category: ['node.nfs-unresponsive'], on: onNode },
    play(w) {
      w.at(30);
      for (const at of [30, 70, 110]) {
        w.at(at);
        w.evidence(() => w.entry('n1', 'nfs: server 10.0.7.20 not responding, timed out', { priority: 5 }));
      }
      w.at(155);
      w.entry('n1', 'INFO: task tar:9120 blocked for more than 120 seconds.', { priority: 3 });
      w.event(
        'FailedMount',
        'Pod/shop/catalog-5f7b9-a',
        'MountVolume.SetUp failed for volume "media" : mount failed: exit status 32 Mounting command: mount Mounting arguments: -t nfs 10.0.7.20:/media /var/lib/kubelet/pods/x/volumes/kubernetes.io~nfs/media Output: mount.nfs: Connection timed out',
      );
      w.notReady('Pod/shop/catalog-5f7b9-a');
    },
    guard(w) {
      w.at(30);
      w.entry('n1', 'nfs: server 10.0.7.20 OK', { priority: 5 });
      w.at(155);
      w.notReady('Pod/shop/catalog-5f7b9-a');
    },
  },
  {
    id: 'E31',
    expect: { category: ['node.thermally-throttled'], on: onNode },
    play(w) {
      for (const at of [30, 35, 40, 45]) {
        w.at(at);
        w.evidence(() =>
          w.entry('n1', 'CPU2: Core temperature above threshold, cpu clock throttled (total events = 141)', {
            priority: 2,
          }),
        );
        w.event(
          'Unhealthy',
          'Pod/shop/cart-5f7b9-a',
          'Readiness probe failed: Get "http://10.244.1.13:7070/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
        );
      }
      w.notReady('Pod/shop/cart-5f7b9-a');
    },
    guard(w) {
      w.at(30);
      w.entry('n1', 'CPU2: Core temperature/speed normal', { priority: 6 });
      w.event(
        'Unhealthy',
        'Pod/shop/cart-5f7b9-a',
        'Readiness probe failed: Get "http://10.244.1.13:7070/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
      );
      w.notReady('Pod/shop/cart-5f7b9-a');
    },
  },
  {
    id: 'E34',
    expect: { category: ['node.socket-memory-exhausted'], on: onNode },
    play(w) {
      for (const at of [30, 36, 42]) {
        w.at(at);
        w.evidence(() => w.entry('n1', 'TCP: out of memory -- consider tuning tcp_mem', { priority: 4 }));
        w.log('Pod/shop/cart-5f7b9-a', 'cache call failed: read ETIMEDOUT 10.96.0.26:6379', 'error');
        w.log('Pod/shop/checkout-5f7b9-a', 'payment call failed: read ECONNRESET 10.96.0.25:50051', 'error');
      }
    },
    guard(w) {
      for (const at of [30, 36, 42]) {
        w.at(at);
        w.entry('n1', 'TCP: request_sock_TCP: Possible SYN flooding on port 7070. Sending cookies.', { priority: 6 });
        w.log('Pod/shop/cart-5f7b9-a', 'cache call failed: read ETIMEDOUT 10.96.0.26:6379', 'error');
      }
    },
  },
];
