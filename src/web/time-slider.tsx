import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Happening } from './cluster-then.js';
import { clockTime, fullTime, toMs } from './moments.js';
import type { IncidentRow } from './queries.js';

interface TimeSliderProperties {
  readonly ms: number;
  readonly beginMs: number;
  readonly endMs: number;
  /** By time. */
  readonly happenings: readonly Happening[];
  readonly incidents: readonly IncidentRow[];
  readonly onMove: (ms: number) => void;
}

const stepMs = 1_000;
/** Played in this time, however long it took. */
const playMs = 20_000;
const frameMs = 250;

/** Moves through time: by hand, from one happening to the next, or by itself. */
export function TimeSlider({ ms, beginMs, endMs, happenings, incidents, onMove }: TimeSliderProperties): JSX.Element {
  const [playing, setPlaying] = useState(false);
  const place = (at: number): string => `${(100 * (at - beginMs)) / (endMs - beginMs)}%`;
  const clamp = (at: number): number => Math.min(endMs, Math.max(beginMs, at));
  const next = happenings.find((each) => each.ms > ms + stepMs / 2);
  const before = happenings.findLast((each) => each.ms < ms - stepMs / 2);
  useEffect(() => {
    if (!playing) return;
    if (ms >= endMs) return setPlaying(false);
    const timer = setTimeout(() => onMove(clamp(ms + ((endMs - beginMs) * frameMs) / playMs)), frameMs);
    return () => clearTimeout(timer);
  }, [playing, ms]);
  const at = new Date(ms).toISOString();
  return (
    <div class="time-slider">
      <div class="time-slider-buttons">
        <button type="button" disabled={!before} onClick={() => before && onMove(clamp(before.ms))}>
          Before
        </button>
        <button
          type="button"
          onClick={() => {
            if (!playing && ms >= endMs) onMove(beginMs);
            setPlaying(!playing);
          }}
        >
          {playing ? 'Stop' : 'Play'}
        </button>
        <button
          type="button"
          disabled={!next}
          onClick={() => next && onMove(clamp(Math.ceil(next.ms / stepMs) * stepMs))}
        >
          Next
        </button>
        <output>{fullTime(at)}</output>
      </div>
      <div class="time-slider-track">
        {incidents.map((row) => (
          <span
            key={row.id}
            class={`time-slider-incident ${row.severity.toLowerCase()}`}
            title={row.title}
            aria-hidden="true"
            style={{
              left: place(toMs(row.openedAt)),
              width: `${(100 * (Math.min(endMs, row.resolvedAt === null ? endMs : toMs(row.resolvedAt)) - toMs(row.openedAt))) / (endMs - beginMs)}%`,
            }}
          />
        ))}
        <input
          type="range"
          aria-label="Moment"
          aria-valuetext={fullTime(at)}
          min={beginMs}
          max={endMs}
          step={stepMs}
          value={ms}
          onInput={(event) => {
            setPlaying(false);
            onMove(Number(event.currentTarget.value));
          }}
        />
        <span class="time-slider-ends fine" aria-hidden="true">
          <span>{clockTime(new Date(beginMs).toISOString(), ms)}</span>
          <span>{clockTime(new Date(endMs).toISOString(), ms)}</span>
        </span>
      </div>
    </div>
  );
}
