import { merged } from './merge.js';
import { condition, object, podOf } from './objects.js';
import { unschedulable } from './pending.js';
import type { Scenario } from './scenario.js';
import type { World } from './world.js';

const db = 'StatefulSet/shop/db';
const claim = 'PersistentVolumeClaim/shop/data-db-0';

/** A claim for one more replica of the database, as the StatefulSet's controller makes it. */
function newClaim(w: World, spec: object = {}): string {
  return w.create(
    object(
      'v1',
      'PersistentVolumeClaim',
      'shop',
      'data-db-1',
      {
        spec: { storageClassName: 'standard', resources: { requests: { storage: '10Gi' } }, ...spec },
        status: { phase: 'Pending' },
      },
      { creationTimestamp: w.clock() },
    ),
    'kube-controller-manager',
  );
}

function waitsForClaim(w: World): void {
  unschedulable(
    w,
    db,
    '0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-1' } }] },
  );
}

/** db-0 is made anew, on n2, and waits for its volume. */
function movesToN2(w: World): string {
  w.remove('Pod/shop/db-0');
  return w.create(
    merged(podOf(w.get(db), { name: 'db-0', node: 'n2', ip: '10.244.2.99', at: w.clock() }), {
      metadata: { uid: 'uid-pod-shop-db-0-second' },
      status: {
        phase: 'Pending',
        podIP: null,
        conditions: [
          condition('ContainersReady', false, 'ContainersNotReady', w.clock()),
          condition('Ready', false, 'ContainersNotReady', w.clock()),
        ],
        containerStatuses: [
          {
            name: 'db',
            ready: false,
            started: false,
            restartCount: 0,
            containerID: '',
            state: { waiting: { reason: 'ContainerCreating' }, running: null },
          },
        ],
      },
    }),
    'kube-controller-manager',
  );
}

function attachment(w: World, node: string): void {
  w.create(
    object('storage.k8s.io/v1', 'VolumeAttachment', null, 'csi-4f1a', {
      spec: { attacher: 'ebs.csi.aws.com', nodeName: node, source: { persistentVolumeName: 'pv-db' } },
      status: { attached: true },
    }),
    'kube-controller-manager',
  );
}

const multiAttach =
  'Multi-Attach error for volume "pv-db" Volume is already exclusively attached to one node and can\'t be attached to another';

function mountFails(w: World, message: string): void {
  w.at(30);
  const pod = movesToN2(w);
  for (const second of [40, 60, 80]) {
    w.at(second);
    w.evidence(() => w.event('FailedMount', pod, message));
  }
  w.at(110);
}

/** The database says so with every write, and who asks it gets an error. */
function dbComplains(w: World, line: string): void {
  const [pod] = w.pods(db) as [string];
  for (const second of [30, 36, 42, 48]) {
    w.at(second);
    w.evidence(() => w.log(pod, line, 'error'));
    w.log('Pod/shop/catalog-5f7b9-a', 'query failed: db:5432 answered 500 internal error', 'error');
  }
  w.at(70);
}

function volumeStats(w: World, values: Readonly<Record<string, number>>): void {
  const [pod] = w.pods(db) as [string];
  w.evidence(() =>
    w.metrics(pod, values, { 'k8s.volume.name': 'data', 'k8s.persistentvolumeclaim.name': 'data-db-0' }, 60_000),
  );
}

function fsync(w: World, p99: number): void {
  const [pod] = w.pods(db) as [string];
  for (const second of [30, 40, 50, 60]) {
    w.at(second);
    w.evidence(() => w.metrics(pod, { 'postgresql.wal.fsync.duration.p99': p99 }));
    w.log('Pod/shop/catalog-5f7b9-a', 'INSERT failed: db:5432: timeout after 5000ms', 'error');
  }
  w.at(80);
}

function snapshot(w: World, status: object): string {
  return w.create(
    object(
      'snapshot.storage.k8s.io/v1',
      'VolumeSnapshot',
      'shop',
      'nightly-20261124',
      {
        spec: { volumeSnapshotClassName: 'ebs', source: { persistentVolumeClaimName: 'data-db-0' } },
        status: { readyToUse: false, ...status },
      },
      { creationTimestamp: w.clock() },
    ),
    'snapshot-controller',
  );
}

/** Volumes that are not there, cannot be reached, or hold no more. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'G01',
    expect: { category: ['pvc.storageclass-not-found'], on: ['PersistentVolumeClaim/shop/data-db-1'] },
    play(w) {
      w.at(30);
      const made = newClaim(w, { storageClassName: null });
      w.evidence(() =>
        w.event('FailedBinding', made, 'no persistent volumes available for this claim and no storage class is set', {
          type: 'Normal',
          component: 'persistentvolume-controller',
        }),
      );
      waitsForClaim(w);
      w.at(80);
    },
    guard(w) {
      w.at(30);
      const made = newClaim(w);
      w.event('WaitForFirstConsumer', made, 'waiting for first consumer to be created before binding', {
        type: 'Normal',
        component: 'persistentvolume-controller',
      });
      w.at(80);
    },
  },
  {
    id: 'G02',
    expect: { category: ['pvc.provisioning-failed'], on: ['PersistentVolumeClaim/shop/data-db-1'] },
    play(w) {
      w.at(30);
      const made = newClaim(w);
      w.evidence(() =>
        w.event(
          'ProvisioningFailed',
          made,
          'failed to provision volume with StorageClass "standard": rpc error: code = ResourceExhausted desc = Could not create volume "pvc-5d2f": VolumeLimitExceeded: You have exceeded your maximum gp3 storage limit of 50 TiB in this region',
          { component: 'ebs.csi.aws.com_ebs-csi-controller' },
        ),
      );
      waitsForClaim(w);
      w.at(80);
    },
    guard(w) {
      w.at(30);
      const made = newClaim(w, { storageClassName: null });
      w.event('FailedBinding', made, 'no persistent volumes available for this claim and no storage class is set', {
        type: 'Normal',
        component: 'persistentvolume-controller',
      });
      waitsForClaim(w);
      w.at(80);
    },
  },
  {
    id: 'G03',
    expect: { category: ['volume.attach-failed'], on: [db] },
    play(w) {
      w.at(10);
      attachment(w, 'n1');
      w.at(30);
      const pod = movesToN2(w);
      for (const second of [40, 60, 80]) {
        w.at(second);
        w.evidence(() => w.event('FailedAttachVolume', pod, multiAttach, { component: 'attachdetach-controller' }));
      }
      w.at(110);
    },
    guard(w) {
      w.at(10);
      attachment(w, 'n1');
      w.at(20);
      // The node that has it is dead: that is why it does not let go.
      w.patch('Node/n1', {
        status: {
          conditions: [
            {
              ...condition('Ready', false, 'NodeStatusUnknown', w.clock(), 'Kubelet stopped posting node status.'),
              status: 'Unknown',
            },
          ],
        },
      });
      w.at(30);
      const pod = movesToN2(w);
      for (const second of [40, 60, 80]) {
        w.at(second);
        w.event('FailedAttachVolume', pod, multiAttach, { component: 'attachdetach-controller' });
      }
      w.at(110);
    },
  },
  {
    id: 'G04',
    expect: { category: ['scheduling.volume-limit'], on: [db] },
    play(w) {
      w.at(30);
      unschedulable(
        w,
        db,
        '0/2 nodes are available: 2 node(s) exceed max volume count. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.',
      );
      w.at(80);
    },
    guard(w) {
      w.at(30);
      unschedulable(
        w,
        db,
        '0/2 nodes are available: 2 node(s) had volume node affinity conflict. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
      );
      w.at(80);
    },
  },
  {
    id: 'G05',
    expect: { category: ['volume.mount-failed'], on: [db] },
    play(w) {
      mountFails(
        w,
        'MountVolume.SetUp failed for volume "pv-db" : mount failed: exit status 32\nMounting command: mount\nMounting arguments: -t ext4 -o defaults /dev/nvme1n1 /var/lib/kubelet/plugins/kubernetes.io/csi/ebs.csi.aws.com/globalmount\nOutput: mount: wrong fs type, bad option, bad superblock on /dev/nvme1n1, missing codepage or helper program, or other error.',
      );
    },
    guard(w) {
      mountFails(w, 'MountVolume.SetUp failed for volume "creds" : secret "db-credentials" not found');
    },
  },
  {
    id: 'G06',
    expect: { category: ['volume.full'], on: [claim] },
    play(w) {
      w.at(20);
      volumeStats(w, { 'k8s.volume.available': 12_582_912, 'k8s.volume.capacity': 10_737_418_240 });
      dbComplains(w, 'PANIC:  could not write to file "pg_wal/xlogtemp.71": No space left on device');
    },
    guard(w) {
      w.at(20);
      // The container's own file system, and not the volume.
      for (const second of [30, 36, 42]) {
        w.at(second);
        w.log('Pod/shop/cart-5f7b9-a', "ENOSPC: no space left on device, write '/tmp/upload-71'", 'error');
      }
      w.at(70);
    },
  },
  {
    id: 'G07',
    expect: { category: ['volume.inodes-exhausted'], on: [claim] },
    play(w) {
      w.at(20);
      volumeStats(w, {
        'k8s.volume.available': 6_442_450_944,
        'k8s.volume.capacity': 10_737_418_240,
        'k8s.volume.inodes': 655_360,
        'k8s.volume.inodes.free': 0,
      });
      dbComplains(w, 'ERROR:  could not create file "base/16384/2619": No space left on device');
    },
    guard(w) {
      w.at(20);
      volumeStats(w, {
        'k8s.volume.available': 12_582_912,
        'k8s.volume.capacity': 10_737_418_240,
        'k8s.volume.inodes': 655_360,
        'k8s.volume.inodes.free': 612_000,
      });
      dbComplains(w, 'ERROR:  could not create file "base/16384/2619": No space left on device');
    },
  },
  {
    id: 'G08',
    expect: { category: ['volume.resize-failed'], on: [claim] },
    play(w) {
      w.at(30);
      w.patch(claim, { spec: { resources: { requests: { storage: '20Gi' } } } }, 'kubectl-edit');
      w.at(40);
      w.evidence(() =>
        w.event(
          'VolumeResizeFailed',
          claim,
          'resize volume "pv-db" by resizer "ebs.csi.aws.com" failed: rpc error: code = Internal desc = Could not modify volume "vol-0a1b": VolumeModificationRateExceeded: You have reached the maximum modification rate per volume limit. Wait at least 6 hours between modifications per EBS volume.',
          { component: 'external-resizer ebs.csi.aws.com' },
        ),
      );
      w.at(80);
    },
    guard(w) {
      w.at(30);
      w.patch(claim, { spec: { resources: { requests: { storage: '20Gi' } } } }, 'kubectl-edit');
      w.at(40);
      w.patch(claim, {
        status: {
          conditions: [
            condition(
              'FileSystemResizePending',
              true,
              '',
              w.clock(),
              'Waiting for user to (re-)start a pod to finish file system resize of volume on node.',
            ),
          ],
        },
      });
      w.at(60);
      w.patch(claim, { status: { conditions: [condition('FileSystemResizePending', false, '', w.clock())] } });
      w.at(80);
    },
  },
  {
    id: 'G09',
    expect: { category: ['volume.fsync-slow'], on: [claim] },
    play: (w) => fsync(w, 2.4),
    guard: (w) => fsync(w, 0.006),
  },
  {
    id: 'G10',
    expect: { category: ['csi.driver-not-found'], on: ['CSIDriver/ebs.csi.aws.com'] },
    play(w) {
      mountFails(
        w,
        'MountVolume.MountDevice failed for volume "pv-db" : kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name ebs.csi.aws.com not found in the list of registered CSI drivers',
      );
    },
    guard(w) {
      mountFails(
        w,
        'MountVolume.MountDevice failed for volume "pv-db" : rpc error: code = Internal desc = Could not format "/dev/nvme1n1" and mount it: exit status 1',
      );
    },
  },
  {
    id: 'G11',
    expect: { category: ['pvc.lost'], on: [claim] },
    play(w) {
      w.at(30);
      w.remove('PersistentVolume/pv-db');
      w.evidence(() => {
        w.patch(claim, { status: { phase: 'Lost' } });
        w.event('ClaimLost', claim, 'Bound claim has lost its PersistentVolume. Data on the volume is lost!', {
          component: 'persistentvolume-controller',
        });
      });
      w.at(70);
    },
    guard(w) {
      w.at(30);
      const made = newClaim(w);
      w.event(
        'ProvisioningFailed',
        made,
        'failed to provision volume with StorageClass "standard": rpc error: code = DeadlineExceeded desc = context deadline exceeded',
        { component: 'ebs.csi.aws.com_ebs-csi-controller' },
      );
      w.at(70);
    },
  },
  {
    id: 'G12',
    expect: { category: ['snapshot.failed'], on: ['VolumeSnapshot/shop/nightly-20261124'] },
    play(w) {
      w.at(30);
      const made = snapshot(w, {});
      w.at(40);
      w.evidence(() =>
        w.patch(made, {
          status: {
            error: {
              time: w.clock(),
              message:
                'Failed to check and update snapshot content: failed to take snapshot of the volume vol-0a1b: "rpc error: code = Internal desc = Could not create snapshot: SnapshotLimitExceeded"',
            },
          },
        }),
      );
      w.at(80);
    },
    guard(w) {
      w.at(30);
      const made = snapshot(w, {});
      w.at(60);
      w.patch(made, { status: { readyToUse: true } });
      w.at(80);
    },
  },
  {
    id: 'G13',
    expect: { category: ['volume.stale-handle'], on: [claim] },
    play(w) {
      dbComplains(w, 'PANIC:  could not open file "/var/lib/postgresql/data/global/pg_control": Stale file handle');
    },
    guard(w) {
      dbComplains(w, 'PANIC:  could not open file "/var/lib/postgresql/data/global/pg_control": Read-only file system');
    },
  },
];
