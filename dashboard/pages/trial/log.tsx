/** What the trial's attempts print: as it comes while they run, and the end of it afterwards. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { LogStream, type LogConnection } from '../../api/live-log.js';
import type { TrialDetail } from '../../api/types.js';
import { Empty, Panel } from '../../components/panel.js';
import { Announcer } from '../../state/announcer.js';
import { CLOCK } from '../../state/clock.js';
import { download } from '../../text/download.js';
import { duration } from '../../text/format.js';
import { endedSince, fileText, NO_LINES } from '../../text/log-text.js';
import { sectionsOf, withAttempt, withHeardText, type HeardLogs } from './heard-logs.js';
import { LogLines } from './log-lines.js';

export function Log({ detail }: { readonly detail: TrialDetail }): JSX.Element {
  const { sweep, trial } = detail;
  const isOpen = ['queued', 'running', 'paused'].includes(trial.state);
  const isPaused = useSignal(false);
  const { heard, state, said } = useLiveLog(detail, isOpen && !isPaused.value);
  const sections = useMemo(() => sectionsOf(detail, heard.value), [detail, heard.value]);
  const hasLines = sections.some(({ log }) => log.lines.length > 0);
  const save = (): void => download(`${sweep.name}-trial-${trial.number}.log`, sections.map(({ heading, note, log }) => `# ${heading}${note === '' ? '' : ` (${note})`}\n${fileText(log)}`).join('\n'), 'text/plain');
  return (
    <Panel
      title="Log"
      tools={
        <>
          <span class="small muted" role="status">
            {isOpen ? stateText(isPaused.value, state.value) : ''}
          </span>
          {isOpen && (
            <button type="button" onClick={() => (isPaused.value = !isPaused.value)}>
              {isPaused.value ? 'Follow' : 'Pause'}
            </button>
          )}
          {hasLines && (
            <button type="button" onClick={save}>
              Download
            </button>
          )}
        </>
      }
    >
      {/* There before anything is said: what a status begins with is spoken by none. */}
      <p class="hidden" role="status" aria-label="New lines">
        {said.value}
      </p>
      {sections.length === 0 ? <Empty>{isOpen ? 'Nothing of this trial runs now: what is printed shows here once it does.' : 'None of its attempts has printed anything.'}</Empty> : <LogLines sections={sections} />}
    </Panel>
  );
}

interface LiveLog {
  readonly heard: Signal<HeardLogs>;
  readonly state: Signal<LogConnection>;
  /** What is said aloud of what came. */
  readonly said: Signal<string>;
}

/** Follows it while `follows`; what was heard stays. */
function useLiveLog(detail: TrialDetail, follows: boolean): LiveLog {
  const heard = useSignal<HeardLogs>(new Map());
  const state = useSignal<LogConnection>({ state: 'connecting' });
  const said = useSignal('');
  const position = useRef('');
  /** How often the trial was tried anew under the eyes of this page. */
  const retries = useSignal(0);
  useEffect(() => {
    // It was over, and is read since as one that runs: somebody has retried it.
    if (follows && state.peek().state === 'over') retries.value += 1;
  }, [detail]);
  useEffect(() => {
    if (!follows) return undefined;
    state.value = { state: 'connecting' };
    const announcer = new Announcer((text) => (said.value = text), CLOCK);
    const stream = new LogStream(detail.trial.id, position.current, {
      attempt: (told) => (heard.value = withAttempt(heard.peek(), told)),
      text: (text) => {
        const before = heard.peek().get(text.attempt)?.log ?? NO_LINES;
        heard.value = withHeardText(heard.peek(), text);
        announcer.came(endedSince(before, heard.peek().get(text.attempt)?.log ?? NO_LINES).map(({ raw }) => raw));
      },
      state: (now) => (state.value = now),
    });
    return () => {
      position.current = stream.position;
      stream.close();
      announcer.stop();
    };
  }, [detail.trial.id, follows, retries.value]);
  return { heard, state, said };
}

function stateText(isPaused: boolean, connection: LogConnection): string {
  if (isPaused) return 'Paused';
  switch (connection.state) {
    case 'live':
      return 'Live';
    case 'cut':
      return 'Cut off, connecting again';
    case 'refused':
      return `Refused: ${connection.error.message}. The page asks again after ${duration(connection.againMs)}.`;
    case 'over':
      return '';
    default:
      return 'Connecting';
  }
}
