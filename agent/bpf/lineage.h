/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * Which container a task is in, from the kernfs names of its cgroup and its ancestors. Not from bpf_get_current_cgroup_id(): that
 * knows only the v2 tree, which on a v1 or hybrid host says "/" for everything, and only the current task.
 */
#ifndef THROUGHLINE_LINEAGE_H
#define THROUGHLINE_LINEAGE_H

#include "events.h"
#include "kernel-types.h"

/* Levels looked through for a container: kubelet in a container, and systemd in a pod, still fit. */
#define DEPTH_MAX 16
/* Every runtime names a container's cgroup by 64 hex digits, with or without a prefix and ".scope". User space decides exactly. */
#define CONTAINER_NAME_MIN 64

static __always_inline struct cgroup_subsys_state *memory_css(const void *slots)
{
	struct cgroup_subsys_state *css = NULL;
	__u64 index = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);

	bpf_probe_read_kernel(&css, sizeof(css), slots + index * sizeof(css));
	return css;
}

/*
 * The cgroup that names the task's container. On a v1 host it is the one in the memory hierarchy. On a v2 host it is the task's own
 * cgroup in the one tree: its memory state may belong to an ancestor, where the memory controller is not enabled all the way down.
 */
static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup *unified = BPF_CORE_READ(set, dfl_cgrp);
	struct cgroup_subsys_state *css;
	struct cgroup *memory;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return unified;
	css = memory_css((const void *)set + bpf_core_field_offset(struct css_set, subsys));
	memory = BPF_CORE_READ(css, cgroup);
	if (!memory || BPF_CORE_READ(memory, root) == BPF_CORE_READ(unified, root))
		return unified;
	return memory;
}

/* NULL above the root: there self.parent is NULL, and reading through it gives 0. */
static __always_inline struct cgroup *parent_of(struct cgroup *at)
{
	return BPF_CORE_READ(at, self.parent, cgroup);
}

/* The nearest ancestor-or-self that is named like a container, or NULL. */
static __always_inline struct cgroup *container_of_cgroup(struct cgroup *leaf, __u8 *below)
{
	char name[CGROUP_NAME_BYTES];
	struct cgroup *at = leaf;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (!at)
			return NULL;
		/* The length that comes back counts the NUL. */
		if (bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(at, kn, name)) > CONTAINER_NAME_MIN) {
			*below = depth;
			return at;
		}
		at = parent_of(at);
	}
	return NULL;
}

static __always_inline void fill_lineage(struct cgroup_lineage *lineage, struct cgroup *first, __u8 below, bool in_container)
{
	struct cgroup *at = first;

	lineage->levels = 0;
	lineage->reaches_root = 0;
	lineage->below = below;
	lineage->in_container = in_container;
	__builtin_memset(lineage->reserved, 0, sizeof(lineage->reserved));
	for (int level = 0; level < CGROUP_LEVELS; level++) {
		struct cgroup *parent = at ? parent_of(at) : NULL;

		lineage->names[level][0] = 0;
		if (!parent) {
			/* The root itself has an empty name: it ends the path and is no level of it. */
			lineage->reaches_root = 1;
			continue;
		}
		bpf_probe_read_kernel_str(lineage->names[level], CGROUP_NAME_BYTES, BPF_CORE_READ(at, kn, name));
		lineage->levels = level + 1;
		at = parent;
	}
	if (at && !parent_of(at))
		lineage->reaches_root = 1;
}

/* In pages; NO_LIMIT when the cgroup has no memory state or nobody set a limit (PAGE_COUNTER_MAX is LONG_MAX in pages). */
static __always_inline __u64 limit_pages_of(struct cgroup *at, __u32 page_bytes)
{
	struct cgroup_subsys_state *css;
	struct mem_cgroup *memory;
	__u64 max;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return NO_LIMIT;
	css = memory_css((const void *)at + bpf_core_field_offset(struct cgroup, subsys));
	if (!css)
		return NO_LIMIT;
	memory = (void *)css - bpf_core_field_offset(struct mem_cgroup, css);
	max = BPF_CORE_READ(memory, memory.max);
	if (max >= 0x7fffffffffffffffULL / page_bytes)
		return NO_LIMIT;
	return max;
}

#endif
