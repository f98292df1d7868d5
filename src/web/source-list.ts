import { signal } from '@preact/signals';
import { ApiFailure, ask } from './ask.js';
import { heardOf } from './event-time.js';
import { sources, type Source, type Sources } from './queries.js';

/** Null until it was loaded. */
export const sourceList = signal<readonly Source[] | null>(null);
export const sourceFailure = signal<ApiFailure | null>(null);

const askEveryMs = 10_000;
let asking: ReturnType<typeof setInterval> | null = null;

/** Sources are state, not events: they are asked for, again and again from the first time on. */
export async function loadSources(): Promise<void> {
  asking ??= setInterval(() => void load(), askEveryMs);
  await load();
}

async function load(): Promise<void> {
  try {
    const { sourceHealth } = await ask<Sources>(sources);
    for (const { lastSeen } of sourceHealth) heardOf(lastSeen);
    sourceList.value = sourceHealth;
    sourceFailure.value = null;
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    sourceFailure.value = error;
  }
}
