/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The way to user space, the same maps in every program: the addon creates them with the first object and hands them to the rest.
 * Two rings, because a flood of exits must not leave an OOM without room.
 */
#ifndef THROUGHLINE_CHANNEL_H
#define THROUGHLINE_CHANNEL_H

#include "events.h"
#include "kernel-types.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} priority SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 2 * 1024 * 1024);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EVENT_KINDS);
	__type(key, __u32);
	__type(value, struct hook_counters);
} counters SEC(".maps");

static __always_inline struct hook_counters *counters_of(__u32 kind)
{
	return bpf_map_lookup_elem(&counters, &kind);
}

static __always_inline void fill_header(struct event_header *header, __u16 size, __u8 kind)
{
	header->size = size;
	header->kind = kind;
	__builtin_memset(header->reserved, 0, sizeof(header->reserved));
	header->boottime_ns = bpf_ktime_get_boot_ns();
}

#endif
