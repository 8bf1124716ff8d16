/** Spans of axes as fields: what a drag along an axis does, without a pointer. */
import type { JSX } from 'preact';
import { DraftInput } from '../../components/draft-input.js';
import { Menu } from '../../components/menu.js';
import type { Dimension } from './dimension.js';
import { MOST_CATEGORIES, wholeSpan, type Span } from './spans.js';

interface SpanFormProps {
  readonly axes: readonly Dimension[];
  readonly spans: readonly Span[];
  readonly onChange: (spans: readonly Span[]) => void;
}

export function SpanForm({ axes, spans, onChange }: SpanFormProps): JSX.Element {
  const unused = axes.filter(({ name }) => !spans.some((span) => span.name === name));
  return (
    <div class="toolbar spaced">
      {spans.map((span) => {
        const axis = axes.find(({ name }) => name === span.name);
        const change = (next: Span): void => onChange(spans.map((each) => (each === span ? next : each)));
        return (
          <span class="chip" key={span.name}>
            {span.name.slice(0, 60)}
            {/* It holds nobody back now, and would again. */}
            {axis === undefined ? <span class="muted">no such axis now</span> : 'categories' in span ? <Categories axis={axis} span={span} onChange={change} /> : <Ends span={span} onChange={change} />}
            <button type="button" class="plain" aria-label={`Take away the span of ${span.name}`} onClick={() => onChange(spans.filter((each) => each !== span))}>
              ×
            </button>
          </span>
        );
      })}
      {unused.length > 0 && (
        <select
          aria-label="Add a span"
          value=""
          onChange={(event) => {
            const axis = unused.find(({ name }) => name === event.currentTarget.value);
            if (axis !== undefined) onChange([...spans, wholeSpan(axis)]);
          }}
        >
          <option value="">Add a span…</option>
          {unused.map(({ name }) => (
            <option key={name} value={name}>
              {name.slice(0, 80)}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

function Ends({ span, onChange }: { readonly span: Extract<Span, { readonly from: number }>; readonly onChange: (span: Span) => void }): JSX.Element {
  return (
    <>
      {([['from', 'at least'], ['to', 'at most']] as const).map(([end, label]) => (
        <DraftInput
          key={end}
          kind="number"
          aria-label={`${span.name} ${label}`}
          value={span[end]}
          onCommit={(text) => {
            if (text.trim() !== '' && Number.isFinite(Number(text))) onChange({ ...span, [end]: Number(text) });
          }}
        />
      ))}
    </>
  );
}

function Categories({ axis, span, onChange }: { readonly axis: Dimension; readonly span: Extract<Span, { readonly categories: readonly string[] }>; readonly onChange: (span: Span) => void }): JSX.Element {
  const all = axis.categories ?? [];
  const isFull = span.categories.length >= MOST_CATEGORIES;
  return (
    <Menu label={`${span.categories.length} of ${all.length}`} stays>
      {all.length > MOST_CATEGORIES && <p class="small muted">A span holds {MOST_CATEGORIES} of them at most.</p>}
      {all.map((text) => (
        <label key={text}>
          <input
            type="checkbox"
            checked={span.categories.includes(text)}
            disabled={isFull && !span.categories.includes(text)}
            onChange={(event) => {
              const isKept = event.currentTarget.checked;
              onChange({ ...span, categories: all.filter((each) => (each === text ? isKept : span.categories.includes(each))) });
            }}
          />
          {text.slice(0, 80)}
        </label>
      ))}
    </Menu>
  );
}
