import type { Category } from '../../src/model/categories.js';

export interface JournalText {
  readonly pattern: RegExp;
  readonly category: Category;
  /** Whose line it has to be: the kernel's, or one of a unit whose name (without `.service`) or identifier fits. */
  readonly from: 'kernel' | RegExp;
  /** So many lines of it in one burst before it is a problem: what a healthy machine says now and then. Default 1. */
  readonly least?: number;
  /** Named groups of the pattern become attributes of these names; those ending in a unit or `port` as numbers. */
  readonly says: (found: Readonly<Record<string, string | undefined>>) => string;
}

const runtime = /^(?:containerd|crio|cri-o|docker|dockerd|cri-dockerd|cri-docker)$/;
const kubelet = /^(?:kubelet|k3s|k3s-agent|rke2-agent|rke2-server|k0sworker)$/;
const clock = /^(?:chronyd?|ntpd|ntp|systemd-timesyncd)$/;
const any = /./;

/** Virtual interfaces come and go with pods; only what leads out of the machine matters. */
const physical = '(?!(?:veth|cali|lxc|cilium|cni|docker|br-|tap|tun|flannel|vxlan|kube|dummy|lo\\b)\\w*)';

/**
 * What a node's journal says when something is wrong with the node, most specific first. The classes are those of the Kubernetes
 * node-problem-detector (kernel, docker and systemd monitors), with the texts of Linux 4 to 6, systemd, the kubelet, containerd and chrony.
 */
export const journalTexts: readonly JournalText[] = [
  {
    pattern:
      /(?:Could not|Can't|Failed to) (?:process|read) manifest file[^/]*?(?<file>\/[\w./-]+\.(?:ya?ml|json|manifest))(?:: (?<problem>.{1,160}))?/,
    category: 'static-pod.manifest-invalid',
    from: kubelet,
    says: ({ file, problem }) => `cannot read the static pod manifest ${file ?? '?'}${problem ? `: ${problem}` : ''}`,
  },
  {
    pattern: /Kernel panic - not syncing: (?<panic>.{1,160})/,
    category: 'node.kernel-panic',
    from: 'kernel',
    says: ({ panic }) => `panicked: ${panic ?? ''}`,
  },
  {
    pattern: /EXT4-fs \((?<device>[\w.-]+)\): Remounting filesystem read-only/,
    category: 'node.filesystem-read-only',
    from: 'kernel',
    says: ({ device }) => `made the file system on ${device ?? '?'} read-only after an error`,
  },
  {
    pattern: /XFS \((?<device>[\w.-]+)\): .*(?:[Ss]hutting down filesystem|Filesystem has been shut down)/,
    category: 'node.filesystem-read-only',
    from: 'kernel',
    says: ({ device }) => `shut down the XFS file system on ${device ?? '?'} after an error`,
  },
  {
    pattern:
      /BTRFS.*\(device (?<device>[\w.-]+).*forced readonly|(?:Remounting|remounted) (?:filesystem|root) read-only/,
    category: 'node.filesystem-read-only',
    from: 'kernel',
    says: ({ device }) => `made the file system${device ? ` on ${device}` : ''} read-only after an error`,
  },
  {
    pattern:
      /EXT4-fs error \(device (?<device>[\w.-]+)\)|XFS \((?<xfs>[\w.-]+)\): (?:Metadata corruption|Corruption) detected/,
    category: 'node.filesystem-corrupt',
    from: 'kernel',
    says: ({ device, xfs }) => `finds the file system on ${device ?? xfs ?? '?'} damaged`,
  },
  {
    pattern:
      /(?:I\/O error|critical (?:medium|target|space allocation|nexus) error|(?:medium|target) error), dev (?<device>[\w.-]+)|Buffer I\/O error on (?:dev(?:ice)?) (?<buffer>[\w.-]+)|nvme (?<nvme>nvme\d+): (?:I\/O (?:tag )?\d+.* timeout|controller is down|Device not ready)|(?<ata>ata\d+(?:\.\d+)?): (?:failed command|exception Emask 0x(?!0\b))/,
    category: 'node.disk-errors',
    from: 'kernel',
    says: ({ device, buffer, nvme, ata }) => `gets errors from its disk ${device ?? buffer ?? nvme ?? ata ?? '?'}`,
  },
  {
    pattern: /nfs: server (?<server>\S+) not responding/,
    category: 'node.nfs-unresponsive',
    from: 'kernel',
    says: ({ server }) => `gets no answer from NFS server ${server ?? '?'}`,
  },
  {
    pattern: /task (?<task>[^:\s]+):(?<pid>\d+) blocked for more than (?<blockedSeconds>\d+) seconds/,
    category: 'node.hung-task',
    from: 'kernel',
    says: ({ task, blockedSeconds }) =>
      `has tasks that hang in the kernel: ${task ?? '?'} for more than ${blockedSeconds ?? '?'} s`,
  },
  {
    pattern:
      /soft lockup - CPU#(?<cpu>\d+) stuck for (?<stuckSeconds>\d+)s|rcu: INFO: \w+ (?:self-)?detected (?:expedited )?stalls?|Watchdog detected hard LOCKUP on cpu (?<hardCpu>\d+)/,
    category: 'node.cpu-stalled',
    from: 'kernel',
    says: ({ cpu, hardCpu, stuckSeconds }) =>
      cpu === undefined && hardCpu === undefined
        ? 'has a CPU that made no progress (RCU stall)'
        : `has CPU ${cpu ?? hardCpu ?? '?'} stuck${stuckSeconds ? ` for ${stuckSeconds} s` : ''}`,
  },
  {
    pattern:
      /BUG: unable to handle (?:kernel |page )?(?<fault>NULL pointer dereference|paging request|fault\b.*?)(?: (?:at|for)|,|$)|(?<oops>Oops: [\w.]+ \[#\d+\])|(?<divide>divide error: 0000)|kernel BUG at (?<place>\S+)/,
    category: 'node.kernel-oops',
    from: 'kernel',
    says: ({ fault, oops, divide, place }) =>
      `has a fault in its kernel: ${fault ?? oops ?? divide ?? `BUG at ${place ?? '?'}`}`,
  },
  {
    pattern: /nf_conntrack: (?:nf_conntrack: )?table full, dropping packet/,
    category: 'node.conntrack-full',
    from: 'kernel',
    says: () => 'drops new connections because its conntrack table is full',
  },
  {
    pattern: new RegExp(
      `NETDEV WATCHDOG: (?:CPU: \\d+: )?(?<interface>\\S+)(?: \\(\\S+\\))?: transmit queue \\d+ timed out|(?:^|[ :])(?<down>${physical}[a-z][\\w.-]*): (?:NIC )?[Ll]ink (?:is )?(?:[Dd]own|DOWN)\\b`,
    ),
    category: 'node.network-interface-failed',
    from: 'kernel',
    says: ({ interface: name, down }) =>
      name === undefined
        ? `has lost the link of its network interface ${down ?? '?'}`
        : `has network interface ${name}, which no longer sends`,
  },
  {
    pattern:
      /Hardware Error\]: event severity: (?<severity>fatal|recoverable)|mce: \[Hardware Error\]: (?:CPU \d+: )?Machine Check|[Mm]achine check events logged|EDAC (?<bank>\S+): \d+ UE |Uncorrected error|uncorrectable (?:memory )?error/,
    category: 'node.hardware-error',
    from: 'kernel',
    says: ({ severity, bank }) =>
      `reports a hardware error${bank ? ` in memory ${bank.replace(/:$/, '')}` : severity ? ` (${severity})` : ''}`,
  },
  {
    // Memory corrects single bits all the time; a storm of them comes before the one that it cannot.
    pattern: /EDAC (?<bank>\S+): \d+ CE |CE memory read error|Hardware Error\]: event severity: corrected/,
    category: 'node.hardware-error',
    from: 'kernel',
    least: 10,
    says: ({ bank }) => `corrects memory errors again and again${bank ? ` in ${bank.replace(/:$/, '')}` : ''}`,
  },
  {
    // The kernel repeats it every ten seconds; the first ones may be a namespace that is just being taken down.
    pattern: /unregister_netdevice: waiting for (?<interface>\S+) to become free\. Usage count = (?<usage>-?\d+)/,
    category: 'node.netdevice-leaked',
    from: 'kernel',
    least: 3,
    says: ({ interface: name }) =>
      `cannot take down network interface ${name ?? '?'} of a pod that is gone: the kernel still counts a user of it`,
  },
  {
    pattern: /(?:temperature(?:\/speed)? above threshold, cpu clock (?:is )?throttled|CPU clock throttled)/i,
    category: 'node.thermally-throttled',
    from: 'kernel',
    says: () => 'is too hot, and slows its CPUs down',
  },
  {
    pattern: /TCP: out of memory -- consider tuning tcp_mem|TCP: too many orphaned sockets/,
    category: 'node.socket-memory-exhausted',
    from: 'kernel',
    says: () => 'has no memory left for TCP sockets',
  },
  {
    pattern: /neighbou?r(?:: \w+:)? (?:table|cache:? neighbor table) overflow/i,
    category: 'node.neighbour-table-full',
    from: 'kernel',
    says: () => 'has its table of neighbours (ARP) full, and cannot reach new addresses',
  },
  {
    pattern:
      /(?:[Dd]uplicate address (?:detected|(?<address>[\da-fA-F.:]+)))|IPv[46] address conflict|is using my IP address (?<mine>[\d.]+)/,
    category: 'network.address-conflict',
    from: any,
    says: ({ address, mine }) =>
      `finds an address${address || mine ? ` (${address ?? mine ?? ''})` : ''} that somebody else uses as well`,
  },
  {
    pattern:
      /kubelet.*(?:x509: certificate has expired|certificate .*expired)|x509: certificate has expired or is not yet valid|bootstrap client certificate in \S+ is expired|Unable to rotate cert/i,
    category: 'node.kubelet-certificate-expired',
    from: kubelet,
    says: () => 'has a kubelet whose certificate has expired: the API server does not let it in',
  },
  {
    pattern:
      /inotify_(?:add_watch|init)\b.*(?:no space left on device|too many open files)|fsnotify.*too many open files|Failed to (?:allocate directory watch|create (?:fsnotify |inotify )?watch(?:er)?).*(?:Too many open files|No space left)/i,
    category: 'node.inotify-exhausted',
    from: any,
    says: () => 'has no inotify watches or instances left',
  },
  {
    pattern:
      /failed to register layer: (?:rename .*: file exists|.*unexpected EOF|.*no such file)|readlink \/var\/lib\/docker\/overlay2.*: invalid argument|content digest sha256:\w+: not found|failed to (?:extract|unpack) .*(?:input\/output error|structure needs cleaning|file exists)/,
    category: 'node.image-store-corrupt',
    from: runtime,
    says: () => 'has a damaged store of images',
  },
  {
    pattern:
      /System clock wrong by (?<offsetSeconds>-?[\d.]+) seconds|time stepped by (?<stepSeconds>-?[\d.]+)|step time server \S+ offset (?<stepOffset>-?[\d.]+)/,
    category: 'node.clock-skewed',
    from: clock,
    says: ({ offsetSeconds, stepSeconds, stepOffset }) =>
      `has a clock that is wrong by ${offsetSeconds ?? stepSeconds ?? stepOffset ?? '?'} s`,
  },
  {
    pattern:
      /(?<who>System is (?:powering|going) down|The system (?:will|is going to) (?:power off|reboot|be (?:powered off|rebooted|halted))|Reached target (?:System )?(?:Shutdown|Power-Off|Reboot))/i,
    category: 'node.shutdown',
    from: /^(?:systemd|systemd-logind|init|shutdown)$/,
    says: () => 'is being shut down',
  },
];
