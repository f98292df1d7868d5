/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * oom/mark_victim, not oom_kill_process(): it is the one place that every kernel OOM kill passes, it is a tracepoint (stable, there
 * without kprobes), and it fires before SIGKILL is delivered, so the victim still has its memory and its cgroup. The calls:
 *
 *   try_charge_memcg > mem_cgroup_oom > mem_cgroup_out_of_memory > out_of_memory           a memory cgroup is at its limit
 *   __alloc_pages_slowpath > __alloc_pages_may_oom > out_of_memory                         the node is out of memory
 *     out_of_memory > oom_kill_process > __oom_kill_process(victim) > mark_oom_victim      a task was chosen
 *     out_of_memory > mark_oom_victim(current)                                             current is exiting anyway
 *
 * The victim is whoever select_bad_process() liked best: often current, but any task of the cgroup (or of the node) may be it, so
 * nothing here comes from current while the kernel gives the task. With memory.oom.group, or where several processes share the
 * victim's mm, the others are killed without being marked, and are seen as process exits by SIGKILL.
 */
#include "channel.h"
#include "lineage.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 page_bytes = 4096;
/* For tests: takes the way of kernels before 6.8 where the tracepoint gives the task as well. */
const volatile bool only_pid = false;

#define MM_ANONPAGES 1

static __always_inline __u64 anon_rss_pages(struct mm_struct *mm)
{
	struct mm_struct___before_6_2 *old = (void *)mm;
	__s64 pages;

	if (bpf_core_field_exists(old->rss_stat.count))
		pages = BPF_CORE_READ(old, rss_stat.count[MM_ANONPAGES].counter);
	else
		/* Without the parts that CPUs have not folded in yet, as in get_mm_counter(), whose figure the kernel log prints. */
		pages = BPF_CORE_READ(mm, rss_stat[MM_ANONPAGES].count);
	return pages > 0 ? pages : 0;
}

SEC("raw_tp/mark_victim")
int oom_victim(struct bpf_raw_tracepoint_args *ctx)
{
	bool gives_task = bpf_core_field_exists(struct trace_event_raw_mark_victim, total_vm);
	struct hook_counters *counters = counters_of(EVENT_OOM_VICTIM);
	struct task_struct *current = (struct task_struct *)bpf_get_current_task();
	struct task_struct *victim = NULL;
	struct cgroup *leaf, *container;
	struct oom_victim *event;
	struct mm_struct *mm;
	__u32 pid;
	__u8 below = 0;

	if (!counters)
		return 0;
	if (gives_task) {
		victim = (struct task_struct *)ctx->args[0];
		pid = BPF_CORE_READ(victim, tgid);
		if (only_pid && (__u32)BPF_CORE_READ(victim, pid) != (__u32)bpf_get_current_pid_tgid())
			victim = NULL;
	} else {
		pid = (__u32)ctx->args[0];
		/* The kernel's pid is a thread's: any thread that still had the mm. */
		if (pid == (__u32)bpf_get_current_pid_tgid()) {
			victim = current;
			pid = bpf_get_current_pid_tgid() >> 32;
		}
	}

	event = bpf_ringbuf_reserve(&priority, sizeof(*event), 0);
	if (!event) {
		counters->dropped++;
		return 0;
	}
	fill_header(&event->header, sizeof(*event), EVENT_OOM_VICTIM);
	event->pid = pid;
	event->anon_rss_pages = 0;
	event->total_vm_pages = 0;
	event->oom_score_adj = 0;
	event->lineage_of_current = !victim;
	event->reserved = 0;
	__builtin_memset(event->comm, 0, sizeof(event->comm));
	if (victim) {
		bpf_core_read_str(event->comm, sizeof(event->comm), &victim->comm);
		event->oom_score_adj = BPF_CORE_READ(victim, signal, oom_score_adj);
		mm = BPF_CORE_READ(victim, mm);
		if (mm) {
			event->anon_rss_pages = anon_rss_pages(mm);
			event->total_vm_pages = BPF_CORE_READ(mm, total_vm);
		} else {
			counters->errors++;
		}
	}

	/* Without the task, current's lineage is the next best: a memory cgroup's OOM killer runs in a task charged to that cgroup. */
	leaf = cgroup_of(victim ? victim : current);
	if (!leaf)
		counters->errors++;
	container = container_of_cgroup(leaf, &below);
	fill_lineage(&event->lineage, container ? container : leaf, below, container != NULL);
	event->limit_pages = container ? limit_pages_of(container, page_bytes) : NO_LIMIT;
	bpf_ringbuf_submit(event, BPF_RB_FORCE_WAKEUP);
	counters->emitted++;
	return 0;
}
