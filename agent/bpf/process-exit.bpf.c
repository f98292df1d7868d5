/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * sched/sched_process_exit: the only point that every death passes with its status known, whoever reaps it later. The calls:
 *
 *   exit_group(2) | a fatal signal > get_signal (> vfs_coredump) > do_group_exit > do_exit
 *   exit(2) of one thread                                                        > do_exit > trace_sched_process_exit
 *
 * do_exit() runs once in every thread, in the dying thread, after signal->live was decremented and before cgroup_exit(): its
 * cgroup, its pid and its parent are all still there. The process has ended when the last thread passes.
 */
#include "channel.h"
#include "lineage.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Children that end well are most exits and say nothing; a container's first process is told of always. */
const volatile bool also_success = false;
/* include/linux/sched/signal.h: group_exit_code is valid. */
#define SIGNAL_GROUP_EXIT 0x4

struct process_key {
	__u64 started_boottime_ns;
	__u64 pid;
};

/*
 * Two threads that leave at once may both see that no thread is alive; the first to enter its process here speaks for it. Since 6.16 the
 * tracepoint says group_dead itself, but which argument it is cannot be asked for by CO-RE without a type that older kernels lack, and
 * for a type that is not there libbpf searches all modules, which takes CAP_SYS_ADMIN.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct process_key);
	__type(value, __u8);
} ended SEC(".maps");

static __always_inline bool first_to_tell(struct task_struct *leader)
{
	struct process_key key = {};
	__u8 told = 1;

	key.started_boottime_ns = BPF_CORE_READ(leader, start_boottime);
	key.pid = BPF_CORE_READ(leader, tgid);
	return bpf_map_update_elem(&ended, &key, &told, BPF_NOEXIST) == 0;
}

/* What wait(2) will say (wait_task_zombie): the group's code where one thread ended them all, else the leader's own. */
static __always_inline __u32 wait_status_of(struct task_struct *leader)
{
	struct signal_struct *signal = BPF_CORE_READ(leader, signal);

	if (BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT)
		return BPF_CORE_READ(signal, group_exit_code);
	return BPF_CORE_READ(leader, exit_code);
}

/*
 * Pid 1 of a pid namespace below the host's is the container's init. With the node's or the pod's pid namespace that does not tell;
 * then a process whose parent is in the same container is surely not, and for the rest (started by the runtime: init or exec) it is unknown.
 */
static __always_inline __u8 container_init_of(struct task_struct *leader, struct cgroup *container)
{
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);
	unsigned int level = BPF_CORE_READ(pid, level);
	struct pid_namespace *ns = NULL;
	const void *upid;
	int nr = 0;
	__u8 below;

	if (level > 0 && level < 32) {
		upid = (const void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
		bpf_probe_read_kernel(&nr, sizeof(nr), upid + bpf_core_field_offset(struct upid, nr));
		if (nr == 1)
			return IS_CONTAINER_INIT;
		bpf_probe_read_kernel(&ns, sizeof(ns), upid + bpf_core_field_offset(struct upid, ns));
		if (container_of_cgroup(cgroup_of(BPF_CORE_READ(ns, child_reaper)), &below) == container)
			return NOT_CONTAINER_INIT;
	}
	if (container_of_cgroup(cgroup_of(BPF_CORE_READ(leader, real_parent)), &below) == container)
		return NOT_CONTAINER_INIT;
	return CONTAINER_INIT_UNKNOWN;
}

/*
 * runc joins a container in stages (libcontainer/nsenter), each of which ends well in the container's cgroup when the next one stands.
 * Only when a stage fails, as with a command that is not there, has the container something to tell.
 */
static __always_inline bool is_runtime_stage(const char *comm)
{
	return comm[0] == 'r' && comm[1] == 'u' && comm[2] == 'n' && comm[3] == 'c' && comm[4] == ':' && comm[5] == '[';
}

SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct hook_counters *counters = counters_of(EVENT_PROCESS_EXIT);
	struct cgroup *leaf, *container;
	struct process_exit *event;
	char comm[COMM_BYTES] = {};
	__u32 wait_status;
	__u8 below = 0, init;

	if (!counters || BPF_CORE_READ(task, signal, live.counter) != 0)
		return 0;
	leaf = cgroup_of(leader);
	if (!leaf)
		counters->errors++;
	container = container_of_cgroup(leaf, &below);
	if (!container) {
		counters->skipped++;
		return 0;
	}
	wait_status = wait_status_of(leader);
	init = container_init_of(leader, container);
	bpf_core_read_str(comm, sizeof(comm), &leader->comm);
	if (wait_status == 0 && !also_success && (init == NOT_CONTAINER_INIT || is_runtime_stage(comm))) {
		counters->skipped++;
		return 0;
	}
	if (!first_to_tell(leader))
		return 0;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		counters->dropped++;
		return 0;
	}
	fill_header(&event->header, sizeof(*event), EVENT_PROCESS_EXIT);
	event->started_boottime_ns = BPF_CORE_READ(leader, start_boottime);
	event->pid = BPF_CORE_READ(leader, tgid);
	event->parent_pid = BPF_CORE_READ(leader, real_parent, tgid);
	event->wait_status = wait_status;
	event->container_init = init;
	__builtin_memset(event->reserved, 0, sizeof(event->reserved));
	__builtin_memcpy(event->comm, comm, sizeof(event->comm));
	fill_lineage(&event->lineage, container, below, true);
	bpf_ringbuf_submit(event, 0);
	counters->emitted++;
	return 0;
}
