/* Prints what the C compiler makes of agent/bpf/events.h, as JSON; `layout golden` writes known records in its terms. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "events.h"

#define FIELD(type, field) printf("\"%s\":%zu,", #field, offsetof(struct type, field))
#define END(type) printf("\"sizeof\":%zu},", sizeof(struct type))
#define BEGIN(type) printf("\"%s\":{", #type)

static void print_layout(void)
{
	printf("{");
	BEGIN(event_header);
	FIELD(event_header, size);
	FIELD(event_header, kind);
	FIELD(event_header, boottime_ns);
	END(event_header);
	BEGIN(cgroup_lineage);
	FIELD(cgroup_lineage, levels);
	FIELD(cgroup_lineage, reaches_root);
	FIELD(cgroup_lineage, below);
	FIELD(cgroup_lineage, in_container);
	FIELD(cgroup_lineage, names);
	END(cgroup_lineage);
	BEGIN(oom_victim);
	FIELD(oom_victim, anon_rss_pages);
	FIELD(oom_victim, total_vm_pages);
	FIELD(oom_victim, limit_pages);
	FIELD(oom_victim, pid);
	FIELD(oom_victim, oom_score_adj);
	FIELD(oom_victim, lineage_of_current);
	FIELD(oom_victim, comm);
	FIELD(oom_victim, lineage);
	END(oom_victim);
	BEGIN(process_exit);
	FIELD(process_exit, started_boottime_ns);
	FIELD(process_exit, pid);
	FIELD(process_exit, parent_pid);
	FIELD(process_exit, wait_status);
	FIELD(process_exit, container_init);
	FIELD(process_exit, comm);
	FIELD(process_exit, lineage);
	END(process_exit);
	printf("\"constants\":{\"COMM_BYTES\":%d,\"CGROUP_NAME_BYTES\":%d,\"CGROUP_LEVELS\":%d,", COMM_BYTES, CGROUP_NAME_BYTES, CGROUP_LEVELS);
	printf("\"EVENT_OOM_VICTIM\":%d,\"EVENT_PROCESS_EXIT\":%d}}\n", EVENT_OOM_VICTIM, EVENT_PROCESS_EXIT);
}

#define CONTAINER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void fill_lineage(struct cgroup_lineage *lineage)
{
	/* What is not used may hold anything. */
	memset(lineage, 0xee, sizeof(*lineage));
	lineage->levels = 4;
	lineage->reaches_root = 1;
	lineage->below = 0;
	lineage->in_container = 1;
	strcpy(lineage->names[0], CONTAINER);
	strcpy(lineage->names[1], "pod01234567-89ab-cdef-0123-456789abcdef");
	strcpy(lineage->names[2], "burstable");
	strcpy(lineage->names[3], "kubepods");
}

static void write_golden(void)
{
	struct oom_victim victim;
	struct process_exit ended;

	memset(&victim, 0xee, sizeof(victim));
	victim.header.size = sizeof(victim);
	victim.header.kind = EVENT_OOM_VICTIM;
	victim.header.boottime_ns = 1234567890123456789ULL;
	victim.anon_rss_pages = 16000;
	victim.total_vm_pages = 5000000000ULL;
	victim.limit_pages = 16384;
	victim.pid = 4194303;
	victim.oom_score_adj = -998;
	victim.lineage_of_current = 0;
	memcpy(victim.comm, "fifteen-letters", 16);
	fill_lineage(&victim.lineage);

	memset(&ended, 0xee, sizeof(ended));
	ended.header.size = sizeof(ended);
	ended.header.kind = EVENT_PROCESS_EXIT;
	ended.header.boottime_ns = 9007199254740993ULL;
	ended.started_boottime_ns = 9007199254740993ULL - 2500000ULL;
	ended.pid = 77;
	ended.parent_pid = 66;
	ended.wait_status = 11 | 0x80;
	ended.container_init = IS_CONTAINER_INIT;
	memcpy(ended.comm, "caf\xc3\xa9", 6);
	fill_lineage(&ended.lineage);
	ended.lineage.levels = CGROUP_LEVELS;
	ended.lineage.reaches_root = 0;
	strcpy(ended.lineage.names[4], "outer.slice");

	fwrite(&victim, sizeof(victim), 1, stdout);
	fwrite(&ended, sizeof(ended), 1, stdout);
	/* A second victim: no limit, no cgroup but the root, and only its pid known. */
	victim.limit_pages = NO_LIMIT;
	victim.lineage_of_current = 1;
	victim.lineage.levels = 0;
	fwrite(&victim, sizeof(victim), 1, stdout);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "golden") == 0)
		write_golden();
	else
		print_layout();
	return 0;
}
