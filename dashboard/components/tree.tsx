/**
 * A tree as keyboards and screen readers know it (WAI-ARIA Authoring Practices, Tree View): the tree has the
 * focus, one of its items is the active one, and arrow keys move along what is in sight. Links of the active item are
 * reached by Tab: they take the focus where they say so themselves (tabIndex 0 while it is active).
 */
import { useSignal, type Signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useRef } from 'preact/hooks';

export interface TreeProps {
  readonly label: string;
  readonly children: (active: Signal<string | null>) => ComponentChildren;
}

export function Tree({ label, children }: TreeProps): JSX.Element {
  const tree = useRef<HTMLUListElement>(null);
  const active = useSignal<string | null>(null);
  /** Its place among all items, for when it is there no more: what was read has taken the place of `Loading`. */
  const activeAt = useRef(0);
  const onKeyDown = (event: KeyboardEvent): void => {
    const { current } = tree;
    if (current === null || event.target !== current || event.altKey || event.ctrlKey || event.metaKey) return;
    const items = [...current.querySelectorAll<HTMLElement>('[role="treeitem"]')];
    const item = items.find(({ id }) => id === active.value) ?? items[Math.min(activeAt.current, items.length - 1)];
    if (item === undefined) return;
    const next = moved(event.key, item, items);
    if (next === undefined) return;
    event.preventDefault();
    active.value = next.id;
    activeAt.current = items.indexOf(next);
    // By keys alone: what moves under a pressed mouse takes no click.
    next.scrollIntoView({ block: 'nearest' });
  };
  return (
    <ul
      ref={tree}
      role="tree"
      class="tree"
      aria-label={label}
      tabIndex={0}
      {...(active.value === null ? {} : { 'aria-activedescendant': active.value })}
      onFocus={() => (active.value ??= tree.current?.querySelector('[role="treeitem"]')?.id ?? null)}
      onKeyDown={onKeyDown}
    >
      {children(active)}
    </ul>
  );
}

/** The item that is active after a key, be it the same; undefined for a key that means nothing to a tree. */
function moved(key: string, item: HTMLElement, items: readonly HTMLElement[]): HTMLElement | undefined {
  const index = items.indexOf(item);
  const expanded = item.getAttribute('aria-expanded');
  switch (key) {
    case 'ArrowDown':
      return items[index + 1] ?? item;
    case 'ArrowUp':
      return items[index - 1] ?? item;
    case 'Home':
      return items[0];
    case 'End':
      return items.at(-1);
    case 'ArrowRight':
      if (expanded === 'false') activate(item);
      return expanded === 'true' ? (items[index + 1] ?? item) : item;
    case 'ArrowLeft':
      if (expanded === 'true') {
        activate(item);
        return item;
      }
      return items.slice(0, index).findLast((other) => levelOf(other) < levelOf(item)) ?? item;
    case 'Enter':
    case ' ':
      activate(item);
      return item;
    default:
      return undefined;
  }
}

function levelOf(item: HTMLElement): number {
  return Number(item.getAttribute('aria-level'));
}

/** What a click on its line does; of one that does not open, what its first link does. */
function activate(item: HTMLElement): void {
  const target = item.hasAttribute('aria-expanded') ? item : (item.querySelector('a') ?? item);
  target.click();
}

export interface TreeItemProps {
  /** Of its element. */
  readonly id: string;
  /** From 1. */
  readonly level: number;
  /** Its place among its siblings, from 1, and how many there are; absent for what is none of them. */
  readonly place?: number;
  readonly of?: number;
  /** Null where nothing is below it. */
  readonly isOpen: boolean | null;
  readonly active: Signal<string | null>;
  readonly onClick?: () => void;
  /** Its name, too. */
  readonly line: ComponentChildren;
  /** What is below it, where it is open: items of the next level. */
  readonly children?: ComponentChildren;
}

/** Items are all children of the tree, so that what is below one is no part of its name. */
export function TreeItem({ id, level, place, of, isOpen, active, onClick, line, children }: TreeItemProps): JSX.Element {
  return (
    <>
      <li
        role="treeitem"
        id={id}
        aria-level={level}
        {...(place === undefined || of === undefined ? {} : { 'aria-posinset': place, 'aria-setsize': of })}
        {...(isOpen === null ? {} : { 'aria-expanded': isOpen })}
        class={active.value === id ? 'active' : ''}
        style={{ '--level': level - 1 }}
        onClick={(event) => {
          active.value = id;
          // A link in the line goes its own way.
          if (event.target instanceof Element && event.target.closest('a') === null) onClick?.();
        }}
      >
        <span class="twisty" aria-hidden="true">
          {isOpen === null ? '' : isOpen ? '▾' : '▸'}
        </span>
        {line}
      </li>
      {isOpen === true && children}
    </>
  );
}
