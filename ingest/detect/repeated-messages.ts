/**
 * Tells a message that cannot be read from a reader that cannot read: only one that fails again and again under the same id is to blame
 * itself. Remembers the ids of the last failures of each reader; deterministic in the order of lines.
 */
export interface RepeatedMessages {
  /** True from the third failure of this message on. */
  again(reader: string, messageId: string): boolean;
}

/** Brokers deliver at least once: twice is a hiccup. */
const least = 3;
const maxPerReader = 64;
const maxReaders = 4_096;

export function createRepeatedMessages(): RepeatedMessages {
  const readers = new Map<string, Map<string, number>>();
  return {
    again(reader, messageId) {
      const seen = readers.get(reader) ?? new Map<string, number>();
      readers.delete(reader);
      readers.set(reader, seen);
      if (readers.size > maxReaders) readers.delete(readers.keys().next().value!);
      const count = (seen.get(messageId) ?? 0) + 1;
      seen.delete(messageId);
      seen.set(messageId, count);
      if (seen.size > maxPerReader) seen.delete(seen.keys().next().value!);
      return count >= least;
    },
  };
}
