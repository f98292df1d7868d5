import type { JSX } from 'preact';
import { pastSince } from './event-time.js';
import { connection, loadedAt } from './incidents.js';
import { fullTime } from './moments.js';

const words = { connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting' } as const;

/** Whether what is seen is as of now; while it is not, as of when. */
export function ConnectionNote(): JSX.Element {
  const state = connection.value;
  const since = loadedAt.value;
  return (
    <span class={`connection ${state}`} role="status">
      <span class="dot" aria-hidden="true" />
      {words[state]}
      {state === 'reconnecting' && since !== null && (
        <span class="connection-since">: as of {new Date(since).toISOString().slice(11, 19)} UTC</span>
      )}
    </span>
  );
}

/** A page that shows yesterday's events says so before anybody acts on them. */
export function PastNote(): JSX.Element | null {
  const since = pastSince.value;
  if (since === null) return null;
  return (
    <p class="past-note">
      Nothing newer than {fullTime(new Date(since).toISOString())} has been seen: this is a recording, or every source
      is silent.
    </p>
  );
}
