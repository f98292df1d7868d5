/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The few fields of kernel structures that the programs read. preserve_access_index makes every access a CO-RE relocation, which
 * libbpf resolves against the running kernel's BTF: the order and the sizes here mean nothing, the names do. Every structure here is
 * in every kernel since 5.8: differences are asked for by field, since for a structure that is not there libbpf looks into the modules,
 * and that takes CAP_SYS_ADMIN.
 */
#ifndef THROUGHLINE_KERNEL_TYPES_H
#define THROUGHLINE_KERNEL_TYPES_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

struct kernfs_node {
	const char *name;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
	struct cgroup_subsys_state *subsys[1];
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};

struct page_counter {
	unsigned long max;
};

struct mem_cgroup {
	struct cgroup_subsys_state css;
	struct page_counter memory;
};

struct percpu_counter {
	__s64 count;
};

struct mm_struct {
	unsigned long total_vm;
	struct percpu_counter rss_stat[4];
};

/* rss_stat was a struct mm_rss_stat, without counters per CPU. */
struct mm_struct___before_6_2 {
	struct {
		atomic_long_t count[4];
	} rss_stat;
};

struct signal_struct {
	atomic_t live;
	unsigned int flags;
	int group_exit_code;
	short oom_score_adj;
};

struct pid_namespace {
	struct task_struct *child_reaper;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct task_struct {
	int pid;
	int tgid;
	int exit_code;
	__u64 start_boottime;
	char comm[16];
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct signal_struct *signal;
	struct mm_struct *mm;
	struct css_set *cgroups;
	struct pid *thread_pid;
};

/* Only asked whether it has the field: since 6.8 the tracepoint's first argument is the task, before it was the pid. */
struct trace_event_raw_mark_victim {
	unsigned long total_vm;
};

#pragma clang attribute pop

/* The value here means nothing: bpf_core_enum_value() asks the running kernel, where it depends on the configuration. */
enum cgroup_subsys_id {
	memory_cgrp_id = 0x7fffffff,
};

#endif
