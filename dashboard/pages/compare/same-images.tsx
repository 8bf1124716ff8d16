/** The validation images that the trials say different classes of: each image, and what each trial says. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { PredictionsView, TrialDetail } from '../../api/types.js';
import { Empty, Panel, Shown } from '../../components/panel.js';
import { SeenImage } from '../../components/seen-image.js';
import { useResource } from '../../state/resource.js';
import { metric, whole } from '../../text/format.js';
import { labelOf } from './label.js';

const SHOWN = 24;

export function SameImages({ details }: { readonly details: readonly TrialDetail[] }): JSX.Element {
  const able = details.filter(({ trial, plan }) => 'input' in plan.trajectory && trial.bestEpoch !== null);
  const data = new Set(able.map(({ sweep }) => sweep.data?.digest));
  const title = 'The same images';
  if (able.length < 2) return <Panel title={title}><Empty>Two trials on images that have completed are compared image by image.</Empty></Panel>;
  if (data.size > 1) return <Panel title={title}><Empty>These trials were validated on different images.</Empty></Panel>;
  return <Panel title={title}><Compared details={able} all={details} /></Panel>;
}

interface Seen {
  readonly index: number;
  readonly name: string;
  readonly truth: string;
  readonly said: readonly { readonly class: string; readonly probability: number; readonly isRight: boolean }[];
  /** Largest difference between what two trials hold its true class for. */
  readonly spread: number;
}

function Compared({ details, all }: { readonly details: readonly TrialDetail[]; readonly all: readonly TrialDetail[] }): JSX.Element {
  const [first] = details;
  const ids = details.map(({ trial }) => trial.id);
  const { resource, reload } = useResource(`same ${ids.join(',')}`, async (signal) => {
    const views = await Promise.all(ids.map((trial) => ask('GET /trials/:trial/predictions', { at: { trial }, query: { part: 'val' }, signal })));
    const differing = seenBy(views).filter(({ said }) => new Set(said.map((each) => each.class)).size > 1).sort((a, b) => b.spread - a.spread);
    const shown = differing.slice(0, SHOWN);
    return { of: views[0]?.images.length ?? 0, differing: differing.length, shown };
  });
  return (
    <Shown what="the predictions" of={resource} retry={reload}>
      {({ of, differing, shown }) =>
        shown.length === 0 ? (
          <Empty>They say the same of all {whole(of)} validation images.</Empty>
        ) : (
          <div class="stack">
            <p class="muted small">
              They differ about {whole(differing)} of {whole(of)} validation images; the first are those that they differ most about. ✓ is right, ✗ is wrong.
            </p>
            <ul class="gallery">
              {shown.map(({ index, name, truth, said }) => (
                <li key={index}>
                  {first !== undefined && <SeenImage detail={first} index={index} alt={`${name.slice(0, 200)}: is ${truth}`} />}
                  <p class="said" title={name.slice(0, 1_000)}>
                    <span dir="auto">is {truth.slice(0, 100)}</span>
                    {said.map((each, place) => {
                      const detail = details[place];
                      return (
                        <span key={place} dir="auto">
                          {each.isRight ? '✓' : '✗'} {detail === undefined ? '' : labelOf(detail, all)}: {each.class.slice(0, 100)} ({metric(each.probability)})
                        </span>
                      );
                    })}
                  </p>
                </li>
              ))}
            </ul>
          </div>
        )
      }
    </Shown>
  );
}

/** Of the same data set, so that places are the same images in all. */
function seenBy(views: readonly PredictionsView[]): Seen[] {
  const [first] = views;
  if (first === undefined) return [];
  const { classes } = first;
  return first.images.map(({ index, name, label }, place) => {
    const own = views.map(({ probabilities }) => probabilities.slice(place * classes.length, (place + 1) * classes.length));
    const ofTruth = own.map((each) => each[label] ?? 0);
    return {
      ...{ index, name, truth: classes[label] ?? '' },
      said: own.map((each) => {
        const probability = Math.max(...each);
        const predicted = each.indexOf(probability);
        return { class: classes[predicted] ?? '', probability, isRight: predicted === label };
      }),
      spread: Math.max(...ofTruth) - Math.min(...ofTruth),
    };
  });
}
