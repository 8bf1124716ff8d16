/** A button that opens a short list; closes on a choice, on Escape and when the viewer turns elsewhere. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface MenuProps {
  readonly label: string;
  /** Whether a click inside leaves it open: for lists of checkboxes. */
  readonly stays?: boolean;
  readonly children: ComponentChildren;
}

export function Menu({ label, stays = false, children }: MenuProps): JSX.Element {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event): void => {
      const { current } = menu;
      if (current === null || !current.open) return;
      const isInside = event.target instanceof Node && current.contains(event.target);
      const isEscape = event instanceof KeyboardEvent && event.key === 'Escape';
      if (event instanceof KeyboardEvent ? !isEscape : isInside) return;
      current.open = false;
      if (isEscape) current.querySelector('summary')?.focus();
    };
    document.addEventListener('pointerdown', close);
    document.addEventListener('keydown', close);
    return () => {
      document.removeEventListener('pointerdown', close);
      document.removeEventListener('keydown', close);
    };
  }, []);
  return (
    <details class="menu" ref={menu}>
      <summary>{label}</summary>
      <div
        class="menu-list"
        onClick={() => {
          if (!stays && menu.current !== null) menu.current.open = false;
        }}
      >
        {children}
      </div>
    </details>
  );
}
