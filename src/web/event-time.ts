import { computed, signal } from '@preact/signals';
import { toMs } from './moments.js';

/** The newest event time that anything on the page told of; 0 until something did. */
const newestMs = signal(0);
const wallMs = signal(Date.now());

setInterval(() => (wallMs.value = Date.now()), 1_000);

export function heardOf(time: string): void {
  const ms = toMs(time);
  if (ms > newestMs.value) newestMs.value = ms;
}

/** Sources say at least twice a minute that they are alive; ten minutes is no delay any more. */
const pastMs = 10 * 60_000;

/** Not null: nothing newer than this is known, so that it is a recording that plays, or all sources are silent. */
export const pastSince = computed(() =>
  newestMs.value > 0 && wallMs.value - newestMs.value > pastMs ? newestMs.value : null,
);

/** Now, in the time of the events: what durations of open incidents are counted to. */
export const eventNow = computed(() => pastSince.value ?? Math.max(wallMs.value, newestMs.value));
