/** Which workers a sweep may use. Pure. */

/** Of a sweep: absent parts choose nothing. */
export interface WorkerSelector {
  readonly pool?: string;
  /** Each must stand on the worker with this value. */
  readonly labels?: { readonly [key: string]: string };
}

export interface SelectedBox {
  readonly pool: string | null;
  readonly labels: { readonly [key: string]: string };
}

export function isSelected({ pool, labels = {} }: WorkerSelector, box: SelectedBox): boolean {
  return (pool === undefined || box.pool === pool) && Object.entries(labels).every(([key, value]) => Object.hasOwn(box.labels, key) && box.labels[key] === value);
}

/** E.g. `pool gpu, zone=a`. */
export function selectorText({ pool, labels = {} }: WorkerSelector): string {
  return [...(pool === undefined ? [] : [`pool ${pool}`]), ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)].join(', ');
}
