/** The lines of a trial's attempts, to be searched; it stays at its end while it grows. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { place, setQuery } from '../../state/location.js';
import { count } from '../../text/format.js';
import { LineFinder } from '../../text/log-text.js';
import type { Section } from './heard-logs.js';

/** Drawn at most, the newest. */
const MOST_DRAWN = 1_000;
/** As near to its end, a log that grows stays at its end. */
const END_PX = 24;

export interface LogLinesProps {
  readonly sections: readonly Section[];
}

export function LogLines({ sections }: LogLinesProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useSignal(true);
  const wanted = place.value.query.get('find') ?? '';
  const finder = useMemo(() => new LineFinder(wanted), [wanted]);
  const drawn = sections.map((section) => {
    const found = finder.in(section.log);
    return { ...section, found: found.slice(-MOST_DRAWN), count: found.length };
  });
  const total = drawn.reduce((sum, { count: lines }) => sum + lines, 0);
  const isCut = drawn.some(({ found, count: lines, log }) => lines > found.length || log.dropped > 0);
  const toEnd = (): void => {
    isAtEnd.value = true;
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  };
  useLayoutEffect(() => {
    if (isAtEnd.peek() && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  });
  return (
    <>
      <div class="toolbar spaced">
        <input type="search" class="grow" aria-label="Find in the log" placeholder="Find in the log" value={wanted} onInput={(event) => setQuery({ find: event.currentTarget.value }, { replace: true })} />
        <span class="small muted">
          {count(total, wanted === '' ? 'line' : 'line with it', wanted === '' ? 'lines' : 'lines with it')}
          {isCut && `; of each attempt the last ${count(MOST_DRAWN, 'line')} are shown`}
        </span>
        {!isAtEnd.value && (
          <button type="button" onClick={toEnd}>
            Jump to the end
          </button>
        )}
      </div>
      <div
        ref={box}
        class="log lines"
        role="log"
        // Its role alone would have every line spoken.
        aria-live="off"
        aria-label="What its attempts print"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => (isAtEnd.value = scrollHeight - scrollTop - clientHeight < END_PX)}
      >
        {drawn.map(({ attempt, heading, note, found }) => (
          <div key={attempt}>
            <div class="log-head">
              {heading}
              {note !== '' && <span class="muted">: {note}</span>}
            </div>
            {found.map(({ line, pieces }) => (
              <div key={line.number} class={line.leftOut === null ? 'log-line' : 'log-line muted'} dir="ltr">
                {pieces.map(({ text, isFound }, index) => (isFound ? <mark key={index}>{text}</mark> : text))}
              </div>
            ))}
          </div>
        ))}
      </div>
    </>
  );
}
