/** The images that the model is most wrong about, and those that it is least sure of, as the network sees them. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { PredictionsView, TrialDetail } from '../../api/types.js';
import { Empty, Panel } from '../../components/panel.js';
import { SeenImage } from '../../components/seen-image.js';
import { place, setQuery } from '../../state/location.js';
import { metric, whole } from '../../text/format.js';

const SHOWN = 24;

const ORDERS = [
  { name: 'worst', label: 'Most wrong' },
  { name: 'uncertain', label: 'Least certain' },
] as const;

interface Said {
  readonly index: number;
  readonly name: string;
  readonly truth: string;
  readonly predicted: string;
  /** Of the predicted class. */
  readonly probability: number;
  readonly isRight: boolean;
  /** Of the true class. */
  readonly ofTruth: number;
  /** To the second most probable class. */
  readonly margin: number;
}

export interface GalleryProps {
  readonly detail: TrialDetail;
  readonly predictions: PredictionsView;
}

export function Gallery({ detail, predictions }: GalleryProps): JSX.Element {
  const order = ORDERS.find(({ name }) => name === place.value.query.get('images')) ?? ORDERS[0];
  const said = useMemo(() => allSaid(predictions), [predictions]);
  const chosen = order.name === 'worst' ? said.filter(({ isRight }) => !isRight).sort((a, b) => a.ofTruth - b.ofTruth) : said.toSorted((a, b) => a.margin - b.margin);
  const tools = (
    <label class="choice">
      Images
      <select value={order.name} onChange={(event) => setQuery({ images: event.currentTarget.value }, { replace: true })}>
        {ORDERS.map(({ name, label }) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Panel title="What the network sees" tools={tools}>
      {chosen.length === 0 ? (
        <Empty>{whole(said.length)} validation images, and every one is predicted right.</Empty>
      ) : (
        <div class="stack">
          <p class="muted small">
            {order.name === 'worst' ? `${whole(chosen.length)} of ${whole(said.length)} validation images are predicted wrong; the first are those whose true class it holds for least probable.` : 'The first are those whose two most probable classes are closest together.'}
          </p>
          <ul class="gallery">
            {chosen.slice(0, SHOWN).map(({ index, name, truth, predicted, probability, isRight }) => (
              <li key={index}>
                <SeenImage detail={detail} index={index} alt={`${name.slice(0, 200)}: is ${truth}, predicted ${predicted}`} />
                <p class="said" title={name.slice(0, 1_000)}>
                  <span dir="auto">is {truth.slice(0, 100)}</span>
                  <span dir="auto" class={isRight ? 'muted' : ''}>
                    {isRight ? '' : '✗ '}predicted {predicted.slice(0, 100)} ({metric(probability)})
                  </span>
                </p>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Panel>
  );
}

function allSaid({ classes, images, probabilities }: PredictionsView): Said[] {
  return images.map(({ index, name, label }, place) => {
    const own = probabilities.slice(place * classes.length, (place + 1) * classes.length);
    const [first = 0, second = 0] = own.toSorted((a, b) => b - a);
    const predicted = own.indexOf(first);
    return { index, name, truth: classes[label] ?? '', predicted: classes[predicted] ?? '', probability: first, isRight: predicted === label, ofTruth: own[label] ?? 0, margin: first - second };
  });
}
