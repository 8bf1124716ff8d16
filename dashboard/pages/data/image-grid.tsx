/** The images of a data set, a page at a time: each as it is, beside what the networks of a sweep see of it. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import { packedImage, seenImage } from '../../api/images.js';
import type { Answers, DataImage, DataLook, DataSetDetail, Part } from '../../api/types.js';
import { Choice } from '../../components/choice.js';
import { Empty, Panel, Shown } from '../../components/panel.js';
import { RemoteImage } from '../../components/remote-image.js';
import { hrefWith, place, setQuery } from '../../state/location.js';
import { useResource } from '../../state/resource.js';
import { count, isolated, shortened, whole } from '../../text/format.js';

const PAGE = 24;
const ALL = 'all';
const PARTS: readonly Part[] = ['train', 'val', 'test'];
/** Of the longer side, in px. */
const ORIGINAL_PX = 256;

interface Seen {
  readonly look: DataLook;
  readonly size: number;
}

interface View {
  readonly part: Part | null;
  readonly label: number | null;
  readonly search: string;
  readonly from: number;
  /** Null where no sweep says an imageSize. */
  readonly seen: Seen | null;
}

/** As the URL says; what means nothing is left out. */
function viewOf({ set, looks }: DataSetDetail, query: URLSearchParams): View {
  const label = set.classes.indexOf(query.get('class') ?? '');
  const from = Number(query.get('from') ?? 0);
  const look = looks.find(({ sweep }) => sweep === query.get('sweep')) ?? looks[0];
  const size = look?.sizes.find((each) => String(each) === query.get('size')) ?? look?.sizes[0];
  return {
    part: PARTS.find((part) => part === query.get('part')) ?? null,
    label: label < 0 ? null : label,
    search: query.get('search') ?? '',
    from: Number.isSafeInteger(from) && from > 0 ? from - (from % PAGE) : 0,
    seen: look === undefined || size === undefined ? null : { look, size },
  };
}

export function ImageGrid({ detail }: { readonly detail: DataSetDetail }): JSX.Element {
  const { set } = detail;
  const view = viewOf(detail, place.value.query);
  const { part, label, search, from } = view;
  const { resource, reload } = useResource(`images ${set.id} ${part ?? ''} ${label ?? ''} ${from} ${search}`, (signal) => ask('GET /datasets/:dataset/images', { at: { dataset: set.id }, query: { from, limit: PAGE, part, label, search: search.slice(0, 1_000) }, signal }));
  return (
    <Panel title="Images" tools={<Filters detail={detail} view={view} />}>
      <Shown what="the images" of={resource} retry={reload}>
        {(found) => <Page found={found} detail={detail} view={view} />}
      </Shown>
    </Panel>
  );
}

interface FiltersProps {
  readonly detail: DataSetDetail;
  readonly view: View;
}

function Filters({ detail: { set, looks }, view: { part, label, search, seen } }: FiltersProps): JSX.Element {
  const choose = (changes: { readonly [name: string]: string | null }): void => setQuery({ ...changes, from: null });
  return (
    <>
      <Choice label="Part" value={part ?? ALL} options={[ALL, ...PARTS]} onChange={(value) => choose({ part: value === ALL ? null : value })} />
      <Choice label="Class" value={label === null ? ALL : (set.classes[label] ?? ALL)} options={[ALL, ...set.classes.filter((name) => name !== ALL)]} onChange={(value) => choose({ class: value === ALL ? null : value })} />
      <input type="search" aria-label="Search file names" placeholder="Search file names" value={search} onInput={(event) => setQuery({ search: event.currentTarget.value, from: null }, { replace: true })} />
      {seen !== null && looks.length > 1 && <Choice label="As seen by" value={seen.look.sweep} options={looks.map(({ sweep }) => sweep)} onChange={(sweep) => setQuery({ sweep, size: null })} />}
      {seen !== null && <Choice label="imageSize" value={String(seen.size)} options={seen.look.sizes.map(String)} onChange={(size) => setQuery({ size })} />}
    </>
  );
}

interface PageProps extends FiltersProps {
  readonly found: Answers['GET /datasets/:dataset/images'];
}

function Page({ found: { total, images }, detail: { set }, view }: PageProps): JSX.Element {
  const { from, seen } = view;
  if (images.length === 0) return <Empty>{set.images === 0 ? 'It has no images.' : total === 0 ? 'No image is of that part and class with such a name.' : <a href={hrefWith({ from: null })}>There are only {whole(total)}: back to the first</a>}</Empty>;
  return (
    <>
      <p class="small muted" role="status">
        {whole(from + 1)} to {whole(from + images.length)} of {count(total, 'image')}
        {seen === null ? '' : `; left as packed, right as the networks of ${isolated(shortened(seen.look.sweep, 60))} see it: ${seen.size} × ${seen.size} px, ${seen.look.channels === 1 ? 'gray' : 'rgb'}, resize ${seen.look.resize}${seen.look.crop === null ? '' : seen.look.crop === 'box' ? ', cropped to a box' : ', cropped to its mask'}`}
      </p>
      <ul class="images">
        {images.map((image) => (
          <Tile key={`${image.index} ${seen?.look.sweep ?? ''} ${seen?.size ?? ''}`} set={set.id} image={image} name={set.classes[image.label] ?? ''} seen={seen} />
        ))}
      </ul>
      <nav class="toolbar" aria-label="Pages of images">
        {from > 0 && (
          <a class="button" href={hrefWith({ from: from > PAGE ? String(from - PAGE) : null })}>
            Previous
          </a>
        )}
        {from + images.length < total && (
          <a class="button" href={hrefWith({ from: String(from + PAGE) })}>
            Next
          </a>
        )}
      </nav>
    </>
  );
}

interface TileProps {
  readonly set: string;
  readonly image: DataImage;
  /** Of its class. */
  readonly name: string;
  readonly seen: Seen | null;
}

function Tile({ set, image, name, seen }: TileProps): JSX.Element {
  const file = image.name.split('/').at(-1) ?? image.name;
  return (
    <li class="image-tile">
      <div class="image-pair">
        <RemoteImage path={packedImage(set, image.index, ORIGINAL_PX)} alt={`${isolated(shortened(file))}, as packed`} />
        {seen !== null && <RemoteImage path={seenImage(set, image.index, { sweep: seen.look.sweep, size: seen.size })} alt={`${isolated(shortened(file))}, as networks see it`} pixelated />}
      </div>
      <div class="image-name" dir="auto" title={image.name.slice(0, 1_000)}>
        {shortened(file, 60)}
      </div>
      <div class="small muted">
        <bdi title={name.slice(0, 1_000)}>{shortened(name, 40)}</bdi>, {image.part}, #{image.index}
      </div>
    </li>
  );
}
