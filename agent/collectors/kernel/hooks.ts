import type { OomVictim, ProcessExit } from '../../../src/model/payloads.js';
import { decodeOomVictim, decodeProcessExit, layout, type KernelRecord } from './decode.js';

/** One eBPF program: its file is agent/bpf/<name>.bpf.c. A new hook is that file and one entry here. */
export interface Hook {
  readonly name: string;
  readonly kind: number;
  /** What is not seen without it, for the health report. */
  readonly sees: string;
  /** Its read-only data. */
  readonly constants: (settings: HookSettings) => Readonly<Record<string, number>>;
  readonly decode: (view: DataView, pageBytes: number) => KernelRecord<OomVictim | ProcessExit>;
}

export interface HookSettings {
  readonly pageBytes: number;
  readonly successfulExits: boolean;
}

const { EVENT_OOM_VICTIM, EVENT_PROCESS_EXIT } = layout.constants;

export const hooks: readonly Hook[] = [
  {
    name: 'oom-victim',
    kind: EVENT_OOM_VICTIM,
    sees: 'OOM kills',
    constants: ({ pageBytes }) => ({ page_bytes: pageBytes }),
    decode: decodeOomVictim,
  },
  {
    name: 'process-exit',
    kind: EVENT_PROCESS_EXIT,
    sees: 'process exits',
    constants: ({ successfulExits }) => ({ also_success: Number(successfulExits) }),
    decode: decodeProcessExit,
  },
];
