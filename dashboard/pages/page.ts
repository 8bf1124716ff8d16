export interface PageProps {
  /** What its path names, e.g. the sweep. */
  readonly params: { readonly [name: string]: string };
}
