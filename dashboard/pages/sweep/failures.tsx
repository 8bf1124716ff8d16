/** Trials that failed, by the class of their failure, with the end of what the last one's process said. */
import type { JSX } from 'preact';
import { ask, segment } from '../../api/client.js';
import type { Answers, SweepView } from '../../api/types.js';
import { Empty, Shown } from '../../components/panel.js';
import { useResource } from '../../state/resource.js';
import { count } from '../../text/format.js';
import { shownLog } from '../../text/log-text.js';

type Group = Answers['GET /sweeps/:sweep/failures']['groups'][number];

export function Failures({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const { resource, reload } = useResource(`failures ${sweep.id}`, (signal) => ask('GET /sweeps/:sweep/failures', { at: { sweep: sweep.id }, signal }), { live: sweep.id });
  return (
    <Shown what="the failures" of={resource} retry={reload}>
      {({ groups }) => (groups.length === 0 ? <Empty>No trial has failed.</Empty> : groups.map((group) => <FailureGroup key={group.class} sweep={sweep.name} group={group} />))}
    </Shown>
  );
}

function TrialLink({ sweep, number }: { readonly sweep: string; readonly number: number }): JSX.Element {
  return <a href={`/trials/${segment(`${sweep}/${number}`)}`}>#{number}</a>;
}

function FailureGroup({ sweep, group: { class: name, count: trials, example, log, numbers } }: { readonly sweep: string; readonly group: Group }): JSX.Element {
  return (
    <section class="failures">
      <h3>
        {name}: {count(trials, 'trial')}
      </h3>
      <p>
        <span class="mono">
          <TrialLink sweep={sweep} number={example.number} />
        </span>
        , the last: <span dir="auto">{example.message.slice(0, 1_000)}</span>
      </p>
      {log === '' ? <p class="small muted">Its process said nothing.</p> : <pre class="log" tabIndex={0} aria-label={`End of the log of trial ${example.number}`}>{shownLog(log)}</pre>}
      <details>
        <summary>Trials</summary>
        <p class="mono small">
          {numbers.map((number) => (
            <span key={number}>
              <TrialLink sweep={sweep} number={number} />{' '}
            </span>
          ))}
          {numbers.length < trials ? ' …' : ''}
        </p>
        <p class="small muted">
          To try them again: <code>trawl retry {sweep.slice(0, 100)}</code>, or <em>Retry failed trials</em> under <em>Change</em>.
        </p>
      </details>
    </section>
  );
}
