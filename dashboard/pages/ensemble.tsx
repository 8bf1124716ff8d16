/** The ensemble of a sweep: who is in it, what it is worth against its members, and what it says of an image. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { asApiError, type ApiError } from '../api/api-error.js';
import { ask, fetchFile, segment } from '../api/client.js';
import type { EnsembleComparison } from '../api/types.js';
import { ConfusionPanel } from '../components/confusion.js';
import { Matrix, MatrixExport } from '../components/matrix.js';
import { usePageTitle } from '../components/page-title.js';
import { Failed, Panel, Shown } from '../components/panel.js';
import { place } from '../state/location.js';
import { useResource } from '../state/resource.js';
import { download } from '../text/download.js';
import { Members } from './ensemble/members.js';
import { RocOverlay, SizeAgainstScore } from './ensemble/charts.js';
import { TryImage } from './ensemble/try-image.js';
import type { PageProps } from './page.js';
import '../styles/models.css';

/** Disagreement of more members has a row of its own. */
const MOST_BESIDE = 8;

export function EnsemblePage({ params }: PageProps): JSX.Element {
  const sweep = params.sweep ?? '';
  usePageTitle(`Ensemble of ${sweep}`);
  const of = place.value.query.get('class');
  const { resource, reload } = useResource(`ensemble ${sweep} ${of ?? ''}`, (signal) => ask('GET /sweeps/:sweep/ensemble/comparison', { at: { sweep }, query: { class: of }, signal }));
  return (
    <>
      <div class="page-head">
        <h1>
          Ensemble of <a href={`/sweeps/${segment(sweep)}`} dir="auto">{sweep.slice(0, 300)}</a>
        </h1>
        {resource.value.state === 'ready' && <DownloadBundle sweep={sweep} />}
      </div>
      <Shown what="the ensemble" of={resource} retry={reload}>
        {(comparison) => <Ensemble sweep={sweep} comparison={comparison} />}
      </Shown>
    </>
  );
}

function Ensemble({ sweep, comparison }: { readonly sweep: string; readonly comparison: EnsembleComparison }): JSX.Element {
  const { ensemble, disagreement } = comparison;
  // Short, so that many stand side by side.
  const short = ensemble.members.map(({ number }) => `#${number}`);
  const names = ensemble.members.map(({ number }) => `trial ${number}`);
  const file = `${ensemble.sweep.name}-ensemble`;
  return (
    <>
      <Members comparison={comparison} file={file} />
      <div class="grid">
        <RocOverlay comparison={comparison} file={file} />
        <SizeAgainstScore comparison={comparison} file={file} />
        <Panel title="Disagreement" wide={names.length > MOST_BESIDE} tools={<MatrixExport rows={names} columns={names} values={disagreement} file={`${file}-disagreement`} />}>
          <div class="stack">
            <p class="muted small">Share of the validation images of which two members say different classes. Members that disagree mend each other's mistakes.</p>
            <Matrix caption="Disagreement of members" rowsAre="trial" columnsAre="trial" rows={short} columns={short} values={disagreement} most={Math.max(...disagreement.flat(), 0)} show={(value) => `${(value * 100).toFixed(1)} %`} />
          </div>
        </Panel>
        {ensemble.val.confusion !== null && <ConfusionPanel title="Confusion of the ensemble on validation" classes={ensemble.sweep.data?.classes ?? []} confusion={ensemble.val.confusion} file={`${file}-confusion`} />}
      </div>
      <TryImage sweep={sweep} />
    </>
  );
}

function DownloadBundle({ sweep }: { readonly sweep: string }): JSX.Element {
  const isBusy = useSignal(false);
  const failure = useSignal<ApiError | null>(null);
  const fetchBundle = async (): Promise<void> => {
    isBusy.value = true;
    failure.value = null;
    try {
      download(`${sweep}-bundle.tar`, await fetchFile(`/sweeps/${segment(sweep)}/ensemble/bundle`), 'application/x-tar');
    } catch (error) {
      failure.value = asApiError(error);
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <div class="actions">
      <button type="button" onClick={() => void fetchBundle()} disabled={isBusy.value} title="The folder that `trawl pull` writes, as a tar file; up to a few validation images are in it, so that a machine can check itself">
        {isBusy.value ? 'Making the bundle' : 'Download bundle'}
      </button>
      {failure.value !== null && <Failed error={failure.value} />}
    </div>
  );
}
