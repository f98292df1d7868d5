import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Every native function and type of addon.cc. Absent is null; nothing here is optional, so that undefined always means a misspelt field. */
export interface KernelAddon {
  readonly pageBytes: number;
  /** CLOCK_BOOTTIME now, the clock of every event. */
  boottimeNs(): bigint;
  /** CLOCK_REALTIME minus CLOCK_BOOTTIME now: added to an event's boottime it gives epoch nanoseconds. */
  wallClockOffsetNs(): bigint;
  /**
   * Loads and attaches at once. Never throws for what the kernel refuses: `hooks` tells what could not be had and why.
   * `onBatch` gets whole records, one after the other, those of the priority ring first.
   */
  readonly Session: new (options: SessionOptions, onBatch: (batch: ArrayBuffer) => void) => KernelSession;
}

export interface SessionOptions {
  readonly objects: readonly {
    readonly name: string;
    /** Path of the compiled program. */
    readonly file: string;
    /** Read-only data of the program by variable name, set before it is loaded. */
    readonly constants: Readonly<Record<string, number>>;
  }[];
  /** Powers of two times the page size, as the kernel wants them. */
  readonly eventsRingBytes: number;
  readonly priorityRingBytes: number;
  /** Copied out of each ring and not yet taken by JavaScript; beyond it the ring itself fills. */
  readonly maxPendingBytes: number;
  /** After a batch of plain events the thread lets more gather this long; priority events never wait. 0: none do. */
  readonly lingerMs: number;
}

export interface KernelSession {
  /** One for each object; `reason` is null when it is attached. */
  readonly hooks: readonly { readonly name: string; readonly reason: string | null }[];
  /** Everything the kernel has said before this call and `onBatch` has not had; null when there is nothing. */
  drain(): ArrayBuffer | null;
  /** Summed over CPUs, since the session began; `kind` as in events.h. */
  counters(kind: number): HookCounters;
  /** Detaches and frees everything; what is undelivered is gone, so drain first. A second call does nothing. */
  close(): void;
}

export interface HookCounters {
  readonly emitted: number;
  /** The ring was full. */
  readonly dropped: number;
  /** A kernel structure could not be read. */
  readonly errors: number;
  /** Left out on purpose: not in a container, or a child process that ended well. */
  readonly skipped: number;
}

export type LoadedAddon =
  | { readonly addon: KernelAddon; readonly objectFile: (hook: string) => string; readonly reason: null }
  | { readonly addon: null; readonly objectFile: null; readonly reason: string };

/** The addon as built by build.mjs; null with a reason when it is not built or its libraries are not there. */
export function load(): LoadedAddon {
  const folder = builtFolder();
  if (folder === null) {
    return absent(
      'the eBPF addon is not built: install clang, llvm and libbpf-dev, then run node agent/native/build.mjs',
    );
  }
  const module = { exports: {} as KernelAddon };
  try {
    process.dlopen(module, join(folder, addonPath));
  } catch (error) {
    return absent(`the eBPF addon cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {
    addon: module.exports,
    objectFile: (hook) => join(folder, 'agent/bpf/build', `${hook}.bpf.o`),
    reason: null,
  };
}

const addonPath = 'agent/native/build/Release/kernel.node';

/** The package folder: some ancestor of this file, which is in agent/native or, compiled, in dist/agent/native. */
function builtFolder(): string | null {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, addonPath))) return folder;
    if (folder === dirname(folder)) return null;
  }
}

function absent(reason: string): LoadedAddon {
  return { addon: null, objectFile: null, reason };
}
