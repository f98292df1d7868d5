/** A map that remembers what was buried for a while, and never more than its bound. */
export interface RecentMap<Key, Value> {
  /** Counts as a use. */
  get(key: Key): Value | undefined;
  /** Does not. */
  peek(key: Key): Value | undefined;
  /** A value set is alive, even when the key was buried. */
  set(key: Key, value: Value): void;
  /** The thing itself is gone: it goes from here, too, after `keepDeadMs`. */
  bury(key: Key): void;
  buried(key: Key): boolean;
  readonly size: number;
}

export interface RecentMapOptions<Key, Value> {
  readonly keepDeadMs: number;
  readonly maxEntries: number;
  /** Epoch ms. */
  readonly clock: () => number;
  readonly onForget?: (key: Key, value: Value) => void;
}

export function createRecentMap<Key, Value>(options: RecentMapOptions<Key, Value>): RecentMap<Key, Value> {
  const { keepDeadMs, maxEntries, clock } = options;
  // A Map iterates in order of insertion: taking out and putting in again keeps the least recently used in front.
  const alive = new Map<Key, Value>();
  const dead = new Map<Key, { readonly value: Value; readonly diedMs: number }>();

  function forget(key: Key, value: Value): void {
    alive.delete(key);
    dead.delete(key);
    options.onForget?.(key, value);
  }

  function tidy(): void {
    const deadlineMs = clock() - keepDeadMs;
    for (const [key, { value, diedMs }] of dead) {
      if (diedMs > deadlineMs) break;
      forget(key, value);
    }
    while (alive.size + dead.size > maxEntries) {
      const [oldestDead] = dead;
      const [oldestAlive] = alive;
      if (oldestDead) forget(oldestDead[0], oldestDead[1].value);
      else if (oldestAlive) forget(oldestAlive[0], oldestAlive[1]);
    }
  }

  return {
    get(key) {
      const value = alive.get(key);
      if (value === undefined) {
        const entry = dead.get(key);
        return entry && entry.diedMs > clock() - keepDeadMs ? entry.value : undefined;
      }
      alive.delete(key);
      alive.set(key, value);
      return value;
    },
    peek: (key) => alive.get(key) ?? dead.get(key)?.value,
    set(key, value) {
      alive.delete(key);
      dead.delete(key);
      alive.set(key, value);
      tidy();
    },
    bury(key) {
      const value = alive.get(key);
      if (value === undefined) return;
      alive.delete(key);
      dead.set(key, { value, diedMs: clock() });
      tidy();
    },
    buried: (key) => dead.has(key),
    get size() {
      return alive.size + dead.size;
    },
  };
}
