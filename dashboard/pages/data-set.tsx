/** One data set: its classes, its health, and its images as they are and as networks see them. */
import type { JSX } from 'preact';
import { ask, segment } from '../api/client.js';
import type { DataSetDetail } from '../api/types.js';
import { Fact } from '../components/fact.js';
import { usePageTitle } from '../components/page-title.js';
import { Panel, Shown } from '../components/panel.js';
import { useResource } from '../state/resource.js';
import { count, isolated, shortened, whole } from '../text/format.js';
import { ClassBalance } from './data/class-balance.js';
import { Health } from './data/health.js';
import { ImageGrid } from './data/image-grid.js';
import { Sizes } from './data/sizes.js';
import type { PageProps } from './page.js';

export function DataSetPage({ params }: PageProps): JSX.Element {
  const set = params.set ?? '';
  usePageTitle(`Data set ${set.slice(0, 12)}`);
  const { resource, reload } = useResource(`dataset ${set}`, (signal) => ask('GET /datasets/:dataset', { at: { dataset: set }, signal }));
  return (
    <Shown what="the data set" of={resource} retry={reload}>
      {(detail) => (
        <>
          <div class="page-head">
            <h1>
              Data set <span class="mono">{detail.set.id.slice(0, 12)}</span>
            </h1>
          </div>
          <Facts detail={detail} />
          <Panel title="Class balance">
            <ClassBalance set={detail.set} />
          </Panel>
          <ImageGrid detail={detail} />
          <div class="grid">
            <Sizes set={detail.set.id} />
            <Health detail={detail} />
          </div>
        </>
      )}
    </Shown>
  );
}

function Facts({ detail: { set } }: { readonly detail: DataSetDetail }): JSX.Element {
  const total = (part: keyof typeof set.counts): number => set.counts[part].reduce((sum, images) => sum + images, 0);
  const shown = set.sweeps.slice(0, 5);
  return (
    <Panel title="Overview">
      <dl class="facts">
        <Fact name="Images" value={whole(set.images)} more={`${whole(total('train'))} train, ${whole(total('val'))} val, ${whole(total('test'))} test`} />
        <Fact name="Classes" value={whole(set.classes.length)} more={`positive: ${isolated(shortened(set.positive, 60))}`} />
        <Fact name="Rejected files" value={whole(set.rejected)} more={count(set.warnings.length, 'warning')} />
        <div>
          <dt>Sweeps</dt>
          <dd>
            <ul class="plain-list">
              {shown.map((name) => (
                <li key={name}>
                  <a dir="auto" href={`/sweeps/${segment(name)}`} title={name.slice(0, 1_000)}>
                    {shortened(name)}
                  </a>
                </li>
              ))}
            </ul>
            <span class="small">{set.sweeps.length > shown.length ? `and ${set.sweeps.length - shown.length} more` : ''}</span>
          </dd>
        </div>
      </dl>
    </Panel>
  );
}
