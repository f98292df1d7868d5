/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * What the kernel half and the user half say to each other: fixed-size records in host byte order, told apart by header.kind.
 * agent/collectors/kernel/decode.ts reads them by offset; test/agent/kernel/layout.test.ts compiles this header and compares.
 * Fields are ordered so that no compiler puts padding between them; the assertions below hold every compiler to it.
 */
#ifndef THROUGHLINE_EVENTS_H
#define THROUGHLINE_EVENTS_H

#include <linux/types.h>

#define COMM_BYTES 16
/*
 * Most runtimes stay below 90 ("cri-containerd-" + 64 hex digits + ".scope"). The longest is containerd on the cgroupfs driver under a
 * kubelet on the systemd driver: "kubepods-besteffort-pod<36>.slice:cri-containerd:<64>" is 145.
 */
#define CGROUP_NAME_BYTES 152
/* container, pod, quality of service, kubepods, and one more: enough for the whole path under both cgroup drivers. */
#define CGROUP_LEVELS 5

#define NO_LIMIT (~0ULL)

enum event_kind {
	EVENT_OOM_VICTIM = 1,
	EVENT_PROCESS_EXIT = 2,
	/* Rows of the counter map, one for each kind. */
	EVENT_KINDS = 16,
};

struct event_header {
	__u16 size;
	__u8 kind;
	__u8 reserved[5];
	/* CLOCK_BOOTTIME: goes on during suspend, so that its distance to the wall clock changes only when the wall clock is set. */
	__u64 boottime_ns;
};

/*
 * Names of the process's cgroup and its ancestors, nearest first. It starts at the container's level when the lineage has one (a
 * container may have cgroups of its own below), else at the process's own cgroup.
 */
struct cgroup_lineage {
	__u8 levels;
	/* 1 when names[levels - 1] is a child of the root, so that the path is complete. */
	__u8 reaches_root;
	/* Cgroups between the process's own and names[0]. */
	__u8 below;
	/* 1 when names[0] looks like a container's. */
	__u8 in_container;
	__u8 reserved[4];
	char names[CGROUP_LEVELS][CGROUP_NAME_BYTES];
};

struct oom_victim {
	struct event_header header;
	__u64 anon_rss_pages;
	__u64 total_vm_pages;
	/* memory.max of the container's memory cgroup, in pages; NO_LIMIT when it has none. */
	__u64 limit_pages;
	__u32 pid;
	__s16 oom_score_adj;
	/* 1 when the kernel gave only the pid and the victim was not current: figures are 0, the lineage is that of the task that ran out of memory. */
	__u8 lineage_of_current;
	__u8 reserved;
	char comm[COMM_BYTES];
	struct cgroup_lineage lineage;
};

enum container_init {
	NOT_CONTAINER_INIT = 0,
	IS_CONTAINER_INIT = 1,
	CONTAINER_INIT_UNKNOWN = 2,
};

struct process_exit {
	struct event_header header;
	__u64 started_boottime_ns;
	__u32 pid;
	__u32 parent_pid;
	/* As wait(2) reports it: exit code << 8, or signal, and 0x80 when a core was dumped. */
	__u32 wait_status;
	__u8 container_init;
	__u8 reserved[3];
	char comm[COMM_BYTES];
	struct cgroup_lineage lineage;
};

/* One per kind and CPU. */
struct hook_counters {
	__u64 emitted;
	/* The ring was full. */
	__u64 dropped;
	/* A kernel structure could not be read. */
	__u64 errors;
	/* Left out on purpose: not in a container, or a child that ended well. */
	__u64 skipped;
};

#ifdef __cplusplus
#define _Static_assert static_assert
#endif
_Static_assert(sizeof(struct event_header) == 16, "event_header");
_Static_assert(sizeof(struct cgroup_lineage) == 8 + CGROUP_LEVELS * CGROUP_NAME_BYTES, "cgroup_lineage");
_Static_assert(sizeof(struct oom_victim) == 16 + 24 + 8 + 16 + sizeof(struct cgroup_lineage), "oom_victim");
_Static_assert(sizeof(struct process_exit) == 16 + 8 + 16 + 16 + sizeof(struct cgroup_lineage), "process_exit");
_Static_assert(sizeof(struct hook_counters) == 32, "hook_counters");

#endif
