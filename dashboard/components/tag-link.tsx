/** A tag of a sweep, which leads to all sweeps that have it. */
import type { JSX } from 'preact';

export function TagLink({ tag }: { readonly tag: string }): JSX.Element {
  return (
    <a href={`/sweeps?tag=${encodeURIComponent(tag)}`}>
      <bdi>{tag}</bdi>
    </a>
  );
}
