/**
 * What has to be looked at again at a moment of event time, earliest first, equal moments by key: the order does not depend on when
 * the clock is asked. One entry for each key; setting it again replaces it.
 */
export interface Schedule<Task> {
  set(key: string, dueMs: number, task: Task): void;
  cancel(key: string): void;
  /** Removes and returns the earliest entry due at or before `untilMs`, null when there is none. */
  next(untilMs: number): { readonly key: string; readonly dueMs: number; readonly task: Task } | null;
  readonly size: number;
}

/** For those who only ask to be called. */
export type Scheduler<Task> = Pick<Schedule<Task>, 'set' | 'cancel'>;

interface Entry<Task> {
  readonly key: string;
  readonly dueMs: number;
  readonly task: Task;
}

export function createSchedule<Task>(): Schedule<Task> {
  const current = new Map<string, Entry<Task>>();
  // A binary heap with lazy removal: an entry that is no longer the current one of its key is skipped when it surfaces.
  let heap: Entry<Task>[] = [];

  const before = (one: Entry<Task>, other: Entry<Task>) =>
    one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.key < other.key);

  function push(entry: Entry<Task>): void {
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  function pop(): void {
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }

  function compact(): void {
    if (heap.length < 1024 || heap.length < 4 * current.size) return;
    const live = [...current.values()];
    heap = [];
    for (const entry of live) push(entry);
  }

  return {
    set(key, dueMs, task) {
      const entry = { key, dueMs, task };
      current.set(key, entry);
      push(entry);
      compact();
    },
    cancel(key) {
      current.delete(key);
      compact();
    },
    next(untilMs) {
      while (heap.length > 0 && heap[0]!.dueMs <= untilMs) {
        const entry = heap[0]!;
        pop();
        if (current.get(entry.key) !== entry) continue;
        current.delete(entry.key);
        return entry;
      }
      return null;
    },
    get size() {
      return current.size;
    },
  };
}
